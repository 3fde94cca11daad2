package rest

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"
)

// Observed gives a service that answers beside the API, below a prefix, the
// same: an ID for each request, and its line in the log.
func (s *Site) Observed(prefix string, next http.Handler) http.Handler {
	return s.withRequestID(s.logRequest(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		routes := chi.NewRouteContext() // which the service's own router fills in
		routes.Routes = chi.NewRouter() // chi's GetHead asks this one for a HEAD route; nil would panic
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), chi.RouteCtxKey, routes)))
		if pattern := routes.RoutePattern(); pattern != "" {
			recordOf(r.Context()).route = prefix + pattern
		}
	})))
}

// Unwrap lets http.ResponseController reach what the recorder stands before:
// uploads set deadlines.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
