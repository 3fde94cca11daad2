package tracing_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/nova-api/nova-api/internal/tracing"
)

// A collector keeps the spans that it is sent, unless it is broken.
type collector struct {
	broken atomic.Bool
	spans  chan *tracepb.Span
}

// ServeHTTP takes spans.
func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var sent tracepb.TracesData
	if err != nil || c.broken.Load() || proto.Unmarshal(body, &sent) != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	for _, resource := range sent.ResourceSpans {
		for _, scope := range resource.ScopeSpans {
			for _, span := range scope.Spans {
				c.spans <- span
			}
		}
	}
}

func collect(t *testing.T) (*collector, string) {
	t.Helper()
	c := &collector{spans: make(chan *tracepb.Span, 100)}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	return c, server.URL
}

// traceparent is what a client sends that is in a trace which is recorded.
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// TestTracer goes on with a client's trace in one process and then in another, which
// knows only what the first one has written down.
func TestTracer(t *testing.T) {
	t.Parallel()
	c, url := collect(t)
	tracer := tracing.New(tracing.Options{Collector: tracing.Collector{URL: url}, Ratio: 0})
	ctx, request := tracer.Request(t.Context(), http.Header{"Traceparent": {traceparent}})
	parent := tracing.Parent(ctx)
	if !strings.HasPrefix(parent, traceparent[:35]) || strings.Contains(parent, "b7ad6b7169203331") {
		t.Errorf("the trace goes on as %s", parent)
	}
	if headers := tracing.Headers(ctx); headers["traceparent"] != parent {
		t.Errorf("other services are told %v", headers)
	}
	request.Rename("GET /")
	request.End(nil)
	ctx, action := tracer.Resume(t.Context(), parent, "action", tracing.Text("nova.server", ""), tracing.Number("nova.attempt", 1))
	_, step := tracing.Start(ctx, "step")
	step.End(errors.New("of no concern to the collector"))
	action.End(nil)
	if err := tracer.Close(t.Context()); err != nil {
		t.Error(err)
	}
	close(c.spans)
	told := map[string]string{}
	for span := range c.spans {
		told[span.Name] = span.Status.GetCode().String()
		for _, a := range span.Attributes {
			told[span.Name] += " " + a.Key
		}
	}
	want := map[string]string{"GET /": "STATUS_CODE_UNSET", "action": "STATUS_CODE_UNSET nova.attempt", "step": "STATUS_CODE_ERROR"}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Error(diff)
	}
}

// TestTracer_ratio records none of the traces that begin here if the share is none, but
// gives them names for others to go on with.
func TestTracer_ratio(t *testing.T) {
	t.Parallel()
	c, url := collect(t)
	tracer := tracing.New(tracing.Options{Collector: tracing.Collector{URL: url}, Ratio: 0})
	ctx, request := tracer.Request(t.Context(), http.Header{"Traceparent": {"00-broken"}})
	if parent := tracing.Parent(ctx); !strings.HasSuffix(parent, "-00") || request.Recording() {
		t.Errorf("the trace is %q", parent)
	}
	_, step := tracing.Start(ctx, "step")
	step.End(nil)
	request.End(nil)
	if err := tracer.Close(t.Context()); err != nil || len(c.spans) > 0 {
		t.Errorf("%v, %d spans", err, len(c.spans))
	}
}

// TestTracer_trouble tells of a collector that is away once, and once that it is back.
func TestTracer_trouble(t *testing.T) {
	t.Parallel()
	c, url := collect(t)
	c.broken.Store(true)
	trouble := make(chan error, 10)
	tracer := tracing.New(tracing.Options{Collector: tracing.Collector{URL: url, Trouble: func(err error) { trouble <- err }}, Ratio: 1})
	some := func() {
		for range 600 { // more than a batch, which is sent at once
			_, span := tracer.Request(t.Context(), nil)
			span.End(nil)
		}
	}
	some()
	if err := <-trouble; err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("told %v", err)
	}
	c.broken.Store(false)
	go func() {
		for range c.spans { // they are only to make room
			continue
		}
	}()
	some()
	if err := <-trouble; err != nil {
		t.Errorf("still told %v", err)
	}
	if err := tracer.Close(t.Context()); err != nil || len(trouble) > 0 {
		t.Errorf("%v, and told %d times more", err, len(trouble))
	}
}

// TestTracer_hangs ends in time although the collector doesn't answer.
func TestTracer_hangs(t *testing.T) {
	t.Parallel()
	end := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-end }))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(end) })
	tracer := tracing.New(tracing.Options{Collector: tracing.Collector{URL: server.URL}, Ratio: 1})
	_, span := tracer.Request(t.Context(), nil)
	span.End(nil)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := tracer.Close(ctx); err == nil {
		t.Error("the span is said to have been sent")
	}
}

// TestTracer_off costs nothing where there is no tracer.
func TestTracer_off(t *testing.T) {
	var tracer *tracing.Tracer
	header := http.Header{"Traceparent": {traceparent}}
	allocations := testing.AllocsPerRun(100, func() {
		ctx, request := tracer.Request(t.Context(), header)
		ctx, action := tracer.Resume(ctx, traceparent, "action")
		within, step := tracing.Start(ctx, "step")
		if tracing.Parent(within) != "" || tracing.Headers(within) != nil || step.Recording() {
			t.Error("there is a trace")
		}
		step.End(nil)
		action.End(nil)
		request.End(nil)
	})
	if allocations > 0 {
		t.Errorf("%v allocations", allocations)
	}
	if err := tracer.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
