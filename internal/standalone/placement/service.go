// Package placement is the bundled placement service: the reads of Placement's API
// that tell how much room hosts have, and how much of it is taken. Nothing can be
// written: a host tells of its room itself, and servers take it when they are placed.
package placement

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// Path is where the process mounts the service. The prefix is stripped from the
// requests that the service gets.
const Path = "/placement"

// A Source knows the hosts, and the aggregates that they are in.
type Source interface {
	// All are the nodes of all hosts, with what is taken of them.
	All(ctx context.Context) ([]nova.Host, error)
	// Hypervisor is the node with a UUID: NotFound if there is none.
	Hypervisor(ctx context.Context, id string) (nova.Host, error)
	// Aggregates are all of them, with the names of their hosts.
	Aggregates(ctx context.Context) ([]nova.Aggregate, error)
}

// Options are what a Service works with.
type Options struct {
	Source   Source
	Log      zerolog.Logger
	Validate kit.Validator
	AuthURL  func(*http.Request) string // where a caller without a token gets one
}

// A Service answers for the hosts as providers of resources: a node of a host is one,
// under its UUID as a hypervisor.
type Service struct {
	Options
	kit     kit.Kit
	handler http.Handler
}

// New makes a Service.
func New(o Options) *Service {
	s := &Service{Options: o, kit: kit.Kit{Log: o.Log, Style: kit.Placement}}
	s.handler = s.router()
	return s
}

// ServeHTTP answers a request below Path.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// router builds the handler. Everything but the list of versions is for
// administrators and services.
func (s *Service) router() http.Handler {
	r := chi.NewRouter()
	r.NotFound(s.kit.NotFound())
	r.MethodNotAllowed(s.kit.Handle(methodNotAllowed))
	kit.Route(r, http.MethodGet, "/", s.kit.Handle(s.versions))
	r.Group(func(r chi.Router) {
		r.Use(kit.Authenticate(s.kit, s.Validate, s.AuthURL), s.kit.Middleware(negotiate))
		for path, handle := range map[string]kit.Handler{
			"/resource_providers":                            s.list,
			"/resource_providers/{uuid}":                     s.one(s.show),
			"/resource_providers/{uuid}/inventories":         s.one(inventories),
			"/resource_providers/{uuid}/inventories/{class}": s.one(inventoryOf),
			"/resource_providers/{uuid}/usages":              s.one(usages),
			"/resource_providers/{uuid}/" + aggregates.path:  s.one(s.aggregates),
			"/resource_providers/{uuid}/" + traits.path:      s.one(noTraits),
		} {
			kit.Route(r, http.MethodGet, path, s.kit.Handle(handle))
		}
	})
	return r
}

func methodNotAllowed(*http.Request) (kit.Reply, error) {
	return kit.Reply{}, kit.WithStatus(http.StatusMethodNotAllowed, nova.Errorf(nova.Invalid, "The method specified is not allowed for this resource."))
}

type object = map[string]any

// A version is the minor number of a microversion of Placement's.
type version int

// The versions at which something that is read here was added (Placement's REST API
// version history).
const (
	latest               version = 39
	withMoreLinks        version = 11 // allocations among a provider's links
	withTrees            version = 14 // who a provider's parent is
	withAggregateVersion version = 19 // the provider's generation beside its aggregates
)

// A part is what providers have since a version.
type part struct {
	path  string
	since version
}

var (
	aggregates = part{"aggregates", 1}
	traits     = part{"traits", 6}
)

type versionKey struct{}

var versionPattern = regexp.MustCompile(`(?i)^placement +(?:(latest)|1\.(\d{1,3}))$`)

