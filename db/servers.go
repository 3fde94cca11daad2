package db

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// serverRow has all columns of a server but the tags, which have a table of their own.
var serverRow = rows.NewLayout(serverFields,
	"id", "uuid", "name", "hostname", "description", "project_id", "user_id",
	"vm_state", "task_state", "power_state", "progress", "host", "node", "zone", "requested_zone", "pinned_zone",
	"elsewhere",
	"flavor_id",
	"flavor",
	"before_resize",
	"image_id",
	"image_props",
	"kernel_id", "ramdisk_id", "key_name", "public_key", "user_data",
	"metadata",
	"config_drive", "access_ip_v4", "access_ip_v6", "disk_config", "root_device",
	"trusted_certs",
	"hints",
	"boot",
	"admin_password", "group_uuid",
	"reservation_id", "launch_index",
	"addresses",
	"security_groups",
	"block_devices",
	"network_revision", "network_stale",
	"locked_by", "locked_reason",
	"fault",
	"shelved_image", "waits_since",
	"created_at", "updated_at", "launched_at", "terminated_at", "deleted_at",
)

// serverFields are where the columns of serverRow are read into, and written from.
func serverFields(s *nova.Server) []any {
	return []any{
		&s.Serial, &s.ID, &s.Name, &s.Hostname, &s.Description, &s.ProjectID, &s.UserID,
		&s.VMState, &s.TaskState, &s.PowerState, &s.Progress, &s.Host, &s.Node, &s.Zone, &s.RequestedZone, &s.PinnedZone,
		rows.AsJSON(&s.Elsewhere),
		&s.Flavor.ID,
		rows.Shared(&s.Flavor),
		rows.AsJSON(&s.BeforeResize),
		&s.ImageID,
		rows.Shared(&s.ImageProps),
		&s.KernelID, &s.RamdiskID, &s.KeyName, &s.PublicKey, &s.UserData,
		rows.Shared(&s.Metadata),
		&s.ConfigDrive, &s.AccessIPv4, &s.AccessIPv6, &s.DiskConfig, &s.RootDevice,
		rows.AsJSON(&s.TrustedCerts),
		rows.Shared(&s.Hints),
		rows.Shared(&s.Boot),
		&s.AdminPassword, &s.GroupID,
		&s.ReservationID, &s.LaunchIndex,
		rows.AsJSON(&s.Addresses),
		rows.Shared(&s.SecurityGroups),
		rows.AsJSON(&s.BlockDevices),
		&s.NetworkRevision, &s.NetworkStale,
		&s.LockedBy, &s.LockedReason,
		rows.AsJSON(&s.Fault),
		&s.ShelvedImage, &s.WaitsSince,
		&s.CreatedAt, &s.UpdatedAt, &s.LaunchedAt, &s.TerminatedAt, &s.DeletedAt,
	}
}

// serverAndTags is serverRow and the server's tags, sorted as the API shows them.
// No tag has a comma. Tags read so are as old as the statement, which matters to
// those who wait for a lock: see LockServer.
var serverAndTags = serverRow.With(
	"(SELECT STRING_AGG(tag, ',' ORDER BY tag) FROM server_tags WHERE server_uuid = uuid)",
	func(s *nova.Server) any { return rows.Commas(&s.Tags) },
)

// serverName is what a list of names needs.
var serverName = rows.NewLayout(func(s *nova.Server) []any { return []any{&s.ID, &s.Name} }, "uuid", "name")

// Server finds a server that has not been deleted, with its tags. The error is
// NotFound for any other.
func (s *Store) Server(ctx context.Context, id string) (nova.Server, error) {
	return s.server(ctx, "uuid = ? AND deleted_at IS NULL", id)
}

// AnyServer finds a server even if it has been deleted. The error is NotFound if
// there has never been one.
func (s *Store) AnyServer(ctx context.Context, id string) (nova.Server, error) {
	return s.server(ctx, "uuid = ?", id)
}

// server finds one server by its ID and a condition: NotFound if it is not there.
func (s *Store) server(ctx context.Context, condition, id string) (nova.Server, error) {
	servers, err := rows.Scan(ctx, s.DB, serverAndTags, "FROM servers WHERE "+condition, id)
	if err != nil {
		return nova.Server{}, fmt.Errorf("find server: %w", err)
	}
	if len(servers) == 0 {
		return nova.Server{}, noServer(id)
	}
	return servers[0], nil
}

