package db

import (
	"context"
	"fmt"
	"time"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// usageRow is what usage is computed from, of a server that may be deleted.
var usageRow = rows.NewLayout(func(s *nova.Server) []any {
	return []any{&s.ID, &s.Name, &s.ProjectID, &s.VMState, rows.Shared(&s.Flavor), &s.LaunchedAt, &s.TerminatedAt}
}, "uuid", "name", "project_id", "vm_state", "flavor", "launched_at", "terminated_at")

// UsedServers lists the servers that were there in a period, of a project or of
// all projects if it is empty, deleted ones too. They are in the order of their
// projects and then of their IDs. Invalid if the marker is no server's.
//
// Servers that are still there and servers that have ended are found by an index
// each: what ended before the period, which grows for ever, is not looked at.
func (s *Store) UsedServers(ctx context.Context, period nova.Period, project string, p nova.Page) ([]nova.Server, error) {
	marker, err := s.usageMarker(ctx, p.Marker)
	if err != nil || p.Limit == 0 {
		return nil, err
	}
	living, args := usedPart("terminated_at IS NULL", nil, period.Stop, project, marker, p.Limit)
	ended, more := usedPart("terminated_at > ?", []any{period.Start.UTC()}, period.Stop, project, marker, p.Limit)
	args = append(append(args, more...), p.Limit)
	servers, err := rows.Scan(ctx, s.Lists(), usageRow, `
		FROM (SELECT * FROM (`+living+`) AS living UNION ALL SELECT * FROM (`+ended+`) AS ended) AS used
		ORDER BY project_id, uuid
		LIMIT ?`, args...)
	if err != nil {
		return nil, fmt.Errorf("list used servers: %w", err)
	}
	return servers, nil
}

// usedPart is the query for a page of the servers that meet a condition on their
// end and were launched before a time, with its arguments.
func usedPart(
	condition string, args []any, before time.Time, project string, marker *usagePlace, limit int,
) (query string, all []any) {
	var q rows.Query
	q.And(condition, args...)
	q.And("launched_at < ?", before.UTC())
	if project != "" {
		q.And("project_id = ?", project)
	}
	if marker != nil {
		q.And("(project_id, uuid) > (?, ?)", marker.ProjectID, marker.ID)
	}
	return "SELECT " + usageRow.Columns() + " FROM servers WHERE " + q.Where() + " ORDER BY project_id, uuid LIMIT ?", append(q.Args, limit)
}

// A usagePlace is a server's place in the order of UsedServers.
type usagePlace struct {
	ProjectID string `db:"project_id"`
	ID        string `db:"uuid"`
}

// usageMarker finds the place of a marker, whose server may be deleted and in
// any project: nil for no marker.
func (s *Store) usageMarker(ctx context.Context, marker string) (*usagePlace, error) {
	if marker == "" {
		return nil, nil //nolint:nilnil // a list may begin at its start
	}
	place, err := rows.Get[usagePlace](ctx, s.DB, "SELECT project_id, uuid FROM servers WHERE uuid = ?", marker)
	if nova.Is(err, nova.NotFound) {
		return nil, nova.Errorf(nova.Invalid, "Marker %s could not be found.", marker)
	}
	if err != nil {
		return nil, fmt.Errorf("find marker: %w", err)
	}
	return &place, nil
}
