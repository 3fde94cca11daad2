package main

import (
	"context"
	"errors"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/config"
	"github.com/nova-api/nova-api/internal/hosts"
	"github.com/nova-api/nova-api/internal/notify"
)

// withStore opens the database for a command that operators run beside the servers,
// and closes it again. A schema of another release is refused: the command would not
// know what it reads.
func withStore(ctx context.Context, p process, s settings, do func(*config.Config, *db.Store) error) (err error) {
	cfg, warnings, err := load(p, s.flags)
	if err != nil {
		return err
	}
	p.warn(warnings)
	store, err := db.Open(ctx, rows.Options{Connection: cfg.Database.Connection, MaxConns: cfg.Database.MaxConns()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := store.SchemaCurrent(ctx); err != nil {
		return err
	}
	return do(cfg, store)
}

// knownHosts is what processes have registered, as the configuration has it shown.
// What changes them tells the notifier.
func knownHosts(cfg *config.Config, store *db.Store, notifier *notify.Notifier) *hosts.Hosts {
	return hosts.New(hosts.Options{Store: store, Zone: cfg.DefaultZone, InternalZone: cfg.InternalZone, DownTime: cfg.Hosts.DownTime, Notify: notifier})
}
