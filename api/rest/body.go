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

// errMalformedBody is the answer to a body that is not JSON. It does not say
// what is wrong, as Nova does not.
var errMalformedBody = nova.Errorf(nova.Invalid, "Malformed request body")

// A body is the body of a request, as bytes and decoded.
type body struct {
	raw   []byte
	value any // what raw says; nil if there is nothing
}

// readBody reads the body of a POST or PUT. A body that is not JSON is refused
// even if the operation has no use for it, as in Nova. Bodies of other methods
// are not read.
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

// checkMediaType accepts JSON, and the media types of clients that do not set
// one: none at all, and text/plain.
func checkMediaType(header string) error {
	kind, _, _ := strings.Cut(header, ";")
	switch strings.TrimSpace(kind) {
	case "", "text/plain", typeJSON, typeVendor:
		return nil
	}
	return nova.Errorf(nova.BadMediaType, "Unsupported Content-Type")
}

// parse reads a JSON body and keeps numbers as they are written. An empty body
// is nil. Bytes behind the value, and bytes that are not UTF-8, are errors.
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

// decode reads a body into the type that the handler takes. It is called after
// the schema has checked the body, so an error is rare: a value that the schema
// accepts and the type can't hold.
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

// A tooLargeError says that a body without a declared length became too large
// while it was read. Its answer has the form of the framework under Nova, not
// of a fault.
type tooLargeError struct{ limit int64 }

func (*tooLargeError) Error() string { return "request body too large" }
