package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db"
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

// newSender makes what sends notifications: nil if there are to be none.
func newSender(cfg *config.Config, store *db.Store, id string, count func(string, int), log zerolog.Logger) (*notify.Sender, error) {
	n := cfg.Notifications
	if !n.Enabled() {
		return nil, nil //nolint:nilnil // there is nothing to send
	}
	secure, err := busTLS(n.Bus)
	if err != nil {
		return nil, err
	}
	const beats = 2 // the client sends so many in the time after which the broker counts as lost
	return notify.NewSender(notify.SenderOptions{
		Store: store, ID: id, Retries: n.Retries, Count: count, Log: log,
		Bus: notify.BusOptions{
			Brokers: n.Brokers(), Exchange: n.Bus.Exchange, Topics: n.Topics, Durable: n.Bus.Durable, TLS: secure, Heartbeat: n.Bus.Heartbeat / beats,
		},
	}), nil
}

// busTLS is how the connection to the message bus is secured: nil for not at all.
func busTLS(b config.Bus) (*tls.Config, error) {
	if !b.SSL {
		return nil, nil //nolint:nilnil // no TLS
	}
	secure := &tls.Config{MinVersion: tls.VersionTLS12}
	if b.CAFile != "" {
		text, err := os.ReadFile(b.CAFile)
		if err != nil {
			return nil, err
		}
		secure.RootCAs = x509.NewCertPool()
		if !secure.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("[oslo_messaging_rabbit] ssl_ca_file: there is no certificate in %s", b.CAFile)
		}
	}
	if b.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(b.CertFile, b.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("[oslo_messaging_rabbit] ssl_cert_file: %w", err)
		}
		secure.Certificates = []tls.Certificate{pair}
	}
	return secure, nil
}
