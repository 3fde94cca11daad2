// Package image is the bundled image service: as much of Glance's API v2 as
// nova-api and its clients use. What is known of images is in imagedb; their data
// is in files of one folder.
//
// service.go has the routes, images.go and members.go the handlers, attributes.go
// what clients may set. upload.go and files.go receive data, sweep.go cleans up
// after uploads that died. metadefs.go serves the metadata definitions.
package image

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db/imagedb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/folder"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// Path is where the process mounts the service. The prefix is stripped from the
// requests that the service gets.
const Path = "/image"

// Options are what a Service works with.
type Options struct {
	Store    *imagedb.Store
	Dir      string // where the data is; New makes it, with mode 0700
	Log      zerolog.Logger
	Validate kit.Validator
	AuthURL  func(*http.Request) string // where a caller without a token gets one
	// PublicURL is where clients reach the process, without Path. If it is
	// empty, each client is told the scheme and host that it used itself.
	PublicURL  string
	Owner      string // the project that owns the seeded image
	MaxBytes   int64  // of one image's data; 0 for a terabyte
	QuotaBytes int64  // of the data of all images of a project; 0 for any amount
}

// A Service is an image service. Several processes may run one each on the same
// database and the same folder.
type Service struct {
	Options
	kit     kit.Kit
	files   files
	folder  string // the identity of the folder
	handler http.Handler
}

const (
	defaultMaxBytes = 1 << 40
	pageLimit       = 1000 // images in a page, at the most
	defaultPage     = 25   // images in a page whose limit isn't given
)

// New makes a Service, and the folder for its data. Call Seed and Run, too.
func New(o Options) (*Service, error) {
	if o.MaxBytes == 0 {
		o.MaxBytes = defaultMaxBytes
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("folder for images: %w", err)
	}
	s := &Service{Options: o, kit: kit.Kit{Log: o.Log, Style: kit.Glance}, files: files{o.Dir}}
	var err error
	if s.folder, err = folder.Identity(o.Dir); err != nil {
		return nil, fmt.Errorf("folder for images: %w", err)
	}
	s.handler = s.router()
	return s, nil
}

// ServeHTTP answers a request to /, /versions or anything below /v2.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// base is where the client reaches this service.
func (s *Service) base(r *http.Request) string { return kit.BaseURL(r, s.PublicURL) + Path }

// router has the versions in front of the token check, as Glance does: clients
// look at them before they sign in.
func (s *Service) router() http.Handler {
	r := chi.NewRouter()
	r.MethodNotAllowed(s.kit.Handle(func(request *http.Request) (kit.Reply, error) { return methodNotAllowed(r, request) }))
	r.NotFound(s.kit.Handle(s.choices))
	kit.Route(r, http.MethodGet, "/versions", s.kit.Handle(s.versions))
	r.Route("/v2/", func(r chi.Router) {
		r.Use(kit.Authenticate(s.kit, s.Validate, s.AuthURL))
		r.NotFound(s.kit.NotFound())
		for _, route := range slices.Concat(s.routes(), s.metadefRoutes()) {
			kit.Route(r, route.method, route.path, s.kit.Handle(route.handle))
		}
		r.Put("/images/{id}/file", s.kit.Handle(s.upload))
		r.Put("/images/{id}/stage", s.kit.Handle(s.stage))
	})
	return r
}

// A route is a method and a path below /v2, and the handler for both.
type route struct {
	method, path string
	handle       kit.Handler
}

// routes are all that is said of images. Uploads have a deadline of their own,
// and stand in router.
func (s *Service) routes() []route {
	return []route{
		{"GET", "/schemas/{name}", s.schema},
		{"GET", "/info/import", s.importInfo},
		{"GET", "/info/stores", s.storesInfo},
		{"GET", "/images", s.list},
		{"POST", "/images", s.create},
		{"GET", "/images/{id}", s.show},
		{"PATCH", "/images/{id}", s.update},
		{"DELETE", "/images/{id}", s.remove},
		{"GET", "/images/{id}/tasks", s.tasks},
		{"GET", "/images/{id}/file", s.download},
		{"POST", "/images/{id}/import", s.importData},
		{"POST", "/images/{id}/actions/deactivate", s.deactivate},
		{"POST", "/images/{id}/actions/reactivate", s.reactivate},
		{"PUT", "/images/{id}/tags/{tag}", s.addTag},
		{"DELETE", "/images/{id}/tags/{tag}", s.removeTag},
		{"GET", "/images/{id}/members", s.members},
		{"POST", "/images/{id}/members", s.addMember},
		{"GET", "/images/{id}/members/{member}", s.member},
		{"PUT", "/images/{id}/members/{member}", s.answerMember},
		{"DELETE", "/images/{id}/members/{member}", s.removeMember},
	}
}

// methodNotAllowed says which methods there are instead, in Glance's words.
func methodNotAllowed(routes chi.Routes, r *http.Request) (kit.Reply, error) {
	var allowed []string
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		if routes.Match(chi.NewRouteContext(), method, r.URL.Path) {
			allowed = append(allowed, method)
		}
	}
	return kit.Reply{}, kit.WithHeader("Allow", strings.Join(allowed, ", "), kit.WithStatus(http.StatusMethodNotAllowed,
		nova.Errorf(nova.Invalid, "The method %s is not allowed for this resource. ", r.Method)))
}

// pathValue is a part of the path. The router leaves it escaped if the client
// has escaped more than it had to.
func pathValue(r *http.Request, name string) string {
	value := chi.URLParam(r, name)
	if r.URL.RawPath == "" {
		return value
	}
	plain, err := url.PathUnescape(value)
	if err != nil {
		return value // names nothing
	}
	return plain
}

// choices answers a path outside of /v2 with the versions that there are.
func (s *Service) choices(r *http.Request) (kit.Reply, error) {
	reply, err := s.versions(r)
	reply.Status = http.StatusMultipleChoices
	return reply, err
}

// versionsServed are the versions of Glance's API that offer what this service
// does. Later ones have tasks, several stores and caches.
var versionsServed = strings.Fields("v2.9 v2.7 v2.6 v2.5 v2.4 v2.3 v2.2 v2.1 v2.0")

// versions shows the versions of the API, all of which lead to the one that there
// is.
func (s *Service) versions(r *http.Request) (kit.Reply, error) {
	links := []map[string]string{{"rel": "self", "href": s.base(r) + "/v2/"}}
	versions := make([]map[string]any, len(versionsServed))
	for i, id := range versionsServed {
		status := "SUPPORTED"
		if i == 0 {
			status = "CURRENT"
		}
		versions[i] = map[string]any{"id": id, "status": status, "links": links}
	}
	return kit.Reply{Body: map[string]any{"versions": versions}}, nil
}

// importInfo says in which ways data can be imported.
func (s *Service) importInfo(*http.Request) (kit.Reply, error) {
	return kit.Reply{Body: map[string]any{"import-methods": map[string]any{
		"description": "How data can be imported.", "type": "array", "value": []string{importMethod},
	}}}, nil
}

// storesInfo says where data can be stored: in the one place.
func (s *Service) storesInfo(*http.Request) (kit.Reply, error) {
	return kit.Reply{Body: map[string]any{"stores": []map[string]string{{"id": "file", "default": "true"}}}}, nil
}
