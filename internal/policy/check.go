package policy

import (
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
)

// An op says what a node of a parsed check does with the rest of it.
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

// A node is a part of a parsed check.
type node struct {
	op    op
	kids  []*node  // of and, or, not; of rule: the tree of that rule, once linked
	rule  Rule     // of rule
	left  operand  // of match
	right template // of match and role
}

// A credential is a property of the caller that a check can ask for.
type credential uint8

const (
	credUnknown credential = iota // one that we don't have: it equals nothing
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

// credentials are the names that checks know the caller's properties by,
// with those that old policy files still use.
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

// A field is a property of the target that a check can ask for.
type field uint8

const (
	fieldText field = iota // not a property but the text itself
	fieldProjectID
	fieldUserID
	fieldUnknown // one that no target has
)

// fields are the names of the target's properties, as in %(project_id)s.
var fields = map[string]field{
	"project_id": fieldProjectID,
	"tenant_id":  fieldProjectID,
	"user_id":    fieldUserID,
}

// A template is the right side of a check: text with the target's properties
// in it.
type template []part

type part struct {
	field field
	text  string // the text, or the name of the property
}

// A question is one evaluation of one rule.
type question struct {
	caller   *nova.Caller
	target   Target
	admin    *node // says who is an administrator
	deciding bool  // whether that is what is being asked
}

// holds evaluates a tree. It allocates nothing, but for templates that are
// both text and properties, and for roles in other than ASCII.
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

// hasRole ignores case, as the identity service does in the names of roles.
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

// value finds the left side of a match. It is empty for what the caller does
// not have, which equals nothing: a token without a project must not pass for
// one of the project without a name.
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

// isAdmin asks the rule context_is_admin. Where that rule itself asks, nobody
// is an administrator yet.
func (q *question) isAdmin() string {
	if q.deciding {
		return "False"
	}
	q.deciding = true
	admin := q.admin.holds(q)
	q.deciding = false
	if admin {
		return "True"
	}
	return "False"
}

// expand fills a template in. It tells false if the target lacks one of the
// properties.
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

// walk calls f for every node of a tree, but not for those of the rules that
// it refers to.
func (n *node) walk(f func(*node)) {
	f(n)
	if n.op == opRule {
		return
	}
	for _, kid := range n.kids {
		kid.walk(f)
	}
}
