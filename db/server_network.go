package db

import (
	"context"
	"fmt"
	"slices"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// What servers show of the network is a copy of what the network service says.
// Each change of the copy counts the server's network revision up, and so does
// each word of a change at the service: who has asked the service writes what it
// said only if the revision is still the one from before. So no answer overwrites
// a later one.

// NetworkChanged notes that the network service has changed something about
// servers, and wakes the processes of their hosts. Servers that are gone, and those
// without a host, are left out.
func (s *Store) NetworkChanged(ctx context.Context, ids ...string) error {
	for _, id := range ids { // one by one, since two callers may name the same servers in another order
		hosts, err := rows.PutAll[string](ctx, s.DB, `
			UPDATE servers SET network_stale = ?, network_revision = network_revision + 1
			WHERE uuid = ? AND host <> '' AND deleted_at IS NULL
			RETURNING host`, true, id)
		if err != nil {
			return fmt.Errorf("note a change of the network: %w", err)
		}
		for _, host := range hosts {
			if err := s.Wake(ctx, nova.NetworkQueue(host)); err != nil {
				return err
			}
		}
	}
	return nil
}

// HostsOf finds the hosts of servers, by the servers' IDs. Servers that are gone are
// left out; the host is empty for those that have none.
func (s *Store) HostsOf(ctx context.Context, ids []string) (map[string]string, error) {
	const most = 500 // parameters of a statement
	hosts := make(map[string]string, len(ids))
	for chunk := range slices.Chunk(ids, most) {
		text, args, err := rows.In("SELECT uuid, host FROM servers WHERE uuid IN (?) AND deleted_at IS NULL", chunk)
		if err != nil {
			return nil, err
		}
		found, err := rows.All[struct{ UUID, Host string }](ctx, s.DB, text, args...)
		if err != nil {
			return nil, fmt.Errorf("find hosts of servers: %w", err)
		}
		for _, server := range found {
			hosts[server.UUID] = server.Host
		}
	}
	return hosts, nil
}

// StaleServers lists servers on some hosts whose network has changed: so many at
// the most. Those that are being deleted are left out.
func (s *Store) StaleServers(ctx context.Context, hosts []string, limit int) ([]nova.Server, error) {
	return s.serversOn(ctx, hosts, "network_stale AND task_state <> ?", nova.Deleting, limit)
}

// ServersOn lists the servers on some hosts behind one of them, by their serial
// numbers: so many at the most.
func (s *Store) ServersOn(ctx context.Context, hosts []string, after int64, limit int) ([]nova.Server, error) {
	return s.serversOn(ctx, hosts, "id > ?", after, limit)
}

// serversOn lists servers without their tags. The limit is the last argument.
func (s *Store) serversOn(ctx context.Context, hosts []string, condition string, args ...any) ([]nova.Server, error) {
	if len(hosts) == 0 {
		return nil, nil
	}
	text, args, err := rows.In("FROM servers WHERE host IN (?) AND deleted_at IS NULL AND "+condition+" ORDER BY id LIMIT ?",
		append([]any{hosts}, args...)...)
	if err != nil {
		return nil, err
	}
	servers, err := rows.Scan(ctx, s.DB, serverRow, text, args...)
	if err != nil {
		return nil, fmt.Errorf("list servers of hosts: %w", err)
	}
	return servers, nil
}

// ShowNetwork writes what the network service has said of a server since the
// server was read, and tells whether it did: not if anything was heard meanwhile,
// or the server has gone.
func (s *Store) ShowNetwork(ctx context.Context, server nova.Server, addresses []nova.Address, groups []string) (bool, error) {
	changed, err := rows.Exec(ctx, s.DB, `
		UPDATE servers
		SET addresses = ?, ips = ?, security_groups = ?, network_stale = ?, network_revision = network_revision + 1
		WHERE uuid = ? AND network_revision = ? AND deleted_at IS NULL`,
		rows.AsJSON(&addresses), ipsOf(addresses), rows.AsJSON(&groups), false, server.ID, server.NetworkRevision)
	return changed == 1, err
}
