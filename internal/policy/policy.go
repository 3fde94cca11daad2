// Package policy says who may do what: the table of the API's rules with
// their defaults, and an evaluator of oslo.policy's language, in which
// operators override them.
package policy

import "github.com/nova-api/nova-api/internal/nova"

// A Target is the owner of a thing that a caller acts on. A rule that compares
// a property which the target lacks refuses, so the zero Target is safe.
type Target struct {
	ProjectID string // the project that owns it
	UserID    string // the user that owns it: of key pairs only
}

// Own is the target of calls about the caller's own project and things.
func Own(c nova.Caller) Target {
	return Target{ProjectID: c.ProjectID, UserID: c.UserID}
}

// An Enforcer decides what callers may do. It does not change once it is made,
// and serves any number of goroutines.
type Enforcer struct {
	rules        map[Rule]verdict
	admin        *node
	enforceScope bool
}

// A verdict is a rule in the form that decides fastest.
type verdict struct {
	check  *node
	scoped bool // whether only tokens of a project's scope will do
}

// Check returns nil if the rule allows the caller to act on the target. The
// error is Forbidden, in the words of PolicyNotAuthorized in nova/exception.py.
func (e *Enforcer) Check(rule Rule, c nova.Caller, t Target) error {
	if e.allows(rule, &c, t) {
		return nil
	}
	return nova.Errorf(nova.Forbidden, "Policy doesn't allow %s to be performed.", rule)
}

// Can reports what Check decides, for parts of a reply that are left out rather
// than refused.
func (e *Enforcer) Can(rule Rule, c nova.Caller, t Target) bool {
	return e.allows(rule, &c, t)
}

// Known reports whether a rule exists. Unknown rules refuse everybody; ask when
// the routes are laid and not when a request comes.
func (e *Enforcer) Known(rule Rule) bool {
	_, ok := e.rules[rule]
	return ok
}

// allows decides. A rule that stands for operations refuses tokens without a
// project first, if the options say so.
func (e *Enforcer) allows(rule Rule, c *nova.Caller, t Target) bool {
	v, ok := e.rules[rule]
	if !ok {
		return false
	}
	if v.scoped && e.enforceScope && (c.System != "" || c.DomainID != "") {
		return false
	}
	return v.check.holds(&question{caller: c, target: t, admin: e.admin})
}
