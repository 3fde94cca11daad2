package network

import (
	"net/http"
	"slices"
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// isAdmin is for people and services that see every project's things.
func isAdmin(c nova.Caller) bool { return c.HasRole("admin") || c.HasRole("service") }

// scoped refuses callers who belong to no project, and so could own nothing.
func scoped(r *http.Request) (*http.Request, error) {
	if c := nova.CallerOf(r.Context()); c.ProjectID == "" && !isAdmin(c) {
		return nil, disallowed("context_is_member")
	}
	return r, nil
}

// mayWrite tells whether the caller holds a role that may do more than read.
func mayWrite(c nova.Caller, rule string) error {
	if isAdmin(c) || slices.ContainsFunc([]string{"manager", "member"}, c.HasRole) {
		return nil
	}
	return disallowed(rule)
}

// owns tells whether the caller may do with a project's things as it likes.
func owns(c nova.Caller, project string) bool {
	return isAdmin(c) || project != "" && c.ProjectID == project
}

// scope is the project whose view of things the caller has: empty for all.
func scope(c nova.Caller) string {
	if isAdmin(c) {
		return ""
	}
	return c.ProjectID
}

func disallowed(rule string) error {
	return kit.Typed("PolicyNotAuthorized", nova.Forbidden, "rule:%s is disallowed by policy", rule)
}

// disallowedPart refuses one attribute of a request, such as mac_address, or
// keys within one, such as ip_address within fixed_ips. The message spells out
// the rules as Neutron combines them.
func disallowedPart(rule, attribute string, keys ...string) error {
	rules := "rule:" + rule + ":" + attribute
	if len(keys) > 0 {
		separator := " and " + rules + ":"
		rules = "(" + rules + " and (" + strings.TrimPrefix(separator, " and ") + strings.Join(keys, separator) + "))"
	}
	return kit.Typed("PolicyNotAuthorized", nova.Forbidden, "(rule:%s and %s) is disallowed by policy", rule, rules)
}

func badRequest(format string, args ...any) error {
	return kit.Typed("HTTPBadRequest", nova.Invalid, format, args...)
}

func invalidInput(format string, args ...any) error {
	return kit.Typed("InvalidInput", nova.Invalid, "Invalid input for operation: "+format, args...)
}
