package main

import (
	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/internal/config"
	"github.com/nova-api/nova-api/internal/notify"
	"github.com/nova-api/nova-api/internal/nova"
)

// newNotifier makes what writes notifications: nil if there are to be none.
func newNotifier(cfg *config.Config, log zerolog.Logger) (*notify.Notifier, error) {
	if cfg.Notifications.Missing() {
		log.Warn().Msg("[notifications] notification_format is unversioned: there are no such notifications, so none are sent")
	}
	if !cfg.Notifications.Enabled() {
		return nil, nil //nolint:nilnil // a notifier that writes none
	}
	cycle, err := nova.ParseAuditCycle(cfg.AuditPeriod)
	if err != nil {
		return nil, err
	}
	return notify.New(notify.Options{
		Host: cfg.Host, StateChanges: cfg.Notifications.StateChanges != "", TaskChanges: cfg.Notifications.StateChanges == config.TaskChange,
		BlockDevices: cfg.Notifications.BlockDevices, Cycle: cycle,
	}), nil
}
