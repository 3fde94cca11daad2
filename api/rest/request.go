package rest

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/microversion"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
)

// A Request is what a handler knows of a call, apart from the decoded body.
type Request struct {
	Version microversion.Version
	Caller  nova.Caller

	site  *Site
	http  *http.Request
	query url.Values // checked, without the parameters that the schema does not know
	body  body
	links links
	extra http.Header // headers that the handler adds to the reply
	leave func()      // to be called when the body of the reply is there
}

// AtLeast reports whether the call is at 2.minor or above.
func (r *Request) AtLeast(minor int) bool { return r.Version.AtLeast(minor) }

// Can reports whether policy allows the caller something in its own project. It
// is for parts of a reply that are left out rather than refused.
func (r *Request) Can(rule policy.Rule) bool {
	return r.site.Policy.Can(rule, r.Caller, policy.Own(r.Caller))
}

// Enforce refuses the call, with Forbidden, if policy does not allow the caller
// to act on something that belongs to a project or a user.
func (r *Request) Enforce(rule policy.Rule, t policy.Target) error {
	return r.site.Policy.Check(rule, r.Caller, t)
}

// EnforceOwn is Enforce for something in the caller's own project.
func (r *Request) EnforceOwn(rule policy.Rule) error { return r.Enforce(rule, policy.Own(r.Caller)) }

// allow is Enforce for an operation, which may need no rule.
func (r *Request) allow(rule policy.Rule, t policy.Target) error {
	if rule == "" {
		return nil
	}
	return r.Enforce(rule, t)
}

// ID is the last name in the path: the member that the call is about.
func (r *Request) ID() string { return r.Param("id") }

// Param is a name in the path, such as "server_id": empty if the route has none
// of the kind.
func (r *Request) Param(name string) string { return chi.URLParam(r.http, name) }

// Query holds the query parameters that the operation's schema knows.
func (r *Request) Query() url.Values { return r.query }

// Has reports whether the query has a parameter, be it empty.
func (r *Request) Has(name string) bool { return r.query.Has(name) }

// Last is the value of a query parameter: of several, the last one counts, and
// of none it is empty.
func (r *Request) Last(name string) string {
	values := r.query[name]
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}

// First is the first value of a query parameter that is not empty. Usage and quota
// sets take that one, where all others take the last: they read the query with
// Python's parse_qs.
func (r *Request) First(name string) string {
	for _, value := range r.query[name] {
		if value != "" {
			return value
		}
	}
	return ""
}

// booleans are the words for yes and no in a query, in any case: those of
// oslo.utils' bool_from_string.
var booleans = map[string]bool{
	"1": true, "t": true, "true": true, "on": true, "y": true, "yes": true,
	"0": false, "f": false, "false": false, "off": false, "n": false, "no": false,
}

// Bool is a query parameter that is a yes or a no. The error is Invalid.
func (r *Request) Bool(name string) (bool, error) {
	text := r.Last(name)
	value, ok := booleans[strings.ToLower(strings.TrimSpace(text))]
	if !ok {
		return false, nova.Errorf(nova.Invalid, "Unrecognized value '%s', acceptable values are: "+
			"'0', '1', 'f', 'false', 'n', 'no', 'off', 'on', 't', 'true', 'y', 'yes'", text)
	}
	return value, nil
}

// Time is a query parameter that is a point in time: nil if it is not there.
// The error is Invalid.
func (r *Request) Time(name string) (*time.Time, error) {
	if !r.Has(name) {
		return nil, nil //nolint:nilnil // the parameter may be left out
	}
	at, err := schema.ParseTime(r.Last(name))
	if err != nil {
		return nil, nova.Errorf(nova.Invalid, "Invalid filter field: %s.", name)
	}
	return &at, nil
}

// Commas is a query parameter that is a list with commas in between: sorted,
// each item once, and nil for an empty parameter.
func (r *Request) Commas(name string) []string {
	text := r.Last(name)
	if text == "" {
		return nil
	}
	return slices.Compact(slices.Sorted(strings.SplitSeq(text, ",")))
}

// Limit is how many items a page may have: as many as the client asks for, but
// no more than the site allows. 0 is a page without items.
func (r *Request) Limit() int {
	most := r.site.MaxLimit
	wanted, err := strconv.Atoi(strings.TrimSpace(r.Last("limit")))
	if err != nil || wanted < 0 || wanted > most {
		return most
	}
	return wanted
}

// LimitOrAll is Limit where a limit of 0 asks for as many items as the site
// allows.
func (r *Request) LimitOrAll() int { return cmp.Or(r.Limit(), r.site.MaxLimit) }

// Page is the part of a list that the client asks for.
func (r *Request) Page() nova.Page {
	offset, _ := strconv.Atoi(r.Last("offset"))
	return nova.Page{Limit: r.Limit(), Marker: r.Last("marker"), Offset: max(offset, 0)}
}

// parseQuery decodes a query string. What can't be decoded stays as it is, so
// that it is checked like the rest and not passed over.
func parseQuery(raw string) url.Values {
	values := url.Values{}
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, value = unescape(name), unescape(value)
		values[name] = append(values[name], value)
	}
	return values
}

func unescape(text string) string {
	if decoded, err := url.QueryUnescape(text); err == nil {
		return decoded
	}
	return text
}

// Header adds a header to the reply.
func (r *Request) Header(name, value string) { r.extra.Set(name, value) }

// IsAdmin reports whether the caller is an administrator.
func (r *Request) IsAdmin() bool { return r.Caller.Admin }
