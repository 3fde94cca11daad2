package db

import (
	"context"
	"fmt"
	"time"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// A HostFilter chooses hypervisors by what they are. What is empty fits all.
type HostFilter struct {
	Serial int64
	ID     string
	Name   string // of the host
	Node   string
	Like   string   // a part of the node's name, in any case
	Zones  []string // enabled ones in one of these zones, of which '' is that of hosts in no other
	After  int64    // only those with a greater number
	Limit  *int     // how many at the most; nil for all
}

// FindHosts lists the hypervisors that a filter chooses, by their numbers.
func (s *Store) FindHosts(ctx context.Context, f HostFilter, within time.Duration) ([]nova.Host, error) {
	var q rows.Query
	q.And("id > ?", f.After)
	if f.Serial != 0 {
		q.And("id = ?", f.Serial)
	}
	if f.ID != "" {
		q.And("uuid = ?", f.ID)
	}
	if f.Name != "" {
		q.And("host = ?", f.Name)
	}
	if f.Node != "" {
		q.And("node = ?", f.Node)
	}
	if len(f.Zones) > 0 {
		q.And("enabled AND zone IN ("+rows.Marks(len(f.Zones))+")", rows.Anys(f.Zones)...)
	}
	if f.Like != "" {
		q.And("LOWER(node) LIKE LOWER(?)", "%"+f.Like+"%")
	}
	return s.hosts(ctx, within, f.Limit, q.Where(), q.Args...)
}

// A ServerName is a server as lists of hypervisors show it.
type ServerName struct {
	ID     string `db:"uuid"`
	Serial int64  `db:"id"`
	Host   string `db:"host"`
}

// ServerNamesOn lists the servers of some hosts, oldest first, by host.
func (s *Store) ServerNamesOn(ctx context.Context, hosts []string) (map[string][]ServerName, error) {
	names := map[string][]ServerName{}
	if len(hosts) == 0 {
		return names, nil
	}
	found, err := rows.All[ServerName](ctx, s.DB,
		"SELECT uuid, id, host FROM servers WHERE host IN ("+rows.Marks(len(hosts))+") AND deleted_at IS NULL ORDER BY id", rows.Anys(hosts)...)
	if err != nil {
		return nil, fmt.Errorf("list servers of hosts: %w", err)
	}
	for _, server := range found {
		names[server.Host] = append(names[server.Host], server)
	}
	return names, nil
}

// Workloads is the number of servers on each host that are busy with a task. A
// host without any has no entry.
func (s *Store) Workloads(ctx context.Context) (map[string]int, error) {
	found, err := rows.All[struct {
		Host   string
		Number int
	}](ctx, s.DB, "SELECT host, COUNT(*) AS number FROM servers WHERE host <> '' AND task_state <> '' AND deleted_at IS NULL GROUP BY host")
	if err != nil {
		return nil, fmt.Errorf("count tasks of hosts: %w", err)
	}
	busy := make(map[string]int, len(found))
	for _, f := range found {
		busy[f.Host] = f.Number
	}
	return busy, nil
}
