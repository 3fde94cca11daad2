package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/config"
)

// dbArchiveCommand is `nova-api db archive`. nova-manage moves deleted rows to tables
// beside the others, which have to be purged one day; here they go to a file.
type dbArchiveCommand struct {
	settings

	Before string        `required:"" placeholder:"DATE" help:"Archive what was deleted before this date: 2026-01-31, or 2026-01-31 12:00:00, in UTC."`
	To     string        `xor:"where" required:"" placeholder:"FILE" help:"The file to append to, a row as a JSON object a line. It holds whatever the database did, such as users' data."`
	Purge  bool          `xor:"where" required:"" help:"Keep nothing of what is archived."`
	Batch  int           `default:"200" help:"How many servers to archive at a time (${default})."`
	Pause  time.Duration `default:"100ms" help:"How long to wait between two batches (${default})."`
}

// Run archives, and tells after each batch how far it is. Interrupted, it ends with
// the batch that it is at.
func (d *dbArchiveCommand) Run(ctx context.Context, p process) error {
	before, err := archiveDate(d.Before)
	if err != nil {
		return usageError{err}
	}
	const most = 10_000 // and as many arguments of a statement
	if d.Batch < 1 || d.Batch > most || d.Pause < 0 {
		return usageError{fmt.Errorf("--batch must be 1 to %d, --pause not below zero", most)}
	}
	return withStore(ctx, p, d.settings, func(_ *config.Config, store *db.Store) (err error) {
		if before.After(store.Now()) {
			return usageError{errors.New("--before is in the future")}
		}
		keep := func([]db.ArchivedRow) error { return nil }
		if !d.Purge {
			file, err := openArchive(d.To)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, file.Close()) }()
			keep = func(rows []db.ArchivedRow) error { return writeArchive(file, rows) }
		}
		archive := compute.Archive{Store: store, Before: before, Batch: d.Batch, Pause: d.Pause, Keep: keep, Told: func(servers int, last time.Time) {
			p.warn([]string{fmt.Sprintf("%d servers archived, the last one deleted at %s", servers, last.UTC().Format(time.DateTime))})
		}}
		servers, err := archive.Run(ctx)
		if errors.Is(err, context.Canceled) {
			return fmt.Errorf("interrupted after %d servers; start it again to go on", servers)
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.stdout, "Archived %d servers that were deleted before %s.\n", servers, before.Format(time.DateTime))
		return err
	})
}

// archiveDate reads a date, with or without a time of the day.
func archiveDate(text string) (time.Time, error) {
	for _, form := range []string{time.DateOnly, time.DateTime, time.RFC3339} {
		if at, err := time.Parse(form, text); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("--before %s: want a date such as 2026-01-31 or 2026-01-31 12:00:00", text)
}

// openArchive opens a file to append to. Only its owner may read it, as the database.
// If an earlier run died in the middle of a line, the next row begins a new one.
func openArchive(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	size, err := file.Seek(0, io.SeekEnd)
	last := []byte{'\n'}
	if err == nil && size > 0 {
		_, err = file.ReadAt(last, size-1)
	}
	if err == nil && last[0] != '\n' {
		_, err = file.Write([]byte{'\n'})
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// writeArchive writes rows, and returns once the disk has them: then they may go from
// the database.
func writeArchive(file *os.File, rows []db.ArchivedRow) error {
	lines := json.NewEncoder(file)
	lines.SetEscapeHTML(false)
	for _, row := range rows {
		if err := lines.Encode(row); err != nil {
			return err
		}
	}
	return file.Sync()
}
