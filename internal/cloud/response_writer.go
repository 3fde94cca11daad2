package cloud

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
)

// A body up to this size is handed over in one piece, with its length, when
// the handler is done; a longer one is streamed.
const heldBack = 4 << 10

// A responseWriter makes a client's response of what a handler writes. It is
// the handler's own, but for sever, which anybody may call.
type responseWriter struct {
	request *http.Request
	header  http.Header
	cancel  context.CancelFunc
	answer  chan answer // one

	status   int         // 0 until the handler has decided
	decided  http.Header // the header as it was then
	sent     bool
	ended    bool
	buffered *bufio.Writer
	reader   *io.PipeReader
	writer   *io.PipeWriter
}

// An answer is what RoundTrip returns.
type answer struct {
	response *http.Response
	err      error
}

func newResponseWriter(r *http.Request, cancel context.CancelFunc) *responseWriter {
	w := &responseWriter{request: r, header: http.Header{}, cancel: cancel, answer: make(chan answer, 1)}
	w.reader, w.writer = io.Pipe()
	w.buffered = bufio.NewWriterSize(sink{w}, heldBack)
	return w
}

// Header is what the handler fills in.
func (w *responseWriter) Header() http.Header { return w.header }

// WriteHeader decides the status. Only the first final one counts.
func (w *responseWriter) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status, w.decided = status, w.header.Clone()
	}
}

// Write sends a part of the body, or keeps it until there is more.
func (w *responseWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	switch {
	case w.status == http.StatusNoContent, w.status == http.StatusNotModified:
		return 0, http.ErrBodyNotAllowed
	case w.request.Method == http.MethodHead:
		return len(p), nil
	}
	return w.buffered.Write(p)
}

// Flush sends what has been kept.
func (w *responseWriter) Flush() { _ = w.FlushError() }

// FlushError is Flush, for http.ResponseController.
func (w *responseWriter) FlushError() error {
	w.WriteHeader(http.StatusOK)
	if !w.sent {
		w.send(w.stream(), -1)
	}
	return w.buffered.Flush()
}

// end sends the rest.
func (w *responseWriter) end() {
	w.WriteHeader(http.StatusOK)
	w.ended = true
	_ = w.buffered.Flush()
	if !w.sent {
		w.send(http.NoBody, 0)
	}
	_ = w.writer.Close()
}

// fail answers for a handler that panicked, if it had not answered itself.
func (w *responseWriter) fail() {
	if w.sent {
		return
	}
	w.status, w.decided = http.StatusInternalServerError, http.Header{}
	w.send(http.NoBody, 0)
}

// sever breaks the stream off, unless it has ended already.
func (w *responseWriter) sever(err error) {
	_ = w.writer.CloseWithError(err)
	w.post(answer{err: err})
}

// post answers the client, unless it has been answered.
func (w *responseWriter) post(a answer) {
	select {
	case w.answer <- a:
	default:
	}
}

// send hands the response to the client.
func (w *responseWriter) send(body io.ReadCloser, length int64) {
	w.sent = true
	if declared, err := strconv.ParseInt(w.decided.Get("Content-Length"), 10, 64); err == nil {
		length = declared
	}
	w.post(answer{response: &http.Response{
		Status:        strconv.Itoa(w.status) + " " + http.StatusText(w.status),
		StatusCode:    w.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        w.decided,
		Body:          body,
		ContentLength: length,
		Request:       w.request,
	}})
}

func (w *responseWriter) stream() io.ReadCloser { return &responseBody{w.reader, w.cancel} }

// A sink takes what the writer no longer keeps back.
type sink struct{ w *responseWriter }

// Write sends the header with the first of the body, and the body.
func (s sink) Write(p []byte) (int, error) {
	w := s.w
	if w.sent {
		return w.writer.Write(p)
	}
	if w.decided.Get("Content-Type") == "" && w.decided.Get("Content-Encoding") == "" {
		w.decided.Set("Content-Type", http.DetectContentType(p))
	}
	if w.ended {
		w.send(io.NopCloser(bytes.NewReader(p)), int64(len(p)))
		return len(p), nil
	}
	w.send(w.stream(), -1)
	return w.writer.Write(p)
}

// A responseBody is a stream whose end the handler hears of.
type responseBody struct {
	*io.PipeReader
	cancel context.CancelFunc
}

// Close stops the handler if it is still writing.
func (b *responseBody) Close() error {
	defer b.cancel()
	return b.PipeReader.Close()
}
