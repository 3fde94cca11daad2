package nova

import (
	"context"
	"slices"
	"time"
)

// A Caller is who sent a request, as the identity service vouches for it.
type Caller struct {
	Token           string // for asking other services on the caller's behalf; never logged
	UserID          string
	UserName        string
	UserDomainID    string
	ProjectID       string
	ProjectName     string
	ProjectDomainID string
	DomainID        string // of a domain-scoped token
	System          string // "all" for a system-scoped token
	Roles           []string
	Admin           bool // an administrator of the compute service, as policy has it (context_is_admin)
	ExpiresAt       time.Time
}

// HasRole reports whether the caller holds a role in the scope of its token.
func (c Caller) HasRole(role string) bool { return slices.Contains(c.Roles, role) }

// A Request is what the log, the action record and other services are told
// about the call that a piece of work belongs to.
type Request struct {
	ID       string // "req-" and a UUID: ours
	GlobalID string // the same, from the caller; empty if none
}

type contextKey int

const (
	callerKey contextKey = iota
	requestKey
)

// WithCaller puts the caller into a context.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey, c)
}

// CallerOf finds the caller in a context: the zero Caller if there is none.
func CallerOf(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey).(Caller)
	return c
}

// WithRequest puts the request's IDs into a context.
func WithRequest(ctx context.Context, r Request) context.Context {
	return context.WithValue(ctx, requestKey, r)
}

// RequestOf finds the request's IDs in a context.
func RequestOf(ctx context.Context) Request {
	r, _ := ctx.Value(requestKey).(Request)
	return r
}
