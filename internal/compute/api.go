// Package compute holds the verbs: what is done to servers, by whom, and in
// which order. One file per verb; states.go is the life of a server as a table.
package compute

import (
	"github.com/nova-api/nova-api/db"
)

// An API starts work: each method checks whether the work may be done, and
// writes it down in the transaction that makes the server busy with it.
type API struct {
	store *db.Store
}
