package db

import (
	"context"

	"github.com/nova-api/nova-api/db/rows"
)

// An IdentityCatalogEntry is an endpoint with its service; without an
// endpoint, a service that has none.
type IdentityCatalogEntry struct {
	ServiceID   string  `db:"service_id"`
	ServiceType string  `db:"service_type"`
	ServiceName string  `db:"service_name"`
	EndpointID  *string `db:"endpoint_id"`
	Interface   *string `db:"interface"`
	RegionID    *string `db:"region_id"`
	URL         *string `db:"url"`
}

// Catalog lists all that is enabled, a service's endpoints together, up to a
// number of entries.
func (i Identity) Catalog(ctx context.Context, limit int) ([]IdentityCatalogEntry, error) {
	return rows.All[IdentityCatalogEntry](ctx, i.s.DB, `
		SELECT s.id AS service_id, s.type AS service_type, s.name AS service_name,
		       e.id AS endpoint_id, e.interface, e.region_id, e.url
		FROM identity_services s
		LEFT JOIN identity_endpoints e ON e.service_id = s.id AND e.enabled
		WHERE s.enabled
		ORDER BY s.id, e.id
		LIMIT ?`, limit)
}
