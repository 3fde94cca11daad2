package rest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/internal/microversion"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/tracing"
)

// A record holds what the log's one line about a request says.
type record struct {
	route   string // the pattern; the path itself is the client's choice, and may hold secrets
	version microversion.Version
	caller  nova.Caller
	status  int
	bytes   int
}

type recordKey struct{}

// recordOf returns the record of a request, to be filled in on the way.
func recordOf(ctx context.Context) *record {
	if rec, ok := ctx.Value(recordKey{}).(*record); ok {
		return rec
	}
	return new(record)
}

// logRequest writes one line for each request, when the request ends, and
// turns a panic into a fault.
func (s *Site) logRequest(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now() //nolint:forbidigo // a duration, not a time
		log := s.Log.With().Str("request_id", nova.RequestOf(r.Context()).ID).Logger()
		rec := new(record)
		ctx, span := s.Tracer.Request(log.WithContext(r.Context()), r.Header)
		r = r.WithContext(context.WithValue(ctx, recordKey{}, rec))
		defer func() {
			aborted := answerPanic(&recorder{w, rec}, r, recover())
			took := time.Since(began)
			rec.line(&log, r, took)
			rec.trace(span, r)
			if s.Count != nil {
				s.Count(r.Method, cmp.Or(rec.route, "-"), rec.status, took)
			}
			if aborted {
				panic(http.ErrAbortHandler)
			}
		}()
		next.ServeHTTP(&recorder{w, rec}, r)
	})
}

// line writes the record into the log.
func (rec *record) line(log *zerolog.Logger, r *http.Request, took time.Duration) {
	version := ""
	if rec.version != microversion.Legacy {
		version = rec.version.String()
	}
	event := log.Info().Str("method", r.Method).Int("status", rec.status).Int("bytes", rec.bytes).Dur("duration", took)
	for _, field := range []struct{ name, value string }{
		{"route", cmp.Or(rec.route, "-")},
		{"microversion", version},
		{"project", rec.caller.ProjectID},
		{"user", rec.caller.UserID},
		{"global_request_id", nova.RequestOf(r.Context()).GlobalID},
	} {
		if field.value != "" {
			event = event.Str(field.name, field.value)
		}
	}
	event.Msg("request")
}

// trace ends the span of a request, which is named as the metrics have it.
func (rec *record) trace(span tracing.Span, r *http.Request) {
	if span.Recording() {
		ids, route := nova.RequestOf(r.Context()), cmp.Or(rec.route, "-")
		span.Rename(r.Method + " " + route)
		span.Set(
			tracing.Text("http.request.method", r.Method), tracing.Text("http.route", route), tracing.Number("http.response.status_code", rec.status),
			tracing.Text("openstack.request_id", ids.ID), tracing.Text("openstack.global_request_id", ids.GlobalID),
			tracing.Text("openstack.project_id", rec.caller.ProjectID), tracing.Text("openstack.user_id", rec.caller.UserID),
		)
	}
	if rec.status >= http.StatusInternalServerError {
		span.Fail()
	}
	span.End(nil)
}

// answerPanic answers for a handler that panicked. It reports whether the
// handler wants the connection broken off instead.
func answerPanic(w *recorder, r *http.Request, cause any) (aborted bool) {
	if cause == nil {
		return false
	}
	if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		return true
	}
	zerolog.Ctx(r.Context()).Error().Str("panic", fmt.Sprint(cause)).Bytes("stack", debug.Stack()).Msg("handler panicked")
	if w.record.status == 0 {
		answerFault(w, faults[nova.Internal], "")
	}
	return false
}

// A recorder notes the status and the size of a reply in the record.
type recorder struct {
	http.ResponseWriter
	record *record
}

func (w *recorder) WriteHeader(status int) {
	if w.record.status == 0 {
		w.record.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(p []byte) (int, error) {
	if w.record.status == 0 {
		w.record.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(p)
	w.record.bytes += n
	return n, err
}
