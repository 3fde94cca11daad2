package rest

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
)

// Operations is a controller's table: what it can do, by name.
type Operations map[string]Operation

// A Controller answers for a resource.
type Controller interface {
	Operations() Operations
}

// A MemberController also has operations that a POST to …/{id}/action names in
// its body.
type MemberController interface {
	Controller
	MemberActions() Operations
}

// An Operation is one thing that a controller does, with all that is checked
// before. It is a value: each method gives a changed copy.
type Operation struct {
	since, until int
	body         *schema.Body
	query        *schema.Query
	rule         policy.Rule
	statuses     []statusSince
	byBody       bool // which operation is meant, the body says
	handle       func(ctx context.Context, r *Request, raw []byte) (any, error)
}

type statusSince struct{ minor, status int }

// Do is an operation without a body.
func Do(handle func(ctx context.Context, r *Request) (any, error)) Operation {
	return Operation{handle: func(ctx context.Context, r *Request, _ []byte) (any, error) {
		if err := r.allow(); err != nil {
			return nil, err
		}
		return handle(ctx, r)
	}}
}

// DoWith is an operation whose body is checked against a schema and decoded.
func DoWith[In any](body *schema.Body, handle func(ctx context.Context, r *Request, in In) (any, error)) Operation {
	return Operation{body: body, handle: func(ctx context.Context, r *Request, raw []byte) (any, error) {
		in, err := decode[In](raw)
		if err != nil {
			return nil, err
		}
		if err := r.allow(); err != nil {
			return nil, err
		}
		return handle(ctx, r, in)
	}}
}

// Owned is a member that belongs to a project and a user: what policy is
// asked about.
type Owned interface {
	Owner() (projectID, userID string)
}

// A Load finds the member that a request is about. It answers NotFound for
// one that the caller may not know of.
type Load[M Owned] func(ctx context.Context, r *Request) (M, error)

// On is an operation on a member, without a body. The member is looked up, and
// policy asked about its owner, before the handler sees it.
func On[M Owned](load Load[M], handle func(ctx context.Context, r *Request, member M) (any, error)) Operation {
	return Operation{handle: func(ctx context.Context, r *Request, _ []byte) (any, error) {
		member, err := loadAllowed(ctx, r, load)
		if err != nil {
			return nil, err
		}
		return handle(ctx, r, member)
	}}
}

// OnWith is an operation on a member, with a body.
func OnWith[M Owned, In any](load Load[M], body *schema.Body, handle func(ctx context.Context, r *Request, member M, in In) (any, error)) Operation {
	return Operation{body: body, handle: func(ctx context.Context, r *Request, raw []byte) (any, error) {
		in, err := decode[In](raw)
		if err != nil {
			return nil, err
		}
		member, err := loadAllowed(ctx, r, load)
		if err != nil {
			return nil, err
		}
		return handle(ctx, r, member, in)
	}}
}

func loadAllowed[M Owned](ctx context.Context, r *Request, load Load[M]) (M, error) {
	member, err := load(ctx, r)
	if err != nil || r.rule == "" {
		return member, err
	}
	project, user := member.Owner()
	return member, r.Enforce(r.rule, policy.Target{ProjectID: project, UserID: user})
}

// allow asks policy about an operation that is on no member.
func (r *Request) allow() error {
	if r.rule == "" {
		return nil
	}
	return r.EnforceOwn(r.rule)
}

// Needs names the policy rule that must allow the operation.
func (o Operation) Needs(rule policy.Rule) Operation { o.rule = rule; return o }

// Query is the schema of the operation's query parameters. Without one, they are
// passed on as they come.
func (o Operation) Query(query *schema.Query) Operation { o.query = query; return o }

// Since is the microversion that brought the operation.
func (o Operation) Since(minor int) Operation { o.since = minor; return o }

// Until is the last microversion that has the operation.
func (o Operation) Until(minor int) Operation { o.until = minor; return o }

// Status is what a success answers, if not 200.
func (o Operation) Status(status int) Operation { return o.StatusSince(0, status) }

// StatusSince is what a success answers since a microversion.
func (o Operation) StatusSince(minor, status int) Operation {
	o.statuses = append(slices.Clip(o.statuses), statusSince{minor, status})
	return o
}

func (o Operation) status(r *Request) int {
	status := http.StatusOK
	for _, s := range o.statuses {
		if r.AtLeast(s.minor) {
			status = s.status
		}
	}
	return status
}

var errNotFound = nova.Errorf(nova.NotFound, "The resource could not be found.")

// run checks the version, the query and the body, in Nova's order, and calls
// the handler.
func (o Operation) run(ctx context.Context, r *Request) (any, error) {
	if !r.Version.Within(o.since, o.until) {
		return nil, errNotFound
	}
	r.rule = o.rule
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
	return o.handle(ctx, r, raw)
}

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

// checkBody checks a body against its schema, and gives what was checked for
// decoding. That is not what was sent: the legacy API drops keys that it
// doesn't know, and of a key that stands twice only the last was looked at.
func (o Operation) checkBody(r *Request) ([]byte, error) {
	checked, err := o.body.Check(r.Version, r.body.value)
	if err != nil {
		return nil, err
	}
	encoded, err := json.Marshal(checked)
	if err != nil {
		return nil, nova.Because(err, nova.Invalid, "Malformed request body")
	}
	return encoded, nil
}
