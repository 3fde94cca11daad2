package views

import (
	"testing"
	"time"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
)

// moves are a live migration that is under way, and an evacuation for which no host
// has been found.
func moves() []nova.Migration {
	at := time.Date(2016, 1, 29, 13, 42, 2, 0, time.UTC)
	live := nova.Migration{
		Serial: 1, ID: "12341d4b-346a-40d0-83c6-5f4f6892b650", ServerID: "8600d31b-d1a1-4632-b2ff-45c2be1a70ff",
		Type: nova.MigrationLive, Status: nova.MigrationRunning,
		SourceHost: "compute1", SourceNode: "node1", TargetHost: "compute2", TargetNode: "node2", TargetIP: "1.2.3.4",
		OldFlavor: 2, NewFlavor: 2, UserID: "u", ProjectID: "p", CreatedAt: at, UpdatedAt: &at,
		MemoryTotal: new(int64(123456)), MemoryProcessed: new(int64(12345)), MemoryRemaining: new(int64(111111)),
		DiskTotal: new(int64(234567)), DiskProcessed: new(int64(23456)), DiskRemaining: new(int64(211111)),
	}
	dead := nova.Migration{
		Serial: 2, ID: "22341d4b-346a-40d0-83c6-5f4f6892b650", ServerID: "9128d044-7b61-403e-b766-7547076ff6c1",
		Type: nova.MigrationResize, Status: nova.MigrationFailed, SourceHost: "compute1", SourceNode: "node1", CreatedAt: at,
	}
	return []nova.Migration{live, dead}
}

func TestMigrations_EveryVersion(t *testing.T) {
	t.Parallel()
	var all Migrations
	var below ServerMigrations
	for _, c := range []struct {
		name   string
		breaks []int
		render func(Request) Dict
		denied policy.Rule
	}{
		{"migrations", []int{23, 59, 80}, func(r Request) Dict { return all.Index(r, moves()) }, ""},
		{"migrations_for_managers", []int{23, 59, 80}, func(r Request) Dict { return all.Index(r, moves()) }, policy.MigrationIndexHost},
		{"server_migrations", []int{59, 80}, func(r Request) Dict { return below.Index(r, moves()[:1]) }, ""},
		{"server_migrations_for_managers", []int{59, 80}, func(r Request) Dict { return below.Index(r, moves()[:1]) }, policy.ServerMigrationIndexHost},
		{"server_migration", []int{59, 80}, func(r Request) Dict { return below.Show(r, moves()[0]) }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			everyVersion(t, c.name, c.breaks, c.render, c.denied)
		})
	}
}

// TestMigrations_FullPage has a link to the next page since 2.59.
func TestMigrations_FullPage(t *testing.T) {
	t.Parallel()
	golden(t, "testdata/migrations_full_page/2.59.json", indented(t, Migrations{}.Index(request{minor: 59, limit: 2}, moves())))
	golden(t, "testdata/migrations_full_page/2.58.json", indented(t, Migrations{}.Index(request{minor: 58, limit: 2}, moves())))
}
