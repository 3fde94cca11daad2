package nova

import (
	"slices"
	"time"
)

// A Migration is a move of a server to another host, or to another size.
type Migration struct {
	Serial     int64           `db:"id"`
	ID         string          `db:"uuid"`
	ServerID   string          `db:"server_uuid"`
	Type       MigrationType   `db:"migration_type"`
	Status     MigrationStatus `db:"status"`
	SourceHost string          `db:"source_host"`
	SourceNode string          `db:"source_node"`
	TargetHost string          `db:"target_host"`
	TargetNode string          `db:"target_node"`
	TargetIP   string          `db:"target_ip"`
	OldFlavor  int64           `db:"old_flavor"` // serial numbers; 0 for none
	NewFlavor  int64           `db:"new_flavor"`
	UserID     string          `db:"user_id"` // of whoever wanted it
	ProjectID  string          `db:"project_id"`

	// How far a live migration is, in bytes; nil for the others.
	MemoryTotal     *int64 `db:"memory_total"`
	MemoryProcessed *int64 `db:"memory_processed"`
	MemoryRemaining *int64 `db:"memory_remaining"`
	DiskTotal       *int64 `db:"disk_total"`
	DiskProcessed   *int64 `db:"disk_processed"`
	DiskRemaining   *int64 `db:"disk_remaining"`

	Hurried bool `db:"hurried"` // a live migration is to end soon, at the server's cost

	CreatedAt time.Time  `db:"created_at"`
	UpdatedAt *time.Time `db:"updated_at"`
}

// A MigrationType is a kind of move.
type MigrationType string

// The kinds of moves.
const (
	MigrationResize MigrationType = "resize"
	MigrationCold   MigrationType = "migration"
	MigrationLive   MigrationType = "live-migration"

	MigrationEvacuation MigrationType = "evacuation"
)

// A MigrationStatus is how far a move is.
type MigrationStatus string

// How far a move can be. Until it is finished it is under way; what is finished
// waits to be confirmed or reverted.
const (
	MigrationAccepted  MigrationStatus = "accepted"
	MigrationQueued    MigrationStatus = "queued"    // of live migrations
	MigrationPreparing MigrationStatus = "preparing" // of live migrations
	MigrationRunning   MigrationStatus = "running"   // of live migrations
	MigrationPrepared  MigrationStatus = "pre-migrating"
	MigrationUnderWay  MigrationStatus = "migrating"
	MigrationSent      MigrationStatus = "post-migrating"
	MigrationFinished  MigrationStatus = "finished"
	MigrationReverting MigrationStatus = "reverting"
	MigrationConfirmed MigrationStatus = "confirmed"
	MigrationReverted  MigrationStatus = "reverted"
	MigrationDone      MigrationStatus = "done"      // of evacuations: the host that was down is yet to be back
	MigrationCompleted MigrationStatus = "completed" // of evacuations and live migrations
	MigrationCancelled MigrationStatus = "cancelled" // of live migrations
	MigrationFailed    MigrationStatus = "error"
	MigrationTakenBack MigrationStatus = "failed" // of evacuations and live migrations, on the target
)

// MigrationsInProgress is how far a live migration can be that is shown below its
// server.
var MigrationsInProgress = []MigrationStatus{MigrationQueued, MigrationPreparing, MigrationRunning, MigrationSent}

// InProgress reports whether a live migration is shown below its server.
func (m Migration) InProgress() bool {
	return m.Type == MigrationLive && slices.Contains(MigrationsInProgress, m.Status)
}
