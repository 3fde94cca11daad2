package rest

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/internal/nova"
)

// A fault is how a kind of error looks from outside.
type fault struct {
	status  int
	name    string
	message string // when the error has none of its own
}

// faults is the one place where kinds of error meet HTTP. Names that are not
// in Nova's own table fall back to computeFault.
var faults = map[nova.Kind]fault{
	nova.Invalid:        {400, "badRequest", "The server could not comply with the request since it is either malformed or otherwise incorrect."},
	nova.Unauthorized:   {401, "unauthorized", "This server could not verify that you are authorized to access the document you requested."},
	nova.Forbidden:      {403, "forbidden", "Access was denied to this resource."},
	nova.OverQuota:      {403, "forbidden", "Access was denied to this resource."}, // not 413 overLimit, which the name suggests
	nova.NotFound:       {404, "itemNotFound", "The resource could not be found."},
	nova.NotAcceptable:  {406, "computeFault", "The resource could not be generated that was acceptable to your browser."},
	nova.Conflict:       {409, "conflictingRequest", "There was a conflict when trying to complete your request."},
	nova.Gone:           {410, "computeFault", "This resource is no longer available. No forwarding address is given."},
	nova.TooLarge:       {413, "overLimit", "The body of your request was too large for this server."},
	nova.BadMediaType:   {415, "badMediaType", "The request media type is not supported by this server."},
	nova.Internal:       {500, "computeFault", "Unexpected API Error. Please contact the administrator."},
	nova.NotImplemented: {501, "notImplemented", "The requested functionality is not supported."},
	nova.Unavailable:    {503, "serviceUnavailable", "The server is currently unavailable. Please try again at a later time."},
}

// faultBody is the shape of every fault: {"badRequest": {"code": 400, "message": "…"}}.
type faultBody struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// fail sends an error as a fault. What is no error of the client's is logged
// here, and only here, and its text stays with us.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	f := faults[nova.KindOf(err)]
	if f.status >= http.StatusInternalServerError {
		zerolog.Ctx(r.Context()).Error().Err(err).Msg("request failed")
	}
	message := nova.Message(err)
	if message == "" {
		message = f.message
	}
	body := appendJSON(map[string]faultBody{f.name: {Code: f.status, Message: message}})
	header := w.Header()
	header.Set("Content-Type", typeFault)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(f.status)
	_, _ = w.Write(body)
}

// appendJSON encodes without turning < and & into escapes, as Nova doesn't.
func appendJSON(value any) []byte {
	var buffer jsonBuffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return []byte(`{}`)
	}
	return buffer[:len(buffer)-1] // without Encode's newline
}

type jsonBuffer []byte

func (b *jsonBuffer) Write(p []byte) (int, error) {
	*b = append(*b, p...)
	return len(p), nil
}
