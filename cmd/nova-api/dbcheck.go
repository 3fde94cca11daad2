package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/config"
	"github.com/nova-api/nova-api/internal/nova"
)

// dbCheckCommand is `nova-api db check`. It changes nothing.
type dbCheckCommand struct {
	settings

	Looks int           `default:"3" help:"How often to look: only what is wrong each time is reported (${default})."`
	Pause time.Duration `default:"1s" help:"How long to wait between two looks (${default})."`
}

// Run says what is wrong, a line each. The error is that something is, or that the
// database can't be read.
func (d *dbCheckCommand) Run(ctx context.Context, p process) error {
	if d.Looks < 1 || d.Pause < 0 {
		return usageError{errors.New("--looks must be 1 or more, --pause not below zero")}
	}
	return withStore(ctx, p, d.settings, func(cfg *config.Config, store *db.Store) error { return d.check(ctx, p, cfg, store) })
}

func (d *dbCheckCommand) check(ctx context.Context, p process, cfg *config.Config, store *db.Store) error {
	audit := compute.Audit{Store: store, Looks: d.Looks, Pause: d.Pause, Told: func(servers int) {
		const everySoOften = 100_000
		if servers > 0 && servers%everySoOften == 0 {
			p.warn([]string{fmt.Sprintf("%d servers read", servers)})
		}
	}}
	if cfg.NovaAPI.Volume == bundledService {
		audit.Attachments = bundledAttachments(store)
	}
	found, err := audit.Run(ctx)
	if err != nil {
		return err
	}
	for _, wrong := range found.Wrong {
		if _, err := fmt.Fprintln(p.stdout, wrong); err != nil {
			return err
		}
	}
	if len(found.Wrong) > 0 {
		return fmt.Errorf("%d things are wrong, with %d servers on %d hosts", len(found.Wrong), found.Servers, found.Hosts)
	}
	_, err = fmt.Fprintf(p.stdout, "All is well with %d servers on %d hosts.\n", found.Servers, found.Hosts)
	return err
}

// bundledAttachments reads what the bundled block storage service has attached to servers,
// out of its tables: no process need be running.
func bundledAttachments(store *db.Store) func(context.Context) ([]nova.VolumeAttachment, error) {
	return func(ctx context.Context) ([]nova.VolumeAttachment, error) {
		found, err := volumedb.New(store.DB).Attachments.List(ctx, volumedb.Filter{Page: nova.Page{Limit: -1}})
		if err != nil {
			return nil, err
		}
		var attachments []nova.VolumeAttachment
		for _, a := range found {
			if a.ServerID != nil {
				attachments = append(attachments, nova.VolumeAttachment{ID: a.ID, VolumeID: a.VolumeID, ServerID: *a.ServerID, Status: a.Status})
			}
		}
		return attachments, nil
	}
}
