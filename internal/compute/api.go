// Package compute holds the verbs: what is done to servers, by whom, and in
// which order. One file per verb; states.go is the life of a server as a table.
package compute

import (
	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
)

// An API starts work: each method checks whether the work may be done, and
// writes it down in the transaction that makes the server busy with it.
type API struct {
	store    *db.Store
	defaults nova.Quota // what projects may have unless something was set for them
}

// Options are what an API works with.
type Options struct {
	Store *db.Store
	// Quota is what a project may have unless something was set for it: a
	// resource that it doesn't name has no limit.
	Quota nova.Quota
}

// New makes an API.
func New(o Options) *API { return &API{store: o.Store, defaults: o.Quota} }
