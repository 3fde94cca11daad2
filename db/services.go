package db

import (
	"context"
	"fmt"
	"time"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// serviceColumns are those that the tags of nova.Service name; the others are
// computed.
var serviceColumns = rows.List[nova.Service]("up", "zone")

// isUp is the SQL for whether a service s was heard of within a time, and
// nobody forced it down.
func (s *Store) isUp(within time.Duration) string {
	return "(NOT s.forced_down AND s.seen_at >= " + s.Moment(-within) + ") AS up"
}

// A ServiceFilter chooses services by what they are. What is empty fits all.
type ServiceFilter struct {
	Serial int64
	ID     string
	Host   string
	Binary string
	Silent time.Duration // for how long nothing has been heard of it, at least
}

func (s *Store) servicesQuery(f ServiceFilter) rows.Query {
	var q rows.Query
	if f.Serial != 0 {
		q.And("id = ?", f.Serial)
	}
	if f.Silent > 0 {
		q.And("seen_at < " + s.Moment(-f.Silent))
	}
	for _, c := range []struct{ column, value string }{{"uuid", f.ID}, {"host", f.Host}, {"binary_name", f.Binary}} {
		if c.value != "" {
			q.And(c.column+" = ?", c.value)
		}
	}
	return q
}

func (s *Store) selectServices(within time.Duration) string {
	return "SELECT " + serviceColumns + ", " + s.isUp(within) + ", " + zoneOf("s.host") + " AS zone FROM services s WHERE "
}

// Services lists services, the oldest first. A service is up if it was heard of
// within a time and nobody forced it down.
func (s *Store) Services(ctx context.Context, f ServiceFilter, within time.Duration) ([]nova.Service, error) {
	q := s.servicesQuery(f)
	services, err := rows.All[nova.Service](ctx, s.DB,
		s.selectServices(within)+q.Where()+" ORDER BY id", q.Args...)
	if err != nil {
		return nil, fmt.Errorf("list services: %w", err)
	}
	return services, nil
}

// LockService finds a service and keeps others from changing it until the
// transaction ends: NotFound if there is none.
func (s *Store) LockService(ctx context.Context, f ServiceFilter, within time.Duration) (nova.Service, error) {
	q := s.servicesQuery(f)
	return rows.Get[nova.Service](ctx, s.DB,
		s.selectServices(within)+q.Where()+" "+s.ForUpdate(), q.Args...)
}

// SetService writes what an operator may change of a service: Disabled,
// DisabledReason and ForcedDown.
func (s *Store) SetService(ctx context.Context, v nova.Service) error {
	_, err := rows.Exec(ctx, s.DB, "UPDATE services SET disabled = ?, disabled_reason = ?, forced_down = ? WHERE uuid = ?",
		v.Disabled, v.DisabledReason, v.ForcedDown, v.ID)
	return err
}

// DeleteService removes a service and the nodes of its host. Call it in a
// transaction, after LockService and LockHosts. The host leaves its aggregates, and
// is not expected to remove anything any more: evacuations from it are complete.
func (s *Store) DeleteService(ctx context.Context, v nova.Service) error {
	const ofHost = "host IN (SELECT host FROM hosts WHERE service_uuid = ?)"
	if _, err := rows.Exec(ctx, s.DB, `
		UPDATE migrations SET status = ?, updated_at = ?
		WHERE status = ? AND uuid IN (SELECT migration FROM host_leftovers WHERE `+ofHost+`)`,
		nova.MigrationCompleted, s.Now(), nova.MigrationDone, v.ID); err != nil {
		return err
	}
	for _, from := range []string{"host_leftovers WHERE " + ofHost, "aggregate_hosts WHERE " + ofHost, "hosts WHERE service_uuid = ?", "services WHERE uuid = ?"} {
		if _, err := rows.Exec(ctx, s.DB, "DELETE FROM "+from, v.ID); err != nil {
			return err
		}
	}
	return nil
}

// IsMoving reports whether a migration to or from a host has not come to its
// end. One that waits to be confirmed has not.
func (s *Store) IsMoving(ctx context.Context, host string) (bool, error) {
	return rows.Get[bool](ctx, s.DB, `
		SELECT EXISTS (
			SELECT 1 FROM migrations
			WHERE ? IN (source_host, target_host)
				AND status NOT IN ('confirmed', 'reverted', 'error', 'failed', 'completed', 'cancelled', 'done')
		)`, host)
}

// HasEvacuees reports whether servers were evacuated from a host that has not
// learnt of that yet, and so may still run them.
func (s *Store) HasEvacuees(ctx context.Context, host string) (bool, error) {
	return rows.Get[bool](ctx, s.DB,
		"SELECT EXISTS (SELECT 1 FROM migrations WHERE source_host = ? AND migration_type = 'evacuation' AND status = 'done')", host)
}
