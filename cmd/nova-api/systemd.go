package main

import (
	"context"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/rs/zerolog"
)

// underSystemd tells systemd, if that has started the process and wants to know, that
// it serves, that it is alive, and that it ends. The sign of life says that this
// process still runs: whether the database does is for /readyz, as a restart wouldn't
// bring that back. It returns when the context ends.
func underSystemd(ctx context.Context, log zerolog.Logger) {
	tell := func(state string) {
		if _, err := daemon.SdNotify(false, state); err != nil {
			log.Warn().Err(err).Msg("systemd can't be told")
		}
	}
	tell(daemon.SdNotifyReady)
	defer tell(daemon.SdNotifyStopping)
	within, err := daemon.SdWatchdogEnabled(false)
	if err != nil || within == 0 { // it has no watchdog
		<-ctx.Done()
		return
	}
	tick := time.NewTicker(within / 2)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			tell(daemon.SdNotifyWatchdog)
		}
	}
}
