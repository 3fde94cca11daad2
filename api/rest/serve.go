package rest

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"

	"github.com/nova-api/nova-api/internal/microversion"
	"github.com/nova-api/nova-api/internal/nova"
)

// errNotFound is the answer at versions that do not have the operation.
var errNotFound = nova.Errorf(nova.NotFound, "The resource could not be found.")

// serve runs an operation for the requests at its route, and sends the result
// or the fault.
func (s *Site) serve(route string, o Operation) http.HandlerFunc {
	return func(w http.ResponseWriter, hr *http.Request) {
		recordOf(hr.Context()).route = route
		r := &Request{site: s, http: hr, Caller: nova.CallerOf(hr.Context()), extra: http.Header{}, leave: func() {}}
		reply, err := o.reply(w.Header(), r)
		if err != nil {
			fail(w, hr, err)
			return
		}
		reply.send(w)
	}
}

// reply is the answer to a request, ready to be sent.
func (o Operation) reply(header http.Header, r *Request) (reply, error) {
	defer func() { r.leave() }()
	result, err := o.answer(header, r)
	if err != nil {
		return reply{}, err
	}
	maps.Copy(header, r.extra)
	return prepare(header, r.http, o.status(r), result)
}

// answer settles the version, reads the body and compares the projects of path
// and token, in Nova's order, and runs the operation. An operation that the
// body names is looked up in the body before the projects are compared.
func (o Operation) answer(reply http.Header, r *Request) (any, error) {
	root, version, err := versionOf(reply, r.http)
	if err != nil {
		return nil, err
	}
	r.Version, r.links = version, r.site.linksOf(r.http, root, r.Caller.ProjectID)
	recordOf(r.http.Context()).version = version
	if r.body, err = readBody(r.http); err != nil {
		return nil, err
	}
	if o.byBody == nil {
		if err := r.checkProject(); err != nil {
			return nil, err
		}
	}
	return o.run(r.http.Context(), r)
}

// run checks the version, the query and the body, in Nova's order, and calls
// the handler.
func (o Operation) run(ctx context.Context, r *Request) (any, error) {
	if !r.Version.Within(o.since, o.until) {
		return nil, errNotFound
	}
	r.query = parseQuery(r.http.URL.RawQuery)
	if o.query != nil {
		if err := o.checkQuery(r); err != nil {
			return nil, err
		}
	}
	raw := r.body.raw
	if o.body != nil {
		checked, err := o.checkBody(r)
		if err != nil {
			return nil, err
		}
		raw = checked
	}
	if o.refuse != nil {
		if err := o.refuse(r); err != nil {
			return nil, err
		}
	}
	if o.long {
		leave, err := r.site.gate.enter(ctx, r.Limit())
		if err != nil {
			return nil, err
		}
		r.leave = leave
	}
	return o.handle(ctx, r, o.rule, raw)
}

// versionOf finds the generation of the API in the path, and the microversion
// in the headers. The legacy API ignores the headers and mentions no version.
func versionOf(reply http.Header, r *http.Request) (root string, v microversion.Version, err error) {
	if underRoot(r.URL.Path, rootLegacy) {
		return rootLegacy, microversion.Legacy, nil
	}
	v, err = negotiate(reply, r.Header)
	return rootCurrent, v, err
}

// checkProject refuses a project in the path that is not the token's.
func (r *Request) checkProject() error {
	id, own := r.Param(projectParam), r.Caller.ProjectID
	if id == "" || id == own {
		return nil
	}
	if own == "" {
		own = "None"
	}
	return nova.Errorf(nova.Invalid, "Malformed request URL: URL's project_id '%s' doesn't match Context's project_id '%s'", id, own)
}

// checkQuery checks the query against the operation's schema. The request
// keeps the parameters that the schema knows.
func (o Operation) checkQuery(r *Request) error {
	for name, values := range r.query {
		if !isText(name) || slices.ContainsFunc(values, func(value string) bool { return !isText(value) }) {
			return nova.Errorf(nova.Invalid, "Query string is not UTF-8 encoded")
		}
	}
	checked, err := o.query.Check(r.Version, r.query)
	r.query = checked
	return err
}

// checkBody checks the body against the operation's schema, and returns what
// was checked, for decoding. That differs from what was sent: the legacy API
// drops keys that it does not know, and of a key that stands twice only the
// last is checked.
func (o Operation) checkBody(r *Request) ([]byte, error) {
	checked, err := o.body.Check(r.Version, r.body.value, r.body.raw)
	if err != nil {
		return nil, err
	}
	encoded, err := json.Marshal(checked)
	if err != nil {
		return nil, nova.Because(err, nova.Invalid, "Malformed request body")
	}
	return encoded, nil
}
