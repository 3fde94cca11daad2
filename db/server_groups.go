package db

import (
	"context"
	"fmt"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// The tags of nova.ServerGroup name its columns.
var serverGroupColumns = rows.List[nova.ServerGroup]()

// ServerGroups lists the groups of a project, or of all projects if it is empty,
// oldest first, with their members. Of the page, the offset and the limit count.
func (s *Store) ServerGroups(ctx context.Context, project string, p nova.Page) ([]nova.ServerGroup, error) {
	var q rows.Query
	if project != "" {
		q.And("project_id = ?", project)
	}
	groups, err := rows.All[nova.ServerGroup](ctx, s.DB,
		"SELECT "+serverGroupColumns+" FROM server_groups WHERE "+q.Where()+" ORDER BY id LIMIT ? OFFSET ?", append(q.Args, p.Limit, p.Offset)...)
	if err != nil {
		return nil, fmt.Errorf("list server groups: %w", err)
	}
	return groups, s.addMembers(ctx, groups)
}

const noServerGroup = "Instance group %s could not be found."

// ServerGroup finds a group with its members: NotFound if there is none.
func (s *Store) ServerGroup(ctx context.Context, id string) (nova.ServerGroup, error) {
	return s.serverGroup(ctx, id, "")
}

// ServerGroupFor finds a group that a caller may know of: one of the caller's
// project, or any for an administrator. The error is NotFound for all others.
func (s *Store) ServerGroupFor(ctx context.Context, caller nova.Caller, id string) (nova.ServerGroup, error) {
	group, err := s.ServerGroup(ctx, id)
	if err == nil && !caller.Admin && group.ProjectID != caller.ProjectID {
		return nova.ServerGroup{}, nova.Errorf(nova.NotFound, noServerGroup, id)
	}
	return group, err
}

// LockServerGroup is ServerGroup, and keeps others from locking it, and so from
// placing its members, until the transaction ends.
func (s *Store) LockServerGroup(ctx context.Context, id string) (nova.ServerGroup, error) {
	return s.serverGroup(ctx, id, s.ForUpdate())
}

func (s *Store) serverGroup(ctx context.Context, id, lock string) (nova.ServerGroup, error) {
	group, err := rows.Get[nova.ServerGroup](ctx, s.DB, "SELECT "+serverGroupColumns+" FROM server_groups WHERE uuid = ? "+lock, id)
	if err != nil {
		return group, rows.NotFound(err, noServerGroup, id)
	}
	groups := []nova.ServerGroup{group}
	err = s.addMembers(ctx, groups)
	return groups[0], err
}

// addMembers fetches the members of all groups in one query.
func (s *Store) addMembers(ctx context.Context, groups []nova.ServerGroup) error {
	if len(groups) == 0 {
		return nil
	}
	ids, at := make([]string, len(groups)), make(map[string]int, len(groups))
	for i := range groups {
		ids[i], at[groups[i].ID] = groups[i].ID, i
		groups[i].Members = []string{}
	}
	text, args, err := rows.In("SELECT group_uuid, uuid FROM servers WHERE group_uuid IN (?) AND deleted_at IS NULL AND vm_state <> ? ORDER BY id", ids, nova.SoftDeleted)
	if err != nil {
		return err
	}
	members, err := rows.All[struct {
		Group  string `db:"group_uuid"`
		Server string `db:"uuid"`
	}](ctx, s.DB, text, args...)
	if err != nil {
		return fmt.Errorf("list members of server groups: %w", err)
	}
	for _, m := range members {
		group := &groups[at[m.Group]]
		group.Members = append(group.Members, m.Server)
	}
	return nil
}

// ServerGroupCount is the number of groups that a project has; with a user, the
// number that this user created.
func (s *Store) ServerGroupCount(ctx context.Context, project, user string) (int, error) {
	return rows.Get[int](ctx, s.DB,
		"SELECT COUNT(*) FROM server_groups WHERE project_id = ? AND (CAST(? AS TEXT) = '' OR user_id = ?)", project, user, user)
}

// CreateServerGroup writes a group, if its project and its user have fewer than
// their quotas allow: OverQuota if not. Any number of callers at once come out
// exact.
func (s *Store) CreateServerGroup(ctx context.Context, g nova.ServerGroup, ofProject, ofUser nova.Quota) (nova.ServerGroup, error) {
	var created nova.ServerGroup
	err := s.Tx(ctx, func(tx *Store) error {
		if err := tx.lockUsage(ctx, g.ProjectID); err != nil {
			return err
		}
		for _, owner := range []struct {
			user  string
			quota nova.Quota
		}{{"", ofProject}, {g.UserID, ofUser}} {
			count, err := tx.ServerGroupCount(ctx, g.ProjectID, owner.user)
			if err != nil {
				return err
			}
			if !owner.quota.Within(nova.QuotaServerGroups, count+1) {
				return nova.Errorf(nova.OverQuota, "Quota exceeded, too many server groups.")
			}
		}
		g.CreatedAt = tx.Now()
		q, args, err := rows.Named(`
			INSERT INTO server_groups (uuid, name, policy, max_server_per_host, project_id, user_id, created_at)
			VALUES (:uuid, :name, :policy, :max_server_per_host, :project_id, :user_id, :created_at)
			RETURNING `+serverGroupColumns, g)
		if err != nil {
			return err
		}
		created, err = rows.Put[nova.ServerGroup](ctx, tx.DB, q, args...)
		return err
	})
	created.Members = []string{}
	return created, err
}

// lockUsage makes others that count what a project has wait for the end of the
// transaction.
func (s *Store) lockUsage(ctx context.Context, project string) error {
	_, err := rows.Exec(ctx, s.DB, `
		INSERT INTO quota_usages (project_id, user_id) VALUES (?, '')
		ON CONFLICT (project_id, user_id) DO UPDATE SET project_id = excluded.project_id`, project)
	return err
}

// DeleteServerGroup removes a group: NotFound if there is none. Its members
// stay where they are, and are in no group then.
func (s *Store) DeleteServerGroup(ctx context.Context, id string) error {
	return s.Tx(ctx, func(tx *Store) error {
		if _, err := tx.LockServerGroup(ctx, id); err != nil {
			return err
		}
		if _, err := rows.Exec(ctx, tx.DB, "UPDATE servers SET group_uuid = '' WHERE group_uuid = ?", id); err != nil {
			return err
		}
		_, err := rows.Exec(ctx, tx.DB, "DELETE FROM server_groups WHERE uuid = ?", id)
		return err
	})
}

// JoinServerGroup checks that a group has room for so many more servers of a
// user, and locks it until the transaction ends: Invalid if there is no such
// group, OverQuota if there is no room. Call it in the transaction that creates
// the servers.
func (s *Store) JoinServerGroup(ctx context.Context, id, user string, number int, quota nova.Quota) error {
	if _, err := s.LockServerGroup(ctx, id); nova.Is(err, nova.NotFound) {
		return nova.Errorf(nova.Invalid, "%s", nova.Message(err))
	} else if err != nil {
		return err
	}
	members, err := rows.Get[int](ctx, s.DB,
		"SELECT COUNT(*) FROM servers WHERE group_uuid = ? AND user_id = ? AND deleted_at IS NULL", id, user)
	if err != nil {
		return err
	}
	if !quota.Within(nova.QuotaServerGroupMembers, members+number) {
		return nova.Errorf(nova.OverQuota, "Quota exceeded, too many servers in group")
	}
	return nil
}

// GroupHosts is the number of members of a group on each host, without one
// server. Call it with the group locked to place that server.
func (s *Store) GroupHosts(ctx context.Context, id, without string) (map[string]int, error) {
	found, err := rows.All[struct {
		Host   string
		Number int
	}](ctx, s.DB, `
		SELECT host, COUNT(*) AS number FROM servers
		WHERE group_uuid = ? AND uuid <> ? AND host <> '' AND deleted_at IS NULL
		GROUP BY host`, id, without)
	if err != nil {
		return nil, fmt.Errorf("find the hosts of a server group: %w", err)
	}
	hosts := make(map[string]int, len(found))
	for _, f := range found {
		hosts[f.Host] = f.Number
	}
	return hosts, nil
}
