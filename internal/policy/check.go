package policy

import (
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
)

// An op is the kind of a node.
type op uint8

const (
	opFalse op = iota // the zero node refuses
	opTrue
	opAnd
	opOr
	opNot
	opRule  // what another rule says
	opRole  // the caller has a role
	opMatch // something of the caller's, or a literal, equals something
)

// A node is a part of a check, as parse reads it. Nodes do not change once
// their Enforcer is made, so goroutines share them.
type node struct {
	op    op
	kids  []*node  // of and, or, not; of rule: the tree of that rule, once linked
	rule  Rule     // of rule
	left  operand  // of match
	right template // of match and role
}

// A credential is a property of the caller that a check can compare.
type credential uint8

const (
	credUnknown credential = iota // an unknown property: it equals nothing
	credLiteral
	credRoles
	credIsAdmin
	credUserID
	credProjectID
	credDomainID
	credUserDomainID
	credProjectDomainID
	credSystemScope
)

// credentials are the names of the caller's properties in checks, with the
// names that old policy files still use.
var credentials = map[string]credential{
	"roles":             credRoles,
	"is_admin":          credIsAdmin,
	"user_id":           credUserID,
	"user":              credUserID,
	"project_id":        credProjectID,
	"tenant_id":         credProjectID,
	"tenant":            credProjectID,
	"domain_id":         credDomainID,
	"user_domain_id":    credUserDomainID,
	"user_domain":       credUserDomainID,
	"project_domain_id": credProjectDomainID,
	"project_domain":    credProjectDomainID,
	"system_scope":      credSystemScope,
}

// An operand is the left side of a match.
type operand struct {
	cred credential
	text string // the literal, or the name as it was written
}

// A field is a property of the target that a check can compare.
type field uint8

const (
	fieldText field = iota // not a property but the text itself
	fieldProjectID
	fieldUserID
	fieldUnknown // an unknown property
)

// fields are the names of the target's properties, as in %(project_id)s.
var fields = map[string]field{
	"project_id": fieldProjectID,
	"tenant_id":  fieldProjectID,
	"user_id":    fieldUserID,
}

// A template is the right side of a check: text, properties of the target, or
// both.
type template []part

// A part of a template is a piece of text, or a property by its name.
type part struct {
	field field
	text  string // the text, or the name of the property
}

// A question is one evaluation of one rule, about one caller and one target.
type question struct {
	caller      *nova.Caller
	target      Target
	admin       *node // says who is an administrator
	inAdminRule bool  // whether the rule context_is_admin is asked already
}

// holds reports whether a check allows the request. And and or stop at the first
// answer that decides, as in oslo.policy. It runs several times for
// each request, and allocates nothing but for templates of both text and
// properties and for roles with characters outside of ASCII.
func (n *node) holds(q *question) bool {
	switch n.op {
	case opFalse:
		return false
	case opTrue:
		return true
	case opAnd:
		for _, kid := range n.kids {
			if !kid.holds(q) {
				return false
			}
		}
		return true
	case opOr:
		for _, kid := range n.kids {
			if kid.holds(q) {
				return true
			}
		}
		return false
	case opNot:
		return !n.kids[0].holds(q)
	case opRule:
		return n.kids[0].holds(q)
	case opRole:
		return n.hasRole(q)
	case opMatch:
		return n.matches(q)
	}
	return false
}

// hasRole compares without case, as Keystone does with the names of roles.
func (n *node) hasRole(q *question) bool {
	want, ok := n.right.expand(q.target)
	if !ok {
		return false
	}
	for _, role := range q.caller.Roles {
		if strings.EqualFold(role, want) {
			return true
		}
	}
	return false
}

// matches compares the two sides of a match. Against roles, it reports whether
// the caller holds the role.
func (n *node) matches(q *question) bool {
	want, ok := n.right.expand(q.target)
	if !ok {
		return false
	}
	if n.left.cred == credRoles {
		return q.caller.HasRole(want)
	}
	have := q.value(n.left)
	return have != "" && have == want
}

// value returns the left side of a match. It is empty for a property that the
// caller does not have, and an empty value equals nothing: a token without a
// project must not pass for a token of a project without a name.
func (q *question) value(o operand) string {
	switch o.cred {
	case credLiteral:
		return o.text
	case credIsAdmin:
		return q.isAdmin()
	case credUserID:
		return q.caller.UserID
	case credProjectID:
		return q.caller.ProjectID
	case credDomainID:
		return q.caller.DomainID
	case credUserDomainID:
		return q.caller.UserDomainID
	case credProjectDomainID:
		return q.caller.ProjectDomainID
	case credSystemScope:
		return q.caller.System
	case credUnknown, credRoles:
	}
	return ""
}

// isAdmin asks the rule context_is_admin. If that rule itself asks for
// is_admin, the answer is no, which ends the recursion.
func (q *question) isAdmin() string {
	if q.inAdminRule {
		return "False"
	}
	q.inAdminRule = true
	admin := q.admin.holds(q)
	q.inAdminRule = false
	if admin {
		return "True"
	}
	return "False"
}

// expand fills in a template. It reports false if the target lacks one of the
// properties, and the check then refuses.
func (t template) expand(target Target) (string, bool) {
	if len(t) == 1 {
		return t[0].expand(target)
	}
	var b strings.Builder
	for _, p := range t {
		s, ok := p.expand(target)
		if !ok {
			return "", false
		}
		b.WriteString(s)
	}
	return b.String(), true
}

// expand returns the part's text, or the property's value. An empty property
// counts as missing.
func (p part) expand(target Target) (string, bool) {
	switch p.field {
	case fieldText:
		return p.text, true
	case fieldProjectID:
		return target.ProjectID, target.ProjectID != ""
	case fieldUserID:
		return target.UserID, target.UserID != ""
	case fieldUnknown:
	}
	return "", false
}

// walk calls f for every node of a check, but not for those of the rules that
// the check refers to.
func (n *node) walk(f func(*node)) {
	f(n)
	if n.op == opRule {
		return
	}
	for _, kid := range n.kids {
		kid.walk(f)
	}
}
