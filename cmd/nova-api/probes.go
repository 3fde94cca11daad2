package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/rows"
)

// probes are /healthz and /readyz. They are served beside the API, and to operators:
// a process that only schedules or runs hosts has no other listener.
type probes struct{ store *db.Store }

// answer answers a probe, and reports whether the request was one.
func (p probes) answer(w http.ResponseWriter, r *http.Request) bool {
	switch r.URL.Path {
	case "/healthz":
		probe(w, nil)
	case "/readyz":
		probe(w, p.ready(r.Context()))
	default:
		return false
	}
	return true
}

// ready returns nil if requests can be answered: the database can be reached and
// written, and its schema is current. Otherwise it returns the reason. Anybody may
// ask, so the reason names no file. Load balancers take a process out of service
// meanwhile, and put it back once the answer is 200 again.
func (p probes) ready(ctx context.Context) error {
	const patience = 2 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := p.store.Ping(ctx); err != nil {
		return errors.New("the database can't be reached")
	}
	if err := p.store.SchemaCurrent(ctx); errors.Is(err, rows.ErrOlder) {
		return err
	} else if err != nil {
		return errors.New("the database can't be read")
	}
	if err := p.store.Writable(ctx); err != nil {
		return fmt.Errorf("the database can't be written: %w", rows.Trouble(err))
	}
	return nil
}

// probe answers a probe: 200, or 503 with a reason.
func probe(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = fmt.Fprintln(w, err)
		return
	}
	_, _ = fmt.Fprintln(w, "ok")
}