// negotiate finds the version that a request asks for: 1.0 if it asks for none. The
// error is NotAcceptable for one that there isn't.
func negotiate(r *http.Request) (*http.Request, error) {
	asked := version(0)
	for _, header := range r.Header.Values("OpenStack-API-Version") {
		for one := range strings.SplitSeq(header, ",") {
			if !strings.HasPrefix(strings.ToLower(strings.TrimSpace(one)), "placement") {
				continue
			}
			found := versionPattern.FindStringSubmatch(strings.TrimSpace(one))
			if found == nil {
				return r, nova.Errorf(nova.Invalid, "invalid version string: %s", strings.TrimSpace(one))
			}
			if asked = latest; found[1] == "" {
				minor, _ := strconv.Atoi(found[2]) // three digits
				asked = version(minor)
			}
			if asked > latest {
				return r, nova.Errorf(nova.NotAcceptable, "Unacceptable version header: 1.%d", asked)
			}
		}
	}
	return r.WithContext(context.WithValue(r.Context(), versionKey{}, asked)), nil
}

func versionOf(r *http.Request) version {
	v, _ := r.Context().Value(versionKey{}).(version)
	return v
}

// reply is a body with the headers that say which version it is in.
func reply(r *http.Request, body object) kit.Reply {
	return kit.Reply{Body: body, Header: http.Header{
		"Openstack-Api-Version": {fmt.Sprintf("placement 1.%d", versionOf(r))}, "Vary": {"openstack-api-version"},
	}}
}

// versions: GET / answers 200 without a token.
func (s *Service) versions(*http.Request) (kit.Reply, error) {
	return kit.Reply{Body: object{"versions": []object{{
		"id": "v1.0", "status": "CURRENT", "min_version": "1.0", "max_version": fmt.Sprintf("1.%d", latest),
		"links": []object{{"rel": "self", "href": ""}},
	}}}}, nil
}

// allowed refuses who is neither an administrator nor a service.
func allowed(r *http.Request) error {
	if c := nova.CallerOf(r.Context()); c.HasRole("admin") || c.HasRole("service") {
		return nil
	}
	return nova.Errorf(nova.Forbidden, "Policy does not allow %s to be performed.", "placement:resource_providers:list")
}

// A provider is a node of a host.
type provider = nova.Host

// list: GET /resource_providers answers 200, with name, uuid and in_tree (1.14) as
// filters. The error is Invalid for another parameter.
func (s *Service) list(r *http.Request) (kit.Reply, error) {
	if err := allowed(r); err != nil {
		return kit.Reply{}, err
	}
	query := r.URL.Query()
	for name := range query {
		if name != "name" && name != "uuid" && (name != "in_tree" || versionOf(r) < withTrees) {
			return kit.Reply{}, nova.Errorf(nova.Invalid, "Invalid query string parameters: Additional properties are not allowed ('%s' was unexpected)", name)
		}
	}
	all, err := s.Source.All(r.Context())
	if err != nil {
		return kit.Reply{}, err
	}
	views := []object{}
	for _, p := range all {
		if matches(query, "name", p.Node) && matches(query, "uuid", p.ID) && matches(query, "in_tree", p.ID) {
			views = append(views, view(r, p))
		}
	}
	return reply(r, object{"resource_providers": views}), nil
}

func matches(query map[string][]string, name, value string) bool {
	wanted, ok := query[name]
	return !ok || slices.Contains(wanted, value)
}

// one is a handler for the provider that the path names.
func (s *Service) one(handle func(r *http.Request, p provider) (kit.Reply, error)) kit.Handler {
	return func(r *http.Request) (kit.Reply, error) {
		if err := allowed(r); err != nil {
			return kit.Reply{}, err
		}
		id := chi.URLParam(r, "uuid")
		p, err := s.Source.Hypervisor(r.Context(), id)
		if nova.Is(err, nova.NotFound) {
			return kit.Reply{}, nova.Errorf(nova.NotFound, "No resource provider with uuid %s found", id)
		}
		if err != nil {
			return kit.Reply{}, err
		}
		return handle(r, p)
	}
}

// show: GET /resource_providers/{uuid} answers 200.
func (s *Service) show(r *http.Request, p provider) (kit.Reply, error) {
	return reply(r, view(r, p)), nil
}

