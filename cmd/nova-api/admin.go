package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/metrics"
)

// An adminServer serves metrics, profiles and probes to operators. Nil, it serves nothing.
type adminServer struct {
	listener net.Listener
	metrics  *metrics.Metrics
	probes   probes
	log      zerolog.Logger
}

// newAdmin opens the listener for operators; without an address there is none. The
// error is that the address can't be had.
func newAdmin(ctx context.Context, address string, store *db.Store, log zerolog.Logger) (*adminServer, error) {
	if address == "" {
		return nil, nil //nolint:nilnil // nil is what serves nothing
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("[nova_api] admin_listen: %w", err)
	}
	return &adminServer{listener, metrics.New(version, store), probes{store}, log}, nil
}

// counters are the metrics to count in: nil for none.
func (a *adminServer) counters() *metrics.Metrics {
	if a == nil {
		return nil
	}
	return a.metrics
}

// handler answers probes, and leaves the rest to the metrics.
func (a *adminServer) handler() http.Handler {
	rest := a.metrics.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !a.probes.answer(w, r) {
			rest.ServeHTTP(w, r)
		}
	})
}

// run serves until the context ends. A profile that is being taken is cut off then.
func (a *adminServer) run(ctx context.Context) error {
	const head, idle = 5 * time.Second, time.Minute
	server := &http.Server{Handler: a.handler(), ErrorLog: serverLog(a.log), ReadHeaderTimeout: head, ReadTimeout: head, IdleTimeout: idle}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	a.log.Info().Stringer("address", a.listener.Addr()).Msg("serving metrics")
	if err := server.Serve(a.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
