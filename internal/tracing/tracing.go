// Package tracing follows a request through the processes of a cloud: from the API to
// the worker that carries out the action, to its driver and to other services. What
// takes how long is sent to a collector by OTLP.
//
// Only where a trace begins is a Tracer needed. From there on it is in the context, and
// where there is none, everything here does nothing.
package tracing

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// A Tracer begins traces, and goes on with those of others. Nil, it does neither.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

// Options are what a Tracer is made of.
type Options struct {
	Collector Collector
	Ratio     float64 // the share of traces that are begun here which are recorded: 0 to 1
	Service   string  // what the collector calls the processes of a kind
	Version   string
	Process   string // tells this process from others of the service
}

// scope says who has made the spans.
const scope = "github.com/nova-api/nova-api/internal/tracing"

// New makes a Tracer, which asks nobody anything: a collector that is down is found when
// it is up. Close it.
func New(o Options) *Tracer {
	provider := sdk.NewTracerProvider(
		sdk.WithBatcher(otlptrace.NewUnstarted(newUploader(o.Collector))),
		sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(o.Ratio))),
		sdk.WithResource(resource.NewSchemaless(
			attribute.String("service.name", o.Service), attribute.String("service.version", o.Version),
			attribute.String("service.instance.id", o.Process),
		)),
	)
	return &Tracer{provider, provider.Tracer(scope)}
}

// Close sends what has not been sent, until the context ends.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// An Attribute is what a span says beside its name and its time. None is a secret, and
// none is a path: that is the client's choice, and may hold one.
type Attribute = attribute.KeyValue

// Text makes an attribute. Empty ones are left out.
func Text(name, value string) Attribute {
	if value == "" {
		return Attribute{}
	}
	return attribute.String(name, value)
}

// Number makes an attribute.
func Number(name string, value int) Attribute { return attribute.Int(name, value) }

// propagator reads and writes the headers of W3C Trace Context.
var propagator propagation.TraceContext

// A Span is a piece of work that a trace shows. End it. The zero one shows nothing.
type Span struct{ span trace.Span }

// Request begins the span of a request to this process: in the trace that its headers
// name, or in a new one.
func (t *Tracer) Request(ctx context.Context, header http.Header) (context.Context, Span) {
	if t == nil {
		return ctx, Span{}
	}
	ctx = propagator.Extract(ctx, propagation.HeaderCarrier(header))
	return t.begin(ctx, "request", trace.SpanKindServer)
}

// Resume begins the span of work that another process may have asked for: in the trace
// that Parent gave there, or in a new one.
func (t *Tracer) Resume(ctx context.Context, parent, name string, about ...Attribute) (context.Context, Span) {
	if t == nil {
		return ctx, Span{}
	}
	ctx = propagator.Extract(ctx, propagation.MapCarrier{traceparent: parent})
	return t.begin(ctx, name, trace.SpanKindConsumer, about...)
}

func (t *Tracer) begin(ctx context.Context, name string, kind trace.SpanKind, about ...Attribute) (context.Context, Span) {
	ctx, span := t.tracer.Start(ctx, name, trace.WithSpanKind(kind), trace.WithAttributes(given(about)...))
	return ctx, Span{span}
}

// Start begins a part of the work that the context is for.
func Start(ctx context.Context, name string, about ...Attribute) (context.Context, Span) {
	return start(ctx, name, trace.SpanKindInternal, about...)
}

// Call begins the span of a request to another service.
func Call(ctx context.Context, name string, about ...Attribute) (context.Context, Span) {
	return start(ctx, name, trace.SpanKindClient, about...)
}

// start is for the parts of what is recorded. Of the rest, the context is enough for
// others to know the trace by.
func start(ctx context.Context, name string, kind trace.SpanKind, about ...Attribute) (context.Context, Span) {
	within := trace.SpanFromContext(ctx)
	if !within.IsRecording() {
		return ctx, Span{}
	}
	ctx, span := within.TracerProvider().Tracer(scope).Start(ctx, name, trace.WithSpanKind(kind), trace.WithAttributes(given(about)...))
	return ctx, Span{span}
}

// given leaves out what has no name.
func given(about []Attribute) []Attribute {
	named := about[:0:0]
	for _, a := range about {
		if a.Valid() {
			named = append(named, a)
		}
	}
	return named
}

// Rename names the span by what is known only now.
func (s Span) Rename(name string) {
	if s.Recording() {
		s.span.SetName(name)
	}
}

// Recording reports whether anybody will see the span: what is said of it costs time.
func (s Span) Recording() bool { return s.span != nil && s.span.IsRecording() }

// Set says more of the span.
func (s Span) Set(about ...Attribute) {
	if s.Recording() {
		s.span.SetAttributes(given(about)...)
	}
}

// Fail marks the span as one of work that has failed. The reason stays in the log: it
// may hold what isn't for the collector.
func (s Span) Fail() {
	if s.Recording() {
		s.span.SetStatus(codes.Error, "")
	}
}

// End ends the span: failed if there is an error.
func (s Span) End(err error) {
	if s.span == nil {
		return
	}
	if err != nil {
		s.Fail()
	}
	s.span.End()
}

const traceparent = "traceparent"

// Parent is the context's place in its trace, for Resume: empty if it has none.
func Parent(ctx context.Context) string {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ""
	}
	carrier := propagation.MapCarrier{}
	propagator.Inject(ctx, carrier)
	return carrier[traceparent]
}

// Headers tell another service of the trace: nil if there is none.
func Headers(ctx context.Context) map[string]string {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return nil
	}
	carrier := propagation.MapCarrier{}
	propagator.Inject(ctx, carrier)
	return carrier
}
