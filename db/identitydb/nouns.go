package identitydb

import "github.com/nova-api/nova-api/db/rows"

// A Domain is a namespace for the names of users and projects.
type Domain struct {
	ID          string `db:"id"`
	Name        string `db:"name"`
	Description string `db:"description"`
	Enabled     bool   `db:"enabled"`
}

// A Project owns the servers, images and networks of the other services. Its
// name is unique in its domain.
type Project struct {
	ID          string              `db:"id"`
	DomainID    string              `db:"domain_id"`
	ParentID    *string             `db:"parent_id"` // nil for a project directly below its domain
	Name        string              `db:"name"`
	Description string              `db:"description"`
	Enabled     bool                `db:"enabled"`
	Tags        rows.JSON[[]string] `db:"tags"`
}

// A User can log in, if it has a password. Its name is unique in its domain.
type User struct {
	ID               string                    `db:"id"`
	DomainID         string                    `db:"domain_id"`
	Name             string                    `db:"name"`
	Enabled          bool                      `db:"enabled"`
	PasswordHash     string                    `db:"password_hash"` // bcrypt's; empty if no password fits
	DefaultProjectID *string                   `db:"default_project_id"`
	Extra            rows.JSON[map[string]any] `db:"extra"` // fields without a column: email, description, …
}

// A Role is a name that policies of all services know, such as member.
type Role struct {
	ID          string  `db:"id"`
	Name        string  `db:"name"`
	Description *string `db:"description"`
	Immutable   bool    `db:"immutable"` // can be neither changed nor deleted
}

// A Region is a part of the cloud with endpoints of its own.
type Region struct {
	ID          string  `db:"id"`
	Description string  `db:"description"`
	ParentID    *string `db:"parent_region_id"`
}

// A Service is an entry of the catalog, such as compute.
type Service struct {
	ID          string `db:"id"`
	Type        string `db:"type"`
	Name        string `db:"name"`
	Description string `db:"description"`
	Enabled     bool   `db:"enabled"`
}

// An Endpoint is the address of a service in a region.
type Endpoint struct {
	ID        string  `db:"id"`
	ServiceID string  `db:"service_id"`
	Interface string  `db:"interface"` // public, internal or admin
	RegionID  *string `db:"region_id"`
	URL       string  `db:"url"` // a template with words such as $(project_id)s
	Enabled   bool    `db:"enabled"`
}
