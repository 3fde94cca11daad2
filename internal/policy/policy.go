// Package policy says who may do what: the table of the API's rules with
// their defaults, and an evaluator of oslo.policy's language, in which
// operators override them.
package policy

import "github.com/nova-api/nova-api/internal/nova"

// A Target is what something is to be done to. A rule that asks for a
// property which the target lacks refuses, so the zero Target is safe.
type Target struct {
	ProjectID string // the project that owns it
	UserID    string // the user that owns it: of key pairs only
}

// Own is the target of what callers do in their own project, or to their own
// things.
func Own(c nova.Caller) Target {
	return Target{ProjectID: c.ProjectID, UserID: c.UserID}
}

// An Enforcer decides about callers. It does not change once it is made, and
// serves any number of goroutines.
type Enforcer struct {
	rules        map[Rule]verdict
	admin        *node
	enforceScope bool
}

// A verdict is what is kept of a rule for deciding.
type verdict struct {
	check  *node
	scoped bool // whether only tokens of a project's scope will do
}

// Check is nil if the caller may do what the rule stands for to the target,
// and an error of kind Forbidden if not.
func (e *Enforcer) Check(rule Rule, c nova.Caller, t Target) error {
	if e.allows(rule, &c, t) {
		return nil
	}
	return nova.Errorf(nova.Forbidden, "Policy doesn't allow %s to be performed.", rule)
}

// Can tells the same as Check, for what is left out rather than refused.
func (e *Enforcer) Can(rule Rule, c nova.Caller, t Target) bool {
	return e.allows(rule, &c, t)
}

// Known reports whether there is such a rule. One that there is not is always
// refused: ask when the routes are laid, not when a request comes.
func (e *Enforcer) Known(rule Rule) bool {
	_, ok := e.rules[rule]
	return ok
}

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
