package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/nova-api/nova-api/internal/nova"
)

var errMalformedBody = nova.Errorf(nova.Invalid, "Malformed request body")

// A body is what came with a request.
type body struct {
	raw   []byte
	value any // what raw says; nil if there is nothing
}

// readBody reads the body of a request that may have one. One that is no JSON
// is refused whether somebody is going to look at it or not.
func readBody(r *http.Request) (body, error) {
	if err := checkMediaType(r.Header.Get("Content-Type")); err != nil {
		return body{}, err
	}
	if r.Method != http.MethodPost && r.Method != http.MethodPut {
		return body{}, nil
	}
	raw, err := io.ReadAll(r.Body)
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return body{}, &tooLargeError{limit: tooLarge.Limit}
	}
	if err != nil {
		return body{}, nova.Because(err, nova.Invalid, "Malformed request body")
	}
	value, err := parse(raw)
	return body{raw, value}, err
}

// checkMediaType takes JSON, and what is sent by clients that don't say what
// they send.
func checkMediaType(header string) error {
	kind, _, _ := strings.Cut(header, ";")
	switch strings.TrimSpace(kind) {
	case "", "text/plain", typeJSON, typeVendor:
		return nil
	}
	return nova.Errorf(nova.BadMediaType, "Unsupported Content-Type")
}

// parse reads a JSON body: nil for an empty one.
func parse(raw []byte) (any, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	if !utf8.Valid(raw) {
		return nil, errMalformedBody
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, errMalformedBody
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errMalformedBody
	}
	return value, nil
}

func decode[In any](raw []byte) (In, error) {
	var in In
	if len(raw) == 0 {
		return in, nil
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return in, nova.Because(err, nova.Invalid, "Malformed request body")
	}
	return in, nil
}

// A tooLargeError is a body that turned out too large while it was read.
type tooLargeError struct{ limit int64 }

func (*tooLargeError) Error() string { return "request body too large" }