// LockServer finds a server and keeps it as it is until the transaction ends. On
// SQLite a transaction that writes has the file for itself, so nothing more is
// needed. The error is NotFound as for Server.
func (s *Store) LockServer(ctx context.Context, id string) (nova.Server, error) {
	// PostgreSQL gives a statement that has waited for a lock the newest row of the
	// server, but the tags from before it waited. So they are read by another one.
	_, err := rows.Get[int64](ctx, s.DB, "SELECT id FROM servers WHERE uuid = ? AND deleted_at IS NULL "+s.ForUpdate(), id)
	if nova.Is(err, nova.NotFound) {
		return nova.Server{}, noServer(id)
	}
	if err != nil {
		return nova.Server{}, fmt.Errorf("lock server: %w", err)
	}
	return s.Server(ctx, id)
}

// noServer is the error for a server that is not there.
func noServer(id string) error {
	return nova.Errorf(nova.NotFound, "Instance %s could not be found.", id)
}

// Servers lists servers, newest first or as the page says, with their tags. A list
// that takes too long is Unavailable, and an unknown marker Invalid.
func (s *Store) Servers(ctx context.Context, f ServerFilter, p nova.Page) ([]nova.Server, error) {
	return s.listServers(ctx, f, p, serverAndTags)
}

// WaitingServers lists servers that have been in a state since before a time, and
// are busy with nothing: those that wait in it longest first. The state is
// SoftDeleted, Shelved or Resized.
func (s *Store) WaitingServers(ctx context.Context, state nova.VMState, before time.Time) ([]nova.Server, error) {
	const most = 100
	servers, err := rows.Scan(ctx, s.DB, serverRow, `
		FROM servers
		WHERE deleted_at IS NULL AND vm_state IN ('soft-delete', 'shelved', 'resized') AND vm_state = ? AND waits_since <= ? AND task_state = ''
		ORDER BY waits_since
		LIMIT ?`, state, before.UTC(), most)
	if err != nil {
		return nil, fmt.Errorf("list waiting servers: %w", err)
	}
	return servers, nil
}

// ServerNames lists the same servers, but only their IDs and names.
func (s *Store) ServerNames(ctx context.Context, f ServerFilter, p nova.Page) ([]nova.Server, error) {
	return s.listServers(ctx, f, p, serverName)
}

// listServers reads some columns of a page of servers. It runs on the connections
// for lists, which have a deadline.
func (s *Store) listServers(ctx context.Context, f ServerFilter, p nova.Page, row *rows.Layout[nova.Server]) ([]nova.Server, error) {
	q, err := f.query(s.DB)
	if err != nil {
		return nil, err
	}
	if len(p.Sort) == 0 {
		p.Sort = []nova.Sort{{Key: "created_at", Desc: true}, {Key: "id", Desc: true}}
	}
	order, err := serverSorts.Keyset(&q, rows.KeysetTable{Name: "servers", Marker: "uuid", Serial: "id"}, p)
	if err != nil {
		return nil, err
	}
	if err := s.serverMarker(ctx, p.Marker); err != nil {
		return nil, err
	}
	servers, err := rows.Scan(ctx, s.Lists(), row, `
		FROM servers
		WHERE `+q.Where()+`
		ORDER BY `+order+`
		LIMIT ?`, append(q.Args, p.Limit)...)
	if err != nil {
		return nil, fmt.Errorf("list servers: %w", err)
	}
	return servers, nil
}

// serverMarker refuses a marker that is no server's. The server may be deleted,
// and in any project: a marker is only a place in the order.
func (s *Store) serverMarker(ctx context.Context, marker string) error {
	if marker == "" {
		return nil
	}
	_, err := rows.Get[int64](ctx, s.DB, "SELECT id FROM servers WHERE uuid = ?", marker)
	if nova.Is(err, nova.NotFound) {
		return rows.UnknownMarker(marker)
	}
	return err
}

