// Package api answers the Compute API's calls. routes.go is its map. Each
// resource has a file with its controller, which opens with a table of the
// operations. Reads go from the controller to the store and to a view; work on
// servers goes from the controller to compute.
package api

import (
	"context"
	"net/http"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/hosts"
	"github.com/nova-api/nova-api/internal/nova"
)

// Options are what all controllers work with.
type Options struct {
	Site    *rest.Site
	Store   *db.Store
	Compute *compute.Servers
	Hosts   *hosts.Hosts
	// ProjectExists asks the identity service about a project.
	ProjectExists func(ctx context.Context, id string) (bool, error)
	// ImageURL is the address of the image service, as this client sees it.
	ImageURL func(*rest.Request) string
	// ConsoleURL is the address under which this client opens a console of a type,
	// such as novnc or serial, with a token.
	ConsoleURL func(r *rest.Request, kind, token string) string
	// AuditCycle is how long the periods of usage audits are, and when they begin.
	AuditCycle nova.AuditCycle
	// ShowPassword shows the administrator's password of a new server, once.
	ShowPassword bool
}

// New returns the handler of the whole API.
func New(o Options) http.Handler {
	return o.Site.Handler(func(m rest.Mapper) { routes(m, o) })
}
