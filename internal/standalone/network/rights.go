package network

import (
	"net/http"
	"slices"
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// isAdmin reports whether the caller sees and changes the things of every
// project. Services are trusted as administrators are, where Neutron has the
// role advsvc.
func isAdmin(c nova.Caller) bool { return c.HasRole("admin") || c.HasRole("service") }

// scoped is a middleware that refuses callers without a project: they could own
// nothing.
func scoped(r *http.Request) (*http.Request, error) {
	if c := nova.CallerOf(r.Context()); c.ProjectID == "" && !isAdmin(c) {
		return nil, disallowed("context_is_member")
	}
	return r, nil
}

// checkMayWrite refuses callers who may only read.
func checkMayWrite(c nova.Caller, rule string) error {
	if isAdmin(c) || slices.ContainsFunc([]string{"manager", "member"}, c.HasRole) {
		return nil
	}
	return disallowed(rule)
}

// owns reports whether the caller may change the things of a project. Ports of
// routers and floating IPs belong to no project, and so to administrators only.
func owns(c nova.Caller, project string) bool {
	return isAdmin(c) || project != "" && c.ProjectID == project
}

// visibleProject is the project whose view of things the caller has; empty for
// an administrator, who sees everything.
func visibleProject(c nova.Caller) string {
	if isAdmin(c) {
		return ""
	}
	return c.ProjectID
}

// disallowed refuses a whole call, in the words of Neutron's policy.
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

// badRequest refuses input that Neutron's API layer would have refused.
func badRequest(format string, args ...any) error {
	return kit.Typed("HTTPBadRequest", nova.Invalid, format, args...)
}

// invalidInput refuses input that makes no sense together with other things.
func invalidInput(format string, args ...any) error {
	return kit.Typed("InvalidInput", nova.Invalid, "Invalid input for operation: "+format, args...)
}
