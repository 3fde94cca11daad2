package main

import (
	"net/http"
	"strings"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/db"
)

// A front sends a request to the probes or a bundled service by its path, and to
// the API otherwise. The order of the mounts is of no account, since no path of
// theirs is below another's.
type front struct {
	probes probes
	mounts map[string]http.Handler // by path
	api    http.Handler
}

func newFront(store *db.Store, site *rest.Site, b *bundled, api http.Handler) *front {
	f := &front{probes{store}, map[string]http.Handler{}, api}
	for path, handler := range b.mounts {
		f.mounts[path] = site.Observed(path, http.StripPrefix(path, handler))
	}
	return f
}

// ServeHTTP finds the handler of a path. Probes need no token and leave no line in
// the log.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.probes.answer(w, r) {
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
