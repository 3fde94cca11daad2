package cloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/nova-api/nova-api/internal/nova"
)

// A failure is another service's answer that isn't what was asked for, or the
// lack of one. It holds no secret.
type failure struct {
	service     service
	status      int    // of the answer; 0 if there was none
	reason      string // the service's own name for it, such as OverQuota; empty for most
	message     string // the service's own words
	request     string // the service's ID of the request; empty if it gave none
	signIn      bool   // it was the service user that was refused
	unreachable bool
	cause       error // why there was no answer, or no answer that made sense
}

// Error says what happened, for the log.
func (f *failure) Error() string {
	text := f.service.name + " service"
	if f.signIn {
		text += ", signing in"
	}
	switch {
	case f.status != 0 && f.message != "":
		return fmt.Sprintf("%s: %d %s", text, f.status, f.message)
	case f.status != 0:
		return fmt.Sprintf("%s: %d %s", text, f.status, http.StatusText(f.status))
	}
	return fmt.Sprintf("%s: %v", text, f.cause)
}

// Unwrap gives the cause.
func (f *failure) Unwrap() error { return f.cause }

// newFailure makes a failure of gophercloud's error, and strikes the secrets
// out of what the service said.
func newFailure(s service, err error, secrets ...string) *failure {
	if reauth, ok := errors.AsType[*gophercloud.ErrUnableToReauthenticate](err); ok {
		err = reauth.ErrReauth
	}
	if before, ok := errors.AsType[*failure](err); ok {
		return before
	}
	if code, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err); ok {
		f := &failure{service: s, status: code.Actual, request: code.ResponseHeader.Get("X-Openstack-Request-Id")}
		f.reason, f.message = saying(code.Body)
		f.message = strike(f.message, secrets)
		return f
	}
	_, noAnswer := errors.AsType[*url.Error](err)
	return &failure{service: s, unreachable: noAnswer || errors.Is(err, context.DeadlineExceeded), cause: err}
}

// No service needs more for a message.
const longestMessage = 500

var tagPattern = regexp.MustCompile(`<[^>]*>`)

// saying finds what a service says of a failure, in the forms that Keystone,
// Neutron, Glance and Cinder use: all have a message, and all but Glance put it
// below a name. Anything else is left out.
func saying(body []byte) (reason, message string) {
	var document map[string]json.RawMessage
	_ = json.Unmarshal(body, &document) // what could be read is what there is
	_ = json.Unmarshal(document["message"], &message)
	for _, below := range document {
		var fault struct {
			Type    string `json:"type"`
			Message string `json:"message"`
		}
		if json.Unmarshal(below, &fault) == nil && fault.Message != "" {
			reason, message = fault.Type, fault.Message
		}
	}
	message = strings.Join(strings.Fields(html.UnescapeString(tagPattern.ReplaceAllString(message, " "))), " ")
	if len(message) > longestMessage {
		message = strings.ToValidUTF8(message[:longestMessage], "") + "…"
	}
	return reason, message
}

func strike(text string, secrets []string) string {
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "***")
		}
	}
	return text
}

// kinds says what a status means to us.
var kinds = map[int]nova.Kind{
	http.StatusBadRequest:            nova.Invalid,
	http.StatusUnauthorized:          nova.Unauthorized,
	http.StatusForbidden:             nova.Forbidden,
	http.StatusNotFound:              nova.NotFound,
	http.StatusGone:                  nova.NotFound,
	http.StatusConflict:              nova.Conflict,
	http.StatusPreconditionFailed:    nova.Conflict,
	http.StatusRequestEntityTooLarge: nova.OverQuota,
	http.StatusTooManyRequests:       nova.Unavailable,
	http.StatusBadGateway:            nova.Unavailable,
	http.StatusServiceUnavailable:    nova.Unavailable,
	http.StatusGatewayTimeout:        nova.Unavailable,
}

// A phrase is how Nova puts a failure: that of a status, or of a reason.
type phrase struct {
	status int
	reason string
	kind   nova.Kind
	text   string
}

// fault turns an error of a conn into one with a kind. The phrases come
// first, then the service's own words.
func (c conn) fault(err error, phrases ...phrase) error {
	var f *failure
	if !errors.As(err, &f) {
		return err
	}
	if f.signIn || f.unreachable || c.caller == nil && f.status == http.StatusUnauthorized {
		return nova.Because(f, nova.Unavailable, "%s", c.service.unavailable())
	}
	for _, p := range phrases {
		if p.status != 0 && p.status == f.status || p.reason != "" && p.reason == f.reason {
			return nova.Because(f, p.kind, "%s", p.text)
		}
	}
	kind, ok := kinds[f.status]
	switch {
	case !ok:
		return f
	case kind == nova.Unavailable:
		return nova.Because(f, kind, "%s", c.service.unavailable())
	case kind == nova.Unauthorized:
		return unauthorized()
	case f.message == "":
		return nova.Because(f, kind, "The %s service answered: %s.", c.service.name, http.StatusText(f.status))
	}
	return nova.Because(f, kind, "%s", f.said())
}

// htmlText escapes text as Glance does in the pages that it answers to a client that
// asks for no other form.
var htmlText = strings.NewReplacer(`&`, "&amp;", `<`, "&lt;", `>`, "&gt;", `"`, "&quot;", `'`, "&#x27;")

// said is what the service said, as Nova's library for it puts that: those for
// Neutron and Cinder add the ID of the request, by which it is found in the log
// there, and that for Glance takes a page apart.
func (f *failure) said() string {
	switch f.service.name {
	case imageService.name:
		return fmt.Sprintf("HTTP %d %s: %s", f.status, http.StatusText(f.status), htmlText.Replace(f.message))
	case networkService.name:
		if f.request != "" {
			return fmt.Sprintf("%s\nNeutron server returns request_ids: ['%s']", f.message, f.request)
		}
	case volumeService.name:
		text := fmt.Sprintf("%s (HTTP %d)", f.message, f.status)
		if f.request != "" {
			text += fmt.Sprintf(" (Request-ID: %s)", f.request)
		}
		return text
	}
	return f.message
}

// isStatus reports whether an error is an answer of a status.
func isStatus(err error, status int) bool {
	var f *failure
	return errors.As(err, &f) && f.status == status
}

// unauthorized is the same for every reason, so that nobody learns which tokens
// there once were.
func unauthorized() error {
	return nova.Errorf(nova.Unauthorized, "The request you have made requires authentication.")
}
