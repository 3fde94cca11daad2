package rest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/nova-api/nova-api/internal/microversion"
	"github.com/nova-api/nova-api/internal/policy"
)

// projectParam is the project in the path, where the client's endpoint has one.
const projectParam = "project_id"

// projectFormat tells a project's ID in a path from the name of a resource.
const projectFormat = ":[0-9a-f-]+"

// actionByBody is the name of the operation whose body names the member action
// that is meant.
const actionByBody = "action"

// A Mapper binds the operations of controllers to URLs, as Nova's mapper does.
// Resource maps the five operations of a Rails resource, and options add
// others.
type Mapper struct {
	site   *Site
	router chi.Router
	prefix string
	mapped map[string]bool // methods and paths; shared by all Mappers of a router
	visit  func(Route)     // called for every operation; may be nil
}

// An Option adds routes to a resource.
type Option interface {
	routes(base, one string) []route
}

// Collection adds operations on the whole collection, by name, with their
// methods: GET /servers/detail.
type Collection map[string]string

// Member adds operations on each member, by name, with their methods: POST
// /servers/{id}/action.
type Member map[string]string

// A Singular is a resource without members of its own, such as a server's tags
// as a whole. It adds operations at the path of the collection, by name, with
// their methods.
type Singular map[string]string

// A route is a method and a path, and the name of the operation that answers
// there.
type route struct{ method, path, operation string }

func (c Collection) routes(base, _ string) []route {
	found := make([]route, 0, len(c))
	for name, method := range c {
		found = append(found, route{method, base + "/" + name, name})
	}
	return found
}

func (m Member) routes(_, one string) []route {
	found := make([]route, 0, len(m))
	for name, method := range m {
		found = append(found, route{method, one + "/" + name, name})
	}
	return found
}

func (s Singular) routes(base, _ string) []route {
	found := make([]route, 0, len(s))
	for name, method := range s {
		found = append(found, route{method, base, name})
	}
	return found
}

// Resource maps a controller: index, create, show, update and delete if the
// controller has them, and then the routes of the options. It returns a Mapper
// that is rooted in the member, so a nested resource does not repeat its
// parent.
//
// It panics if a route has no operation or an operation no route, if two
// operations share a route, or if policy does not know an operation's rule.
// Whoever builds the router has so tested all routes.
func (m Mapper) Resource(member, plural string, c Controller, options ...Option) Mapper {
	base := m.prefix + "/" + plural
	one := base + "/{id}"
	operations := m.operations(base, c)
	reached := map[string]bool{}
	for _, r := range []route{
		{http.MethodGet, base, "index"},
		{http.MethodPost, base, "create"},
		{http.MethodGet, one, "show"},
		{http.MethodPut, one, "update"},
		{http.MethodDelete, one, "delete"},
	} {
		if operation, ok := operations[r.operation]; ok {
			m.handle(r, operation)
			reached[r.operation] = true
		}
	}
	for _, option := range options {
		for _, r := range option.routes(base, one) {
			operation, ok := operations[r.operation]
			if !ok {
				panic(fmt.Sprintf("api: %s %s has no operation %q", r.method, r.path, r.operation))
			}
			m.handle(r, operation)
			reached[r.operation] = true
		}
	}
	for name := range operations {
		if !reached[name] {
			panic(fmt.Sprintf("api: no route reaches %s of %s", name, base))
		}
	}
	m.prefix = base + "/{" + member + "_id}"
	return m
}

// operations returns a controller's operations by the names that routes use.
// All member actions together are one operation, named "action".
func (m Mapper) operations(base string, c Controller) Operations {
	operations := Operations{}
	for name, operation := range c.Operations() {
		m.check(base, name, operation)
		operations[name] = operation
	}
	members, ok := c.(MemberController)
	if !ok {
		return operations
	}
	if _, ok := operations[actionByBody]; ok {
		panic(fmt.Sprintf("api: %s has an operation %q twice", base, actionByBody))
	}
	named := members.MemberActions()
	for name, operation := range named {
		m.check(base, name, operation)
	}
	operations[actionByBody] = byBody(named)
	return operations
}

// check panics for an operation that no request could reach: its rule is
// unknown, or no version has it.
func (m Mapper) check(base, name string, o Operation) {
	if o.rule != "" && !m.site.Policy.Known(o.rule) {
		panic(fmt.Sprintf("api: %s of %s needs %q, which policy doesn't know", name, base, o.rule))
	}
	if o.since > int(microversion.Max) || (o.until != 0 && o.until < o.since) {
		panic(fmt.Sprintf("api: no version has %s of %s (since %d, until %d)", name, base, o.since, o.until))
	}
}

// handle binds an operation to a route. The log gets the pattern without the
// expression that recognises a project.
func (m Mapper) handle(r route, operation Operation) {
	if !slices.Contains([]string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete}, r.method) {
		panic(fmt.Sprintf("api: method %q of %s", r.method, r.path))
	}
	key := r.method + " " + r.path
	if m.mapped[key] {
		panic("api: two operations at " + key)
	}
	m.mapped[key] = true
	if m.visit != nil {
		m.tell(r, operation)
	}
	m.router.Method(r.method, r.path, m.site.serve(strings.Replace(r.path, projectFormat, "", 1), operation))
}

// A Route is an operation with its place in the API, for tests that hold tables
// to each other.
type Route struct {
	Method, Path string
	Action       string // the key of the body that names it; empty for most
	Rule         policy.Rule
	Since, Until int // 0 leaves an end open
	Gone         bool
}

// Routes lists the operations that routes maps, by their paths below a root.
func (s *Site) Routes(routes func(Mapper)) []Route {
	var all []Route
	routes(Mapper{site: s, router: chi.NewRouter(), mapped: map[string]bool{}, visit: func(r Route) { all = append(all, r) }})
	return all
}

// tell visits an operation, or all operations that a body can name.
func (m Mapper) tell(r route, o Operation) {
	if o.byBody == nil {
		m.visit(Route{r.method, r.path, "", o.rule, o.since, o.until, o.gone})
	}
	for name, action := range o.byBody {
		m.visit(Route{r.method, r.path, name, action.rule, action.since, action.until, action.gone})
	}
}
