package kit

import (
	"cmp"
	"errors"
	"fmt"
	"html"
	"maps"
	"net/http"
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
)

// A Fault is what a client is told of an error.
type Fault struct {
	Status  int
	Title   string // the status in words
	Type    string // what Neutron calls the error; see Typed
	Message string
	Header  http.Header
	Detail  map[string]any // goes beside the code and message of a Keystone fault
}

// A Style is the wording and the form of the errors of one service.
type Style struct {
	Malformed string // the message for a body that isn't JSON
	Internal  string // the message for a fault of the server
	Render    func(r *http.Request, f Fault) (contentType string, body []byte)
}

// The styles of the services that are bundled.
var (
	// Keystone is {"error": {"code", "message", "title"}}.
	Keystone = Style{
		Malformed: "Expecting to find valid JSON in request body. The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.",
		Internal:  "An unexpected error prevented the server from fulfilling your request.",
		Render:    keystoneFault,
	}
	// Neutron is {"NeutronError": {"type", "message", "detail"}}.
	Neutron = Style{
		Malformed: "Body contains invalid data",
		Internal:  "Request Failed: internal server error while processing your request.",
		Render:    neutronFault,
	}
	// Glance is a small HTML page, or JSON if the client asks for it.
	Glance = Style{
		Malformed: "Malformed JSON in request body.",
		Internal:  "The server has either erred or is incapable of performing the requested operation.",
		Render:    glanceFault,
	}
	// Placement is {"errors": [{"status", "title", "detail", "request_id"}]}.
	Placement = Style{
		Malformed: "Malformed JSON",
		Internal:  "The server has either erred or is incapable of performing the requested operation.",
		Render:    placementFault,
	}
	// Cinder is {"badRequest": {"code", "message"}}, under a name for each status.
	Cinder = Style{
		Malformed: "Malformed request body",
		Internal:  "The server has either erred or is incapable of performing the requested operation.",
		Render:    cinderFault,
	}
)

// statuses are the statuses of the kinds of error, in all bundled services.
var statuses = map[nova.Kind]int{
	nova.Internal:        http.StatusInternalServerError,
	nova.Invalid:         http.StatusBadRequest,
	nova.Unauthorized:    http.StatusUnauthorized,
	nova.Forbidden:       http.StatusForbidden,
	nova.NotFound:        http.StatusNotFound,
	nova.Conflict:        http.StatusConflict,
	nova.OverQuota:       http.StatusForbidden,
	nova.TooLarge:        http.StatusRequestEntityTooLarge,
	nova.BadMediaType:    http.StatusUnsupportedMediaType,
	nova.NotAcceptable:   http.StatusNotAcceptable,
	nova.Gone:            http.StatusGone,
	nova.NotImplemented:  http.StatusNotImplemented,
	nova.Unavailable:     http.StatusServiceUnavailable,
	nova.MultipleChoices: http.StatusMultipleChoices,
}

// A typedError adds to an error what its kind doesn't say.
type typedError struct {
	error
	name   string
	status int
	header http.Header
	detail map[string]any
}

// Unwrap lets errors.As find the kind, and further typedErrors, inside.
func (e *typedError) Unwrap() error { return e.error }

// Typed makes an error with the name that Neutron's clients know it by, such
// as NetworkNotFound.
func Typed(name string, kind nova.Kind, format string, args ...any) error {
	return &typedError{error: nova.Errorf(kind, format, args...), name: name}
}

// WithStatus gives an error another status than that of its kind, where a
// service has an odd one.
func WithStatus(status int, err error) error {
	return &typedError{error: err, status: status}
}

// WithHeader adds a header to the response of an error.
func WithHeader(name, value string, err error) error {
	return &typedError{error: err, header: http.Header{name: {value}}}
}

// WithDetail adds a field to the fault of an error, in Keystone's style only.
func WithDetail(name string, value any, err error) error {
	return &typedError{error: err, detail: map[string]any{name: value}}
}

