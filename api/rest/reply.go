package rest

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
)

// A Response is a handler's result if a body alone is not enough.
type Response struct {
	Status int // 0 for the operation's own
	Header http.Header
	Body   any
	Bare   bool // a reply built without a body object: Nova says text/html for it
}

// An appender writes itself as JSON. The dicts of views do, in order and
// without reflection.
type appender interface{ AppendJSON(to []byte) []byte }

// The media types of replies. Nova gives faults a charset and successes none.
const (
	typeJSON   = "application/json"
	typeVendor = "application/vnd.openstack.compute+json"
	typeFault  = "application/json; charset=UTF-8"
	typeBare   = "text/html; charset=UTF-8"
)

// A reply is a handler's result as it is sent, but for the headers.
type reply struct {
	status int
	body   []byte
}

// prepare encodes a handler's result, and sets the headers that come with it.
func prepare(header http.Header, r *http.Request, status int, result any) (reply, error) {
	response, ok := result.(Response)
	if !ok {
		response = Response{Body: result}
	}
	if response.Status != 0 {
		status = response.Status
	}
	maps.Copy(header, response.Header)
	header.Set("Content-Type", successType(r.Header.Get("Accept")))
	if response.Bare {
		header.Set("Content-Type", typeBare)
	}
	body, err := encode(response.Body)
	if err == nil && status != http.StatusNoContent {
		body, err = compressed(header, r.Header, body)
	}
	return reply{status, body}, err
}

// send writes a reply. One with status 204 has a media type and no body.
func (p reply) send(w http.ResponseWriter) {
	if p.status == http.StatusNoContent {
		w.WriteHeader(p.status)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(p.body)))
	w.WriteHeader(p.status)
	_, _ = w.Write(p.body) // a client that has gone is nobody's fault
}

// encode returns the body's JSON: nothing for nil.
func encode(body any) ([]byte, error) {
	switch body := body.(type) {
	case nil:
		return nil, nil
	case appender:
		return body.AppendJSON(nil), nil
	}
	return marshal(body)
}

// marshal encodes a value and leaves <, > and & as they are, unlike
// encoding/json and like Nova.
func marshal(value any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n")), nil
}

// successType returns the media type of a successful reply: Nova's own if the
// client prefers it to plain JSON.
func successType(accept string) string {
	switch accept {
	case "", "*/*", typeJSON: // almost everybody
		return typeJSON
	}
	if best := bestOffer(accept, typeJSON, typeVendor); best != "" {
		return best
	}
	return typeJSON
}
