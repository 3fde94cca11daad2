// Package metrics counts what a process does, for Prometheus and for whoever looks
// for what takes the time. What it serves tells of the cloud's inside: it belongs
// on an address that only operators reach.
package metrics

import (
	"context"
	"net/http"
	"net/http/pprof"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/nova-api/nova-api/internal/nova"
)

// Metrics are a process's. Its methods may be called from anywhere at once; those
// of a nil one do nothing.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	actions  *prometheus.HistogramVec
	told     *prometheus.CounterVec
}

// Source tells what is not counted but looked up whenever somebody asks.
type Source interface {
	// Queues tells what waits in each queue of actions.
	Queues(ctx context.Context) ([]nova.Queue, error)
	// Outbox tells what waits for the message bus.
	Outbox(ctx context.Context) (nova.Outbox, error)
	// Connections tells of each pool of connections to the database how many there
	// are, and how many of them are at work.
	Connections() map[string]nova.Connections
}

// New makes the metrics of a process of a version.
func New(version string, source Source) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "nova_api_request_duration_seconds", Help: "How long requests took, by the pattern of their route.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60},
		}, []string{"method", "route", "status"}),
		actions: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "nova_api_action_duration_seconds", Help: "How long this process worked on actions on servers, by verb and result.",
			Buckets: []float64{.005, .025, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800},
		}, []string{"verb", "result"}),
		told: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "nova_api_notifications_total", Help: "Notifications that this process has tried to send, by result: sent, failed, which are tried again, and given_up.",
		}, []string{"result"}),
	}
	about := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "nova_api_info", Help: "Always 1; the version is a label.", ConstLabels: prometheus.Labels{"version": version},
	})
	about.Set(1)
	m.registry.MustRegister(m.requests, m.actions, m.told, about, lookups{source},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Request counts a request. The route is its pattern; a path would be the client's
// choice, and there is no end of them.
func (m *Metrics) Request(method, route string, status int, took time.Duration) {
	if m == nil {
		return
	}
	m.requests.WithLabelValues(knownMethod(method), route, strconv.Itoa(status)).Observe(took.Seconds())
}

// knownMethod keeps clients from making up labels.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// Action counts a worker's work on an action, or on a part of it.
func (m *Metrics) Action(verb string, failed bool, took time.Duration) {
	if m == nil {
		return
	}
	result := "done"
	if failed {
		result = "failed"
	}
	m.actions.WithLabelValues(verb, result).Observe(took.Seconds())
}

// Notifications counts notifications by what has become of them.
func (m *Metrics) Notifications(result string, count int) {
	if m == nil {
		return
	}
	m.told.WithLabelValues(result).Add(float64(count))
}

// Handler serves /metrics, and the profiles of package pprof below /debug/pprof/.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError}))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	return mux
}