// fault gathers what an error says with what it was wrapped in. Where two
// wrappers say different things, the inner one counts.
func (s Style) fault(err error) Fault {
	f := Fault{Status: statuses[nova.KindOf(err)], Message: nova.Message(err), Header: http.Header{}, Detail: map[string]any{}}
	for e := err; ; {
		var t *typedError
		if !errors.As(e, &t) {
			break
		}
		if t.name != "" {
			f.Type = t.name
		}
		if t.status != 0 {
			f.Status = t.status
		}
		copyHeader(f.Header, t.header)
		maps.Copy(f.Detail, t.detail)
		e = t.error
	}
	f.Title = http.StatusText(f.Status)
	if f.Message == "" {
		f.Message = s.Internal
	}
	if f.Type == "" {
		f.Type = "HTTP" + strings.ReplaceAll(f.Title, " ", "")
	}
	return f
}

// keystoneFault is Keystone's form of a fault.
func keystoneFault(_ *http.Request, f Fault) (contentType string, body []byte) {
	content := map[string]any{"code": f.Status, "message": f.Message, "title": f.Title}
	maps.Copy(content, f.Detail)
	return jsonFault(map[string]any{"error": content})
}

// neutronFault is Neutron's form of a fault.
func neutronFault(_ *http.Request, f Fault) (contentType string, body []byte) {
	return jsonFault(map[string]any{"NeutronError": map[string]any{"type": f.Type, "message": f.Message, "detail": ""}})
}

// pythonEntities turns the entities that Go writes for quotes into Python's.
var pythonEntities = strings.NewReplacer("&#39;", "&#x27;", "&#34;", "&quot;")

// glanceFault is Glance's form of a fault: HTML, unless the client asks for
// JSON.
func glanceFault(r *http.Request, f Fault) (contentType string, body []byte) {
	status := fmt.Sprintf("%d %s", f.Status, f.Title)
	message := pythonEntities.Replace(html.EscapeString(f.Message))
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
		return jsonFault(map[string]any{"message": message + "<br /><br />\n\n\n", "code": status, "title": f.Title})
	}
	const page = "<html>\n <head>\n  <title>%[1]s</title>\n </head>\n <body>\n  <h1>%[1]s</h1>\n  %[2]s<br /><br />\n\n\n\n </body>\n</html>"
	return "text/html; charset=UTF-8", fmt.Appendf(nil, page, status, message)
}

// cinderNames are what Cinder calls the statuses of faults.
var cinderNames = map[int]string{
	http.StatusBadRequest: "badRequest", http.StatusUnauthorized: "unauthorized", http.StatusForbidden: "forbidden",
	http.StatusNotFound: "itemNotFound", http.StatusMethodNotAllowed: "badMethod", http.StatusConflict: "conflictingRequest",
	http.StatusRequestEntityTooLarge: "overLimit", http.StatusUnsupportedMediaType: "badMediaType",
	http.StatusNotImplemented: "notImplemented", http.StatusServiceUnavailable: "serviceUnavailable",
}

// cinderFault is Cinder's form of a fault.
func cinderFault(_ *http.Request, f Fault) (contentType string, body []byte) {
	name := cmp.Or(cinderNames[f.Status], "computeFault")
	content := map[string]any{"code": f.Status, "message": f.Message}
	if retry := f.Header.Get("Retry-After"); retry != "" && f.Status == http.StatusRequestEntityTooLarge {
		content["retryAfter"] = retry
	}
	return jsonFault(map[string]any{name: content})
}

// placementFault is Placement's form of a fault.
func placementFault(r *http.Request, f Fault) (contentType string, body []byte) {
	return jsonFault(map[string]any{"errors": []any{map[string]any{
		"status": f.Status, "title": f.Title, "detail": f.Message, "request_id": nova.RequestOf(r.Context()).ID,
	}}})
}

// jsonFault renders the JSON of a fault.
func jsonFault(v any) (contentType string, body []byte) {
	text, err := render(v)
	if err != nil { // maps of strings always render
		return "text/plain; charset=UTF-8", []byte(err.Error())
	}
	return "application/json", text
}
