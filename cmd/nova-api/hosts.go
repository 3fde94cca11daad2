package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/config"
	"github.com/nova-api/nova-api/internal/hosts"
	"github.com/nova-api/nova-api/internal/nova"
)

// hostCommand is `nova-api host`.
type hostCommand struct {
	List hostListCommand `cmd:"" help:"Print the hosts: whether they are up, which process runs them, and how much of them is in use."`
}

// hostListCommand is `nova-api host list`. It tells what no API does: which process
// has a host, and what the host is yet to remove.
type hostListCommand struct{ settings }

// Run prints a line for each host.
func (h *hostListCommand) Run(ctx context.Context, p process) error {
	return withStore(ctx, p, h.settings, func(cfg *config.Config, store *db.Store) error {
		all, err := knownHosts(cfg, store, nil).All(ctx)
		if err != nil {
			return err
		}
		services, err := store.Services(ctx, db.ServiceFilter{}, cfg.Hosts.DownTime)
		if err != nil {
			return err
		}
		holders := map[string]string{}
		for _, s := range services {
			holders[s.ID] = hosts.HolderInWords(s.Holder)
		}
		table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(table, "HOST\tZONE\tSTATE\tSEEN\tSERVERS\tVCPUS\tMEMORY MB\tDISK GB\tPROCESS") // Flush tells of failures
		for _, host := range all {
			_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\t%d/%d\t%d/%d\t%d/%d\t%s\n", host.Name, host.Zone, stateOf(host),
				host.SeenAt.UTC().Format(time.RFC3339), host.RunningVMs, host.VCPUsUsed, host.VCPUs, host.RAMUsed, host.RAM, host.DiskUsed, host.Disk, holders[host.ServiceID])
		}
		return table.Flush()
	})
}

// stateOf is in words whether a host works and takes new servers.
func stateOf(h nova.Host) string {
	words := []string{"down"}
	switch {
	case h.Up:
		words = []string{"up"}
	case h.ForcedDown:
		words = []string{"forced down"}
	}
	if !h.Enabled {
		words = append(words, "disabled")
	}
	if h.DisabledReason != nil {
		words = append(words, *h.DisabledReason)
	}
	return strings.Join(words, ", ")
}

// serviceCommand is `nova-api service`.
type serviceCommand struct {
	Clean serviceCleanCommand `cmd:"" help:"Delete services that have not been heard of for long, such as schedulers of machines that are gone. Hosts with servers stay. Safe while servers run."`
}

// serviceCleanCommand is `nova-api service clean`. Processes that come and go under
// new names leave their services behind, and nobody deletes hundreds of them by hand.
type serviceCleanCommand struct {
	settings

	Silent time.Duration `default:"168h" help:"For how long a service has not been heard of (${default})."`
	DryRun bool          `help:"Say what would be deleted, and delete nothing."`
}

// Run deletes services, a transaction each, and says so. One that is in use or is back
// stays, and is no failure.
func (c *serviceCleanCommand) Run(ctx context.Context, p process) error {
	return withStore(ctx, p, c.settings, func(cfg *config.Config, store *db.Store) error {
		if c.Silent <= cfg.Hosts.DownTime {
			return usageError{errors.New("--silent must be more than service_down_time, which is " + cfg.Hosts.DownTime.String())}
		}
		silent, err := store.Services(ctx, db.ServiceFilter{Silent: c.Silent}, cfg.Hosts.DownTime)
		if err != nil {
			return err
		}
		notifier, err := newNotifier(cfg, zerolog.Nop())
		if err != nil {
			return err
		}
		known := knownHosts(cfg, store, notifier)
		for _, s := range silent {
			did := "would be deleted, if its host is not in use"
			if !c.DryRun {
				if did, err = cleaned(known.CleanService(ctx, s.ID, c.Silent)); err != nil {
					return err
				}
			}
			if _, err := fmt.Fprintf(p.stdout, "%s on %s, silent since %s: %s\n", s.Binary, s.Host, s.SeenAt.UTC().Format(time.RFC3339), did); err != nil {
				return err
			}
		}
		_, err = fmt.Fprintf(p.stdout, "%d services were silent.\n", len(silent))
		return err
	})
}

// cleaned says what became of a service that was to be deleted.
func cleaned(err error) (string, error) {
	switch {
	case err == nil:
		return "deleted", nil
	case nova.Is(err, nova.Conflict):
		return "kept: " + nova.Message(err), nil
	case nova.Is(err, nova.NotFound):
		return "kept: it is back, or was deleted meanwhile", nil
	}
	return "", err
}