// view shows a provider, with links as the version knows them.
func view(r *http.Request, p provider) object {
	v := versionOf(r)
	self := Path + "/resource_providers/" + p.ID
	links := []object{{"rel": "self", "href": self}, {"rel": "inventories", "href": self + "/inventories"}, {"rel": "usages", "href": self + "/usages"}}
	for _, part := range []part{aggregates, traits} {
		if v >= part.since {
			links = append(links, object{"rel": part.path, "href": self + "/" + part.path})
		}
	}
	shown := object{"uuid": p.ID, "name": p.Node, "generation": generation(p), "links": links}
	if v >= withTrees {
		shown["parent_provider_uuid"], shown["root_provider_uuid"] = nil, p.ID
	}
	return shown
}

// generation changes with what a provider has, and with what is taken of it. In
// Placement it guards writes, of which there are none.
func generation(p provider) int {
	return p.VCPUs + p.RAM + p.Disk + p.VCPUsUsed + p.RAMUsed + p.DiskUsed
}

// A resource is what a provider has of a class.
type resource struct {
	total, used int
	ratio       float64 // how much more is given out
}

// resources are what a provider has, by class; memory is in MB, disk in GB. A class of
// which it has nothing is left out.
func resources(p provider) map[string]resource {
	all := map[string]resource{
		"VCPU": {p.VCPUs, p.VCPUsUsed, p.CPURatio}, "MEMORY_MB": {p.RAM, p.RAMUsed, p.RAMRatio}, "DISK_GB": {p.Disk, p.DiskUsed, p.DiskRatio},
	}
	for class, has := range all {
		if has.total == 0 {
			delete(all, class)
		}
	}
	return all
}

func inventory(has resource) object {
	return object{"total": has.total, "reserved": 0, "min_unit": 1, "max_unit": has.total, "step_size": 1, "allocation_ratio": has.ratio}
}

// inventories: GET /resource_providers/{uuid}/inventories answers 200. What is reserved
// on a host has been left out of its room.
func inventories(r *http.Request, p provider) (kit.Reply, error) {
	shown := object{}
	for class, has := range resources(p) {
		shown[class] = inventory(has)
	}
	return reply(r, object{"resource_provider_generation": generation(p), "inventories": shown}), nil
}

// inventoryOf: GET /resource_providers/{uuid}/inventories/{class} answers 200, or
// NotFound for a class of which the provider has nothing.
func inventoryOf(r *http.Request, p provider) (kit.Reply, error) {
	class := chi.URLParam(r, "class")
	has, ok := resources(p)[class]
	if !ok {
		return kit.Reply{}, nova.Errorf(nova.NotFound, "No inventory of class %s for %s", class, p.ID)
	}
	shown := inventory(has)
	shown["resource_provider_generation"] = generation(p)
	return reply(r, shown), nil
}

// usages: GET /resource_providers/{uuid}/usages answers 200.
func usages(r *http.Request, p provider) (kit.Reply, error) {
	shown := object{}
	for class, has := range resources(p) {
		shown[class] = has.used
	}
	return reply(r, object{"resource_provider_generation": generation(p), "usages": shown}), nil
}

// aggregates: GET /resource_providers/{uuid}/aggregates (1.1) answers 200.
func (s *Service) aggregates(r *http.Request, p provider) (kit.Reply, error) {
	if versionOf(r) < aggregates.since {
		return kit.Reply{}, nova.Errorf(nova.NotFound, "The resource could not be found.")
	}
	all, err := s.Source.Aggregates(r.Context())
	ids := []string{}
	for _, a := range all {
		if slices.Contains(a.Hosts, p.Name) {
			ids = append(ids, a.ID)
		}
	}
	shown := object{"aggregates": ids}
	if versionOf(r) >= withAggregateVersion {
		shown["resource_provider_generation"] = generation(p)
	}
	return reply(r, shown), err
}

// noTraits: GET /resource_providers/{uuid}/traits (1.6) answers 200: hosts tell of none.
func noTraits(r *http.Request, p provider) (kit.Reply, error) {
	if versionOf(r) < traits.since {
		return kit.Reply{}, nova.Errorf(nova.NotFound, "The resource could not be found.")
	}
	return reply(r, object{"resource_provider_generation": generation(p), "traits": []string{}}), nil
}
