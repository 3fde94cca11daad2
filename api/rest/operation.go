package rest

import (
	"context"
	"net/http"
	"slices"

	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
)

// Operations is a controller's table: its operations by name.
type Operations map[string]Operation

// A Controller answers for a resource.
type Controller interface {
	Operations() Operations
}

// A MemberController also has operations that the body of POST …/{id}/action
// names.
type MemberController interface {
	Controller
	MemberActions() Operations
}

// An Operation is one thing that a controller does, with everything that is
// checked before it. It is a value: each method returns a changed copy.
type Operation struct {
	since, until int
	body         *schema.Body
	query        *schema.Query
	rule         policy.Rule
	statuses     []statusSince
	byBody       Operations // the body names one of these; nil if there is no choice
	refuse       func(r *Request) error
	gone         bool // Nova had it once
	long         bool // a list that may be long
	handle       handler
}

// A statusSince is the status of a success from 2.minor on.
type statusSince struct{ minor, status int }

// A handler is the rest of an operation once its version, query and body
// have been checked: decode the body, load the member, ask policy about the
// rule, and do the work. Only the handler knows whom the member belongs to, so
// the operation hands it the rule.
type handler func(ctx context.Context, r *Request, rule policy.Rule, raw []byte) (any, error)

// Do is an operation without a body.
func Do(handle func(ctx context.Context, r *Request) (any, error)) Operation {
	return Operation{handle: func(ctx context.Context, r *Request, rule policy.Rule, _ []byte) (any, error) {
		if err := r.allow(rule, policy.Own(r.Caller)); err != nil {
			return nil, err
		}
		return handle(ctx, r)
	}}
}

// DoWith is an operation with a body, which is checked against a schema and
// decoded.
func DoWith[In any](body *schema.Body, handle func(ctx context.Context, r *Request, in In) (any, error)) Operation {
	return Operation{body: body, handle: func(ctx context.Context, r *Request, rule policy.Rule, raw []byte) (any, error) {
		in, err := decode[In](raw)
		if err != nil {
			return nil, err
		}
		if err := r.allow(rule, policy.Own(r.Caller)); err != nil {
			return nil, err
		}
		return handle(ctx, r, in)
	}}
}

// Gone is an operation that Nova had once. Its route is still there, at every
// version, and answers 410 to everybody with a token.
func Gone() Operation {
	return Operation{gone: true, handle: func(context.Context, *Request, policy.Rule, []byte) (any, error) {
		return nil, nova.Errorf(nova.Gone, "")
	}}
}

// Owned is a member that belongs to a project, to a user, or to both. Policy is
// asked about its owner.
type Owned interface {
	Owner() (projectID, userID string)
}

// A Load finds the member that a request is about. The error is NotFound if
// the caller may not know of the member.
type Load[M Owned] func(ctx context.Context, r *Request) (M, error)

// On is an operation on a member, without a body. The member is loaded, and
// policy asked about its owner, before the handler is called.
func On[M Owned](load Load[M], handle func(ctx context.Context, r *Request, member M) (any, error)) Operation {
	return Operation{handle: func(ctx context.Context, r *Request, rule policy.Rule, _ []byte) (any, error) {
		member, err := loadAllowed(ctx, r, load, rule)
		if err != nil {
			return nil, err
		}
		return handle(ctx, r, member)
	}}
}

// OnWith is an operation on a member, with a body.
func OnWith[M Owned, In any](load Load[M], body *schema.Body, handle func(ctx context.Context, r *Request, member M, in In) (any, error)) Operation {
	return Operation{body: body, handle: func(ctx context.Context, r *Request, rule policy.Rule, raw []byte) (any, error) {
		in, err := decode[In](raw)
		if err != nil {
			return nil, err
		}
		member, err := loadAllowed(ctx, r, load, rule)
		if err != nil {
			return nil, err
		}
		return handle(ctx, r, member, in)
	}}
}

// loadAllowed loads the member and asks policy about its owner. A member that
// the caller may not know of is NotFound before it is Forbidden.
func loadAllowed[M Owned](ctx context.Context, r *Request, load Load[M], rule policy.Rule) (M, error) {
	member, err := load(ctx, r)
	if err != nil {
		return member, err
	}
	project, user := member.Owner()
	return member, r.allow(rule, policy.Target{ProjectID: project, UserID: user})
}

// Needs names the policy rule that must allow the operation. Without one,
// everybody with a token may do it.
func (o Operation) Needs(rule policy.Rule) Operation { o.rule = rule; return o }

// Query is the schema of the operation's query parameters. Without one, they
// are passed on as they come.
func (o Operation) Query(query *schema.Query) Operation { o.query = query; return o }

// Refuse is a check of what Nova refuses to everybody, before it asks policy.
func (o Operation) Refuse(check func(r *Request) error) Operation { o.refuse = check; return o }

// Long marks a list that may be long, so that few of them are made at a time.
func (o Operation) Long() Operation { o.long = true; return o }

// Since is the microversion that brought the operation.
func (o Operation) Since(minor int) Operation { o.since = minor; return o }

// Until is the last microversion that has the operation.
func (o Operation) Until(minor int) Operation { o.until = minor; return o }

// Status is the status of a successful reply, if it is not 200.
func (o Operation) Status(status int) Operation { return o.StatusSince(0, status) }

// StatusSince is the status of a successful reply since a microversion.
func (o Operation) StatusSince(minor, status int) Operation {
	o.statuses = append(slices.Clip(o.statuses), statusSince{minor, status})
	return o
}

// status returns the status of a success at the request's version.
func (o Operation) status(r *Request) int {
	status := http.StatusOK
	for _, s := range o.statuses {
		if r.AtLeast(s.minor) {
			status = s.status
		}
	}
	return status
}
