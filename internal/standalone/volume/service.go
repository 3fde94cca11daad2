// Package volume is the bundled block storage service: as much of Cinder's API v3
// as nova-api and its clients use. What is known of volumes is in volumedb; their
// data is in sparse files of one folder.
//
// service.go has the routes and version.go the versions. A handler checks a
// request, announces work by a volume's status and queues it; work.go does it, in
// steps that can be repeated. files.go knows the folder, body.go what clients may
// say, rights.go who may do what.
package volume

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"

	"github.com/go-chi/chi/v5"
	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/folder"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// Path is where the process mounts the service. The prefix is stripped from the
// requests that the service gets.
const Path = "/volume"

// Options are what a Service works with.
type Options struct {
	Store    *volumedb.Store
	Dir      string // where the data is; New makes it, with mode 0700
	Log      zerolog.Logger
	Validate kit.Validator
	AuthURL  func(*http.Request) string // where a caller without a token gets one
	// PublicURL is where clients reach the process, without Path. If it is
	// empty, each client is told the scheme and host that it used itself.
	PublicURL string
	Images    *cloud.ImageService // of which volumes are made; may be set until the service serves
	Zone      string              // the availability zone of all volumes; empty for nova
	Host      string              // the name of this machine, as administrators see it
	Limits    map[string]int64    // of projects without limits of their own; what is missing has Cinder's default
}

// A Service is a block storage service. Several processes may run one each on the
// same database, with the same folder or folders of their own.
type Service struct {
	Options
	kit      kit.Kit
	files    files
	folder   string // the identity of the folder
	gigabyte int64  // the bytes of data for each GB; less in tests that move all of it
	handler  http.Handler
	onChange func(ctx context.Context, events []nova.ServerEvent) error // nil: nobody wants to know
}

const (
	defaultZone = "nova"
	pageLimit   = 1000 // items in a page, at the most
)

// New makes a Service, and the folder for its data. Call Seed and Run, too.
func New(o Options) (*Service, error) {
	o.Zone = cmp.Or(o.Zone, defaultZone)
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("folder for volumes: %w", err)
	}
	s := &Service{Options: o, kit: kit.Kit{Log: o.Log, Style: kit.Cinder}, files: files{o.Dir}, gigabyte: gigabyte}
	var err error
	if s.folder, err = folder.Identity(o.Dir); err != nil {
		return nil, fmt.Errorf("folder for volumes: %w", err)
	}
	s.handler = s.router()
	return s, nil
}

// OnChange has the service tell what it changes about the volumes of servers, as Cinder
// tells Nova. Call it before the service works. What fails with Unavailable is told again.
func (s *Service) OnChange(tell func(ctx context.Context, events []nova.ServerEvent) error) {
	s.onChange = tell
}

// ServeHTTP answers a request to / or anything below /v3.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// base is where the client reaches this service.
func (s *Service) base(r *http.Request) string { return kit.BaseURL(r, s.PublicURL) + Path }

// A route is a method and a path below /v3, the version from which on there is
// such a call, and its handler.
type route struct {
	method, path string
	since        version
	handle       kit.Handler
}

// router builds the handler. Everything but the list of versions needs a token.
// Each call has two paths: with the caller's project, as catalogs have it, and
// without.
func (s *Service) router() http.Handler {
	r := chi.NewRouter()
	r.NotFound(s.kit.NotFound())
	r.MethodNotAllowed(s.kit.Handle(methodNotAllowed))
	kit.Route(r, http.MethodGet, "/", s.kit.Handle(s.choices))
	r.Group(func(r chi.Router) {
		r.Use(kit.Authenticate(s.kit, s.Validate, s.AuthURL), s.negotiate)
		kit.Route(r, http.MethodGet, "/v3", s.kit.Handle(s.versions))
		kit.Route(r, http.MethodGet, "/v3/", s.kit.Handle(s.versions))
		for _, route := range s.routes() {
			handler := s.kit.Handle(route.serve)
			kit.Route(r, route.method, "/v3"+route.path, handler)
			kit.Route(r, route.method, "/v3/{project:[0-9a-f-]+}"+route.path, handler)
		}
	})
	return r
}

// routes are all calls below /v3.
func (s *Service) routes() []route {
	return slices.Concat(
		s.volumeRoutes(), s.metadataRoutes(), s.actionRoutes(), s.attachmentRoutes(), s.snapshotRoutes(), s.typeRoutes(), s.typeAdminRoutes(),
		s.defaultTypeRoutes(), s.limitRoutes(), s.quotaRoutes(), s.messageRoutes(), s.backendRoutes(), s.transferRoutes(), s.qosRoutes(), s.emptyRoutes(), s.filterRoutes(), s.encryptionRoutes(),
	)
}

// notYet is the error of a call that there isn't in the version that was asked for.
func notYet() error { return nova.Errorf(nova.NotFound, "The resource could not be found.") }

// serve answers a call that there is in the version that was asked for, of the
// caller's own project.
func (o route) serve(r *http.Request) (kit.Reply, error) {
	if asked := versionOf(r); asked < o.since {
		return kit.Reply{}, notYet()
	}
	if project := chi.URLParam(r, "project"); project != "" && project != nova.CallerOf(r.Context()).ProjectID {
		return kit.Reply{}, nova.Errorf(nova.Invalid, "Malformed request url")
	}
	return o.handle(r)
}

// methodNotAllowed answers a method that a path doesn't have.
func methodNotAllowed(*http.Request) (kit.Reply, error) {
	return kit.Reply{}, kit.WithStatus(http.StatusMethodNotAllowed,
		nova.Errorf(nova.Invalid, "The method specified is not allowed for this resource."))
}

// accepted is the answer to a call whose work is still to be done.
func accepted() kit.Reply { return kit.Reply{Status: http.StatusAccepted} }
