package main

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/nova-api/nova-api/internal/config"
)

// A patience is how long clients may keep the server waiting. It is the same
// for all that is served, with and without a token, over HTTP/1 and HTTP/2.
type patience struct {
	head  time.Duration // for the head of a request
	idle  time.Duration // between two requests on a connection
	stall time.Duration // for the next part of a body, in either direction
	end   time.Duration // for requests to finish once the process is told to stop
}

const (
	headPatience = 10 * time.Second
	idlePatience = 75 * time.Second

	// leastProgress is how many bytes of a body must come within one stall: a
	// client that sends a byte now and then is a stalled one. Uploads may take
	// hours, but a body of the API is here after some minutes or never.
	leastProgress = 16 << 10
	// partSize is how much is written under one deadline.
	partSize = 64 << 10
	// maxHead bounds the line and the headers of a request, a token included.
	maxHead = 64 << 10
)

func newPatience(cfg *config.Config) patience {
	return patience{head: headPatience, idle: idlePatience, stall: cfg.ClientTimeout, end: cfg.ShutdownTimeout}
}

// guard gives requests deadlines that move on as long as their bodies do. They
// stand only while the server waits for the client: a stream of HTTP/2 would be
// reset by one that passes while the handler is busy with something else.
func (p patience) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := time.Now //nolint:forbidigo // the kernel's clock, not the store's
		connection := http.NewResponseController(w)
		patient := &patientWriter{ResponseWriter: w, connection: connection, stall: p.stall, now: now}
		if r.ContentLength != 0 {
			body := &patientBody{ReadCloser: r.Body, connection: connection, stall: p.stall, now: now}
			if r.Body = body; r.ProtoMajor == 1 {
				patient.unread = body
			}
		}
		next.ServeHTTP(patient, r)
		patient.begin() // for what is still in buffers
	})
}

// deadlines are what http.ResponseController can set on a connection, or on a
// stream of HTTP/2. Where there is no connection, as in tests, it can't.
type deadlines interface {
	SetReadDeadline(deadline time.Time) error
	SetWriteDeadline(deadline time.Time) error
}

// A patientBody is a request's body that must not stand still. Only the time
// that its reader waits for the client counts.
type patientBody struct {
	io.ReadCloser
	connection deadlines
	stall      time.Duration
	now        func() time.Time

	waited time.Duration // since there was progress
	read   int           // bytes since then
	ended  bool
}

// Read waits for the client no longer than it has left.
func (b *patientBody) Read(p []byte) (int, error) {
	began := b.now()
	_ = b.connection.SetReadDeadline(began.Add(b.stall - b.waited))
	n, err := b.ReadCloser.Read(p)
	_ = b.connection.SetReadDeadline(time.Time{})
	b.waited += b.now().Sub(began)
	if b.read += n; b.read >= leastProgress {
		b.waited, b.read = 0, 0
	}
	b.ended = errors.Is(err, io.EOF)
	return n, err
}

// A patientWriter writes a response part by part, each with a deadline of its
// own.
type patientWriter struct {
	http.ResponseWriter
	connection deadlines
	stall      time.Duration
	now        func() time.Time
	unread     *patientBody // what net/http reads before it responds; nil for nothing
}

// Write fails once the client has not taken a part in time.
func (w *patientWriter) Write(p []byte) (written int, err error) {
	for first := true; first || len(p) > 0; first = false {
		part := p[:min(len(p), partSize)]
		w.begin()
		n, err := w.ResponseWriter.Write(part)
		_ = w.connection.SetWriteDeadline(time.Time{})
		written += n
		if err != nil {
			return written, err
		}
		p = p[len(part):]
	}
	return written, nil
}

// begin sets the deadline of a part. Over HTTP/1, net/http first reads what the
// handler has left of the request's body, and needs time to write after that.
func (w *patientWriter) begin() {
	now := w.now()
	_ = w.connection.SetWriteDeadline(now.Add(w.stall))
	if w.unread != nil && !w.unread.ended {
		_ = w.connection.SetReadDeadline(now.Add(w.stall / 2))
	}
}

// Unwrap is for http.ResponseController.
func (w *patientWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
