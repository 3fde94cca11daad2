package rest

import (
	"cmp"
	"errors"
	"net/http"
	"strconv"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/internal/nova"
)

// A fault is what a client sees of a kind of error.
type fault struct {
	status  int
	name    string
	message string // when the error has none of its own
}

// faults is the one place where kinds of error become HTTP statuses. Statuses
// that Nova's own table has no name for are a computeFault.
var faults = map[nova.Kind]fault{
	nova.Invalid:        {400, "badRequest", "The server could not comply with the request since it is either malformed or otherwise incorrect."},
	nova.Unauthorized:   {401, "unauthorized", plainUnauthorized.explanation},
	nova.Forbidden:      {403, "forbidden", "Access was denied to this resource."},
	nova.OverQuota:      {403, "forbidden", "Access was denied to this resource."}, // not 413 overLimit, which the name suggests
	nova.NotFound:       {404, "itemNotFound", "The resource could not be found."},
	nova.NotAcceptable:  {406, "computeFault", "The resource could not be generated that was acceptable to your browser."},
	nova.Conflict:       {409, "conflictingRequest", "There was a conflict when trying to complete your request."},
	nova.Gone:           {410, "computeFault", "This resource is no longer available. No forwarding address is given."},
	nova.TooLarge:       {413, "overLimit", "The body of your request was too large for this server."},
	nova.BadMediaType:   {415, "badMediaType", "The request media type is not supported by this server."},
	nova.Internal:       {500, "computeFault", "Unexpected API Error. Please contact the administrator."},
	nova.Failed:         {500, "computeFault", "Unexpected API Error. Please contact the administrator."},
	nova.NotImplemented: {501, "notImplemented", "The requested functionality is not supported."},
	nova.Unavailable:    {503, "serviceUnavailable", "The server is currently unavailable. Please try again at a later time."},
}

// faultBody is the body of every fault: {"badRequest": {"code": 400, "message":
// "…"}}.
type faultBody struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// fail answers with a fault. Server errors are logged here, once; their text is
// never sent to the client.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	if large, ok := errors.AsType[*tooLargeError](err); ok {
		plainTooLarge(large.limit).write(w, r)
		return
	}
	f, ok := faults[nova.KindOf(err)]
	message := nova.Message(err)
	if !ok { // a kind that only other services have an answer for
		f, message = faults[nova.Internal], ""
	}
	logFailure(r, f, err)
	answerFault(w, f, message)
}

// logFailure logs server errors as errors, and a client that hung up for
// information. Errors of the client are in the request's line by their status,
// and need no line of their own.
func logFailure(r *http.Request, f fault, err error) {
	log := zerolog.Ctx(r.Context())
	switch {
	case r.Context().Err() != nil:
		log.Info().Err(err).Msg("client has gone")
	case f.status == http.StatusInternalServerError, f.status == http.StatusServiceUnavailable:
		log.Error().Err(err).Msg("request failed")
	}
}

// answerFault writes the fault's body and headers. An empty message stands for
// the one in the table.
func answerFault(w http.ResponseWriter, f fault, message string) {
	message = cmp.Or(message, f.message)
	body, _ := marshal(map[string]faultBody{f.name: {Code: f.status, Message: message}}) // texts and numbers can be encoded
	header := w.Header()
	header.Set("Content-Type", typeFault)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(f.status)
	_, _ = w.Write(body)
}
