package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/rows"
)

// dbCommand is `nova-api db`.
type dbCommand struct {
	Sync    dbSyncCommand    `cmd:"" help:"Create the database's schema, or bring it up to date. Safe while servers run, and in several places at once."`
	Archive dbArchiveCommand `cmd:"" help:"Move servers that were deleted long ago, with their actions and migrations, from the database to a file. Safe while servers run, and safe to interrupt."`
	Check   dbCheckCommand   `cmd:"" help:"Verify that quotas and hosts' room are counted right, and that no server is stuck. Safe while servers run; the exit code is 1 if something is wrong."`
}

// dbSyncCommand is `nova-api db sync`. Serving migrates by itself. This is for
// deployments that want to do so at a moment of their own, as with nova-manage.
type dbSyncCommand struct {
	settings
}

// Run migrates the database.
func (d *dbSyncCommand) Run(ctx context.Context, p process) (err error) {
	cfg, warnings, err := load(p, d.flags)
	if err != nil {
		return err
	}
	p.warn(warnings)
	if err := os.MkdirAll(cfg.StateDir, 0o700); err != nil {
		return err
	}
	store, err := db.Open(ctx, rows.Options{Connection: cfg.Database.Connection, MaxConns: cfg.Database.MaxConns()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := store.Migrate(ctx); err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "The schema is up to date (%s).\n", store.Dialect())
	return err
}
