package db

import (
	"context"
	"fmt"
	"time"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// zoneOf is the SQL for the availability zone of the host in a column: empty for a
// host in none. A host is in several aggregates of one zone at the most.
func zoneOf(column string) string {
	return "COALESCE((SELECT MIN(a.zone) FROM aggregate_hosts m JOIN aggregates a ON a.id = m.aggregate_id WHERE m.host = " + column + "), '')"
}

// An aggregateRow is an aggregate as it is stored.
type aggregateRow struct {
	Serial    int64                        `db:"id"`
	ID        string                       `db:"uuid"`
	Name      string                       `db:"name"`
	Metadata  rows.JSON[map[string]string] `db:"metadata"`
	Zone      *string                      `db:"zone"`
	CreatedAt time.Time                    `db:"created_at"`
	UpdatedAt *time.Time                   `db:"updated_at"`
}

var aggregateColumns = rows.List[aggregateRow]()

// aggregate is the noun, without hosts.
func (r aggregateRow) aggregate() nova.Aggregate {
	a := nova.Aggregate{
		Serial: r.Serial, ID: r.ID, Name: r.Name, Hosts: []string{}, Metadata: r.Metadata.V, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
	if a.Metadata == nil {
		a.Metadata = map[string]string{}
	}
	return a
}

func aggregateRowOf(a nova.Aggregate) aggregateRow {
	return aggregateRow{
		Serial: a.Serial, ID: a.ID, Name: a.Name, Metadata: rows.JSON[map[string]string]{V: a.Metadata}, Zone: a.Zone(),
		CreatedAt: a.CreatedAt, UpdatedAt: a.UpdatedAt,
	}
}

// Aggregates lists all aggregates with their hosts, oldest first.
func (s *Store) Aggregates(ctx context.Context) ([]nova.Aggregate, error) {
	return s.aggregates(ctx, "1 = 1")
}

// AggregatesOf lists the aggregates that any of some hosts are in.
func (s *Store) AggregatesOf(ctx context.Context, hosts ...string) ([]nova.Aggregate, error) {
	if len(hosts) == 0 {
		return nil, nil
	}
	return s.aggregates(ctx, "id IN (SELECT aggregate_id FROM aggregate_hosts WHERE host IN ("+rows.Marks(len(hosts))+"))", rows.Anys(hosts)...)
}

// Aggregate finds an aggregate by its number: NotFound if there is none.
func (s *Store) Aggregate(ctx context.Context, serial int64) (nova.Aggregate, error) {
	return s.aggregate(ctx, serial, "")
}

// LockAggregate is Aggregate, and keeps others from changing it until the
// transaction ends.
func (s *Store) LockAggregate(ctx context.Context, serial int64) (nova.Aggregate, error) {
	return s.aggregate(ctx, serial, s.ForUpdate())
}

func (s *Store) aggregate(ctx context.Context, serial int64, lock string) (nova.Aggregate, error) {
	row, err := rows.Get[aggregateRow](ctx, s.DB, "SELECT "+aggregateColumns+" FROM aggregates WHERE id = ? "+lock, serial)
	if err != nil {
		return nova.Aggregate{}, rows.NotFound(err, "Aggregate %d could not be found.", serial)
	}
	found := []nova.Aggregate{row.aggregate()}
	err = s.addHosts(ctx, found)
	return found[0], err
}

func (s *Store) aggregates(ctx context.Context, condition string, args ...any) ([]nova.Aggregate, error) {
	found, err := rows.All[aggregateRow](ctx, s.DB, "SELECT "+aggregateColumns+" FROM aggregates WHERE "+condition+" ORDER BY id", args...)
	if err != nil {
		return nil, fmt.Errorf("list aggregates: %w", err)
	}
	aggregates := make([]nova.Aggregate, len(found))
	for i, row := range found {
		aggregates[i] = row.aggregate()
	}
	return aggregates, s.addHosts(ctx, aggregates)
}

// addHosts fetches the hosts of all aggregates in one query.
func (s *Store) addHosts(ctx context.Context, aggregates []nova.Aggregate) error {
	if len(aggregates) == 0 {
		return nil
	}
	serials, at := make([]int64, len(aggregates)), make(map[int64]int, len(aggregates))
	for i, a := range aggregates {
		serials[i], at[a.Serial] = a.Serial, i
	}
	text, args, err := rows.In("SELECT aggregate_id, host FROM aggregate_hosts WHERE aggregate_id IN (?) ORDER BY id", serials)
	if err != nil {
		return err
	}
	members, err := rows.All[struct {
		Aggregate int64  `db:"aggregate_id"`
		Host      string `db:"host"`
	}](ctx, s.DB, text, args...)
	if err != nil {
		return fmt.Errorf("list hosts of aggregates: %w", err)
	}
	for _, m := range members {
		a := &aggregates[at[m.Aggregate]]
		a.Hosts = append(a.Hosts, m.Host)
	}
	return nil
}

const aggregateExists = "Aggregate %s already exists."

// CreateAggregate writes a new aggregate: its ID, Name and Metadata. The error is
// Conflict if there is one of that name.
func (s *Store) CreateAggregate(ctx context.Context, a nova.Aggregate) (nova.Aggregate, error) {
	a.CreatedAt = s.Now()
	q, args, err := rows.Named(rows.Insert[aggregateRow]("aggregates", "id")+" ON CONFLICT (name) DO NOTHING RETURNING "+aggregateColumns, aggregateRowOf(a))
	if err != nil {
		return a, err
	}
	row, err := rows.Put[aggregateRow](ctx, s.DB, q, args...)
	if nova.Is(err, nova.NotFound) {
		return a, nova.Errorf(nova.Conflict, aggregateExists, a.Name)
	}
	return row.aggregate(), err
}

// SetAggregate writes an aggregate's name and metadata, and returns it as it is
// then. The error is Conflict if another one has that name. Call it in a
// transaction, after LockAggregate.
func (s *Store) SetAggregate(ctx context.Context, a nova.Aggregate) (nova.Aggregate, error) {
	a.UpdatedAt = new(s.Now())
	row := aggregateRowOf(a)
	taken, err := rows.Get[bool](ctx, s.DB, "SELECT EXISTS (SELECT 1 FROM aggregates WHERE name = ? AND id <> ?)", a.Name, a.Serial)
	if err != nil {
		return a, err
	}
	if taken {
		return a, nova.Errorf(nova.Conflict, aggregateExists, a.Name)
	}
	_, err = rows.Exec(ctx, s.DB, "UPDATE aggregates SET name = ?, metadata = ?, zone = ?, updated_at = ? WHERE id = ?",
		row.Name, row.Metadata, row.Zone, row.UpdatedAt, row.Serial)
	return a, err
}

// DeleteAggregate removes an aggregate without hosts. Call it in a transaction,
// after LockAggregate.
func (s *Store) DeleteAggregate(ctx context.Context, serial int64) error {
	_, err := rows.Exec(ctx, s.DB, "DELETE FROM aggregates WHERE id = ?", serial)
	return err
}

// AddAggregateHost puts a host into an aggregate, and reports whether it was not
// there before.
func (s *Store) AddAggregateHost(ctx context.Context, serial int64, host string) (bool, error) {
	changed, err := rows.Exec(ctx, s.DB, "INSERT INTO aggregate_hosts (aggregate_id, host) VALUES (?, ?) ON CONFLICT (aggregate_id, host) DO NOTHING", serial, host)
	return changed == 1, err
}

// RemoveAggregateHost takes a host out of an aggregate, and reports whether it was
// there.
func (s *Store) RemoveAggregateHost(ctx context.Context, serial int64, host string) (bool, error) {
	changed, err := rows.Exec(ctx, s.DB, "DELETE FROM aggregate_hosts WHERE aggregate_id = ? AND host = ?", serial, host)
	return changed == 1, err
}

// LockHosts keeps others from placing servers on some hosts, and from changing
// what aggregates they are in, until the transaction ends.
func (s *Store) LockHosts(ctx context.Context, hosts ...string) error {
	if len(hosts) == 0 {
		return nil
	}
	for _, table := range []string{"services", "hosts"} {
		text := "SELECT id FROM " + table + " WHERE host IN (" + rows.Marks(len(hosts)) + ") ORDER BY id " + s.ForUpdate()
		if _, err := rows.All[int64](ctx, s.DB, text, rows.Anys(hosts)...); err != nil {
			return err
		}
	}
	return nil
}

// ServerCountOn is the number of servers on some hosts.
func (s *Store) ServerCountOn(ctx context.Context, hosts ...string) (int, error) {
	if len(hosts) == 0 {
		return 0, nil
	}
	return rows.Get[int](ctx, s.DB,
		"SELECT COUNT(*) FROM servers WHERE host IN ("+rows.Marks(len(hosts))+") AND deleted_at IS NULL", rows.Anys(hosts)...)
}

// ZoneOf is the availability zone of a host: empty for a host in none.
func (s *Store) ZoneOf(ctx context.Context, host string) (string, error) {
	return rows.Get[string](ctx, s.DB, "SELECT "+zoneOf("CAST(? AS TEXT)"), host)
}
