package e2e_test

import (
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/nova-api/nova-api/db/dbtest"
)

// A collector takes spans by OTLP over HTTP.
type collector struct {
	url string

	mu    sync.Mutex
	spans map[string]*tracepb.Span // by ID
	by    map[string]string        // the process that a span is of, by the span's ID
	raw   []byte
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{spans: map[string]*tracepb.Span{}, by: map[string]string{}}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

// ServeHTTP takes spans.
func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var sent tracepb.TracesData
	if err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("X-Key") != "of the collector" || proto.Unmarshal(body, &sent) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.raw = append(c.raw, body...)
	for _, resource := range sent.ResourceSpans {
		process := ""
		for _, a := range resource.Resource.Attributes {
			if a.Key == "service.instance.id" {
				process = a.Value.GetStringValue()
			}
		}
		for _, scope := range resource.ScopeSpans {
			for _, span := range scope.Spans {
				id := hex.EncodeToString(span.SpanId)
				c.spans[id], c.by[id] = span, process
			}
		}
	}
}

// ways tells of each span of a trace the names from the first to it, each with the
// process that it is of.
func (c *collector) ways(trace string) (ways []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, span := range c.spans {
		if hex.EncodeToString(span.TraceId) != trace {
			continue
		}
		way := c.by[id] + ": " + span.Name
		for parent := c.spans[hex.EncodeToString(span.ParentSpanId)]; parent != nil; parent = c.spans[hex.EncodeToString(parent.ParentSpanId)] {
			way = c.by[hex.EncodeToString(parent.SpanId)] + ": " + parent.Name + " > " + way
		}
		ways = append(ways, way)
	}
	slices.Sort(ways)
	return ways
}

// TestTraces follows a request for a server to the driver that makes it, through all
// processes that have a part in it.
func TestTraces(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		c := newCollector(t)
		roles := []string{"api,scheduler,compute"}
		if strings.HasPrefix(connection, "postgres") {
			roles = []string{"api", "scheduler", "compute"}
		}
		dir, by := filepath.Join(t.TempDir(), "state"), map[string]*process{}
		for _, role := range roles {
			p := newProcess(t, connection, "otel.endpoint="+c.url, "otel.headers=X-Key=of the collector", "DEFAULT.host="+strings.ReplaceAll(role, ",", "-"), "nova_api.roles="+role)
			p.dir = dir
			p.start()
			for part := range strings.SplitSeq(role, ",") {
				by[part] = p
			}
		}
		demo := by["api"].login("demo")
		body := object{"server": object{"name": "s", "imageRef": demo.images()[0].ID, "flavorRef": "42", "networks": "auto", "adminPass": "of the server"}}
		const trace, caller = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
		demo.trace = "00-" + trace + "-" + caller + "-01"
		demo.must("POST", "/v2.1/servers", body, http.StatusAccepted)
		eventually(t, func() error {
			var list struct{ Servers []struct{ Status string } }
			demo.get("/v2.1/servers/detail", &list)
			if len(list.Servers) != 1 || list.Servers[0].Status != "ACTIVE" {
				return fmt.Errorf("%v", list)
			}
			return nil
		})
		for _, role := range roles { // which sends what has not been sent
			by[strings.Split(role, ",")[0]].stop()
		}
		name := func(role string) string { return strings.TrimPrefix(by[role].options[2], "DEFAULT.host=") }
		top := name("api") + ": POST /v2.1/servers"
		want := []string{
			top + " > " + name("api") + ": GET image/images",
			top + " > " + name("scheduler") + ": action create > " + name("scheduler") + ": step place",
			top + " > " + name("compute") + ": action create > " + name("compute") + ": step connect > " + name("compute") + ": POST network/ports",
			top + " > " + name("compute") + ": action create > " + name("compute") + ": step spawn > " + name("compute") + ": driver spawn",
		}
		ways := c.ways(trace)
		for _, one := range want {
			if !slices.Contains(ways, one) {
				t.Errorf("%s is missing in\n%s", one, strings.Join(ways, "\n"))
			}
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, secret := range []string{password, "of the server", demo.token} {
			if strings.Contains(string(c.raw), secret) {
				t.Errorf("the collector is told a secret: %s", secret)
			}
		}
	})
}

// TestTraces_Nowhere has a collector that takes no answer to mean anything: requests are
// as fast and as good, and the process ends in time.
func TestTraces_Nowhere(t *testing.T) {
	t.Parallel()
	end := make(chan struct{})
	hangs := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-end }))
	t.Cleanup(hangs.Close)
	t.Cleanup(func() { close(end) })
	p := newProcess(t, "", "otel.endpoint="+hangs.URL)
	p.start()
	demo := p.login("demo")
	began := time.Now()
	for range 100 {
		demo.must("GET", "/v2.1/flavors", nil, http.StatusOK)
	}
	if took := time.Since(began); took > patience/2 {
		t.Errorf("100 requests took %v", took)
	}
	began = time.Now()
	p.stop()
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("the end took %v", took)
	}
}
