package identitydb

import (
	"context"

	"github.com/nova-api/nova-api/db/rows"
)

// A CatalogEntry is an endpoint with its service. The fields of the endpoint
// are nil for a service that has none.
type CatalogEntry struct {
	ServiceID   string  `db:"service_id"`
	ServiceType string  `db:"service_type"`
	ServiceName string  `db:"service_name"`
	EndpointID  *string `db:"endpoint_id"`
	Interface   *string `db:"interface"`
	RegionID    *string `db:"region_id"`
	URL         *string `db:"url"`
}

// Catalog lists the enabled services and their enabled endpoints, at most limit
// of them. The endpoints of one service are next to each other.
func (s *Store) Catalog(ctx context.Context, limit int) ([]CatalogEntry, error) {
	return rows.All[CatalogEntry](ctx, s.DB, `
		SELECT s.id AS service_id, s.type AS service_type, s.name AS service_name,
		       e.id AS endpoint_id, e.interface, e.region_id, e.url
		FROM identity_services s
		LEFT JOIN identity_endpoints e ON e.service_id = s.id AND e.enabled
		WHERE s.enabled
		ORDER BY s.id, e.id
		LIMIT ?`, limit)
}