// CreateServer writes a new server, with its tags.
func (s *Store) CreateServer(ctx context.Context, server nova.Server) (nova.Server, error) {
	fields := serverRow.Fields(&server)[1:] // the database numbers it
	serial, err := rows.Put[int64](ctx, s.DB, `
		INSERT INTO servers (`+strings.TrimPrefix(serverRow.Columns(), "id, ")+`, ips)
		VALUES (`+rows.Marks(len(fields)+1)+`)
		RETURNING id`, append(fields, ipsOf(server.Addresses))...)
	if err != nil {
		return server, fmt.Errorf("create server: %w", err)
	}
	server.Serial = serial
	if len(server.BlockDevices) > 0 {
		if err := s.indexVolumes(ctx, server.ID, server.BlockDevices); err != nil {
			return server, err
		}
	}
	return server, s.insertTags(ctx, server.ID, server.Tags)
}

// ipsOf writes addresses one a line, for filters. It is written beside the
// addresses whenever they change.
func ipsOf(addresses []nova.Address) string {
	ips := make([]string, len(addresses))
	for i, a := range addresses {
		ips[i] = a.IP
	}
	return strings.Join(ips, "\n")
}

// BeginTask makes a server busy, if it is in one of the states and busy with
// one of the tasks from which that may be. It tells whether it was: this is
// the guard that keeps two actions apart.
func (s *Store) BeginTask(ctx context.Context, id string, busy nova.TaskState, states []nova.VMState, tasks []nova.TaskState) (bool, error) {
	var q rows.Query
	q.And("uuid = ? AND deleted_at IS NULL", id)
	if len(states) > 0 {
		q.And("vm_state IN (?)", states)
	}
	if len(tasks) > 0 {
		q.And("task_state IN (?)", tasks)
	}
	text, args, err := rows.In("UPDATE servers SET task_state = ?, updated_at = ? WHERE "+q.Where(), append([]any{busy, s.Now()}, q.Args...)...)
	if err != nil {
		return false, err
	}
	changed, err := rows.Exec(ctx, s.DB, text, args...)
	return changed == 1, err
}

// insertTags adds tags; those that the server has already change nothing.
func (s *Store) insertTags(ctx context.Context, id string, tags []string) error {
	for _, tag := range tags {
		if _, err := rows.Exec(ctx, s.DB, "INSERT INTO server_tags (server_uuid, tag) VALUES (?, ?) ON CONFLICT DO NOTHING", id, tag); err != nil {
			return fmt.Errorf("tag server: %w", err)
		}
	}
	return nil
}

// ReplaceTags gives a server these tags and no others.
func (s *Store) ReplaceTags(ctx context.Context, id string, tags []string) error {
	return s.Tx(ctx, func(tx *Store) error {
		if _, err := tx.LockServer(ctx, id); err != nil {
			return err
		}
		if _, err := rows.Exec(ctx, tx.DB, "DELETE FROM server_tags WHERE server_uuid = ?", id); err != nil {
			return err
		}
		return tx.insertTags(ctx, id, tags)
	})
}

// ForgetTags removes the tags of a server that is deleted in this transaction.
func (s *Store) ForgetTags(ctx context.Context, id string) error {
	_, err := rows.Exec(ctx, s.DB, "DELETE FROM server_tags WHERE server_uuid = ?", id)
	return err
}

// AddTag adds a tag, and tells whether the server didn't have it yet. Invalid
// if the server has as many already as it may have.
func (s *Store) AddTag(ctx context.Context, id, tag string, most int) (added bool, err error) {
	err = s.Tx(ctx, func(tx *Store) error {
		server, err := tx.LockServer(ctx, id)
		if err != nil {
			return err
		}
		if len(server.Tags) >= most { // even if the tag is one of them
			return nova.Errorf(nova.Invalid, "The number of tags exceeded the per-server limit %d", most)
		}
		if added = !slices.Contains(server.Tags, tag); !added {
			return nil
		}
		return tx.insertTags(ctx, id, []string{tag})
	})
	return added, err
}

// DeleteTag takes a tag away, and tells whether the server had it.
func (s *Store) DeleteTag(ctx context.Context, id, tag string) (bool, error) {
	removed, err := rows.Exec(ctx, s.DB, "DELETE FROM server_tags WHERE server_uuid = ? AND tag = ?", id, tag)
	return removed == 1, err
}
