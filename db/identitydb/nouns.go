package identitydb

import "github.com/nova-api/nova-api/db/rows"

// Extra holds the fields of a thing that clients have sent and no column has.
// Keystone shows them beside the others.
type Extra struct {
	Fields rows.JSON[map[string]any] `db:"extra"` // by name
}

// Options holds the options of a thing. They are named and typed, and none of
// them but immutable means anything here.
type Options struct {
	Values rows.JSON[map[string]any] `db:"options"` // by name
}

// Immutable reports whether the thing can be neither changed nor deleted.
func (o Options) Immutable() bool { return o.Values.V["immutable"] == true }

// A Domain is a namespace for the names of users and projects.
type Domain struct {
	ID          string              `db:"id"`
	Name        string              `db:"name"`
	Description *string             `db:"description"`
	Enabled     bool                `db:"enabled"`
	Tags        rows.JSON[[]string] `db:"tags"`
	Options
	Extra
}

// A Project owns the servers, images and networks of the other services. Its
// name is unique in its domain.
type Project struct {
	ID          string              `db:"id"`
	DomainID    string              `db:"domain_id"`
	ParentID    *string             `db:"parent_id"` // nil for a project directly below its domain
	Name        string              `db:"name"`
	Description *string             `db:"description"`
	Enabled     bool                `db:"enabled"`
	Tags        rows.JSON[[]string] `db:"tags"`
	Options
	Extra
}

// A User can log in, if it has a password. Its name is unique in its domain.
type User struct {
	ID               string  `db:"id"`
	DomainID         string  `db:"domain_id"`
	Name             string  `db:"name"`
	Enabled          bool    `db:"enabled"`
	PasswordHash     string  `db:"password_hash"` // bcrypt's; empty if no password fits
	DefaultProjectID *string `db:"default_project_id"`
	Options
	Extra // with email and description
}

// A Role is a name that policies of all services know, such as member.
type Role struct {
	ID          string  `db:"id"`
	Name        string  `db:"name"`
	Description *string `db:"description"`
	Options
	Extra
}

// A Region is a part of the cloud with endpoints of its own.
type Region struct {
	ID          string  `db:"id"`
	Description string  `db:"description"`
	ParentID    *string `db:"parent_region_id"`
	Extra
}

// A Service is an entry of the catalog, such as compute.
type Service struct {
	ID      string `db:"id"`
	Type    string `db:"type"`
	Name    string `db:"name"`
	Enabled bool   `db:"enabled"`
	Extra          // with the description
}

// An Endpoint is the address of a service in a region.
type Endpoint struct {
	ID        string  `db:"id"`
	ServiceID string  `db:"service_id"`
	Interface string  `db:"interface"` // public, internal or admin
	RegionID  *string `db:"region_id"`
	URL       string  `db:"url"` // a template with words such as $(project_id)s
	Enabled   bool    `db:"enabled"`
	Extra
}
