package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/rows"
)

// A front sends a request to the probes or a bundled service by its path, and to
// the API otherwise. The order of the mounts is of no account, since no path of
// theirs is below another's.
type front struct {
	store  *db.Store
	mounts map[string]http.Handler // by path
	api    http.Handler
}

func newFront(store *db.Store, site *rest.Site, b *bundled, api http.Handler) *front {
	f := &front{store, map[string]http.Handler{}, api}
	for path, handler := range b.mounts {
		f.mounts[path] = site.Observed(path, http.StripPrefix(path, handler))
	}
	return f
}

// ServeHTTP finds the handler of a path. Probes need no token and leave no line in
// the log.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/healthz":
		probe(w, nil)
		return
	case "/readyz":
		probe(w, f.ready(r.Context()))
		return
	}
	for path, handler := range f.mounts {
		if r.URL.Path == path || strings.HasPrefix(r.URL.Path, path+"/") {
			handler.ServeHTTP(w, r)
			return
		}
	}
	f.api.ServeHTTP(w, r)
}

// ready returns nil if requests can be answered: the database can be reached and
// written, and its schema is current. Otherwise it returns the reason. Anybody may
// ask, so the reason names no file. Load balancers take a process out of service
// meanwhile, and put it back once the answer is 200 again.
func (f *front) ready(ctx context.Context) error {
	const patience = 2 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := f.store.Ping(ctx); err != nil {
		return errors.New("the database can't be reached")
	}
	if err := f.store.SchemaCurrent(ctx); errors.Is(err, rows.ErrOlder) {
		return err
	} else if err != nil {
		return errors.New("the database can't be read")
	}
	if err := f.store.Writable(ctx); err != nil {
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
