package rest

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"
)

// Observed gives a bundled service the request ID and the line in the log that
// the API's own requests have. The service is mounted below the prefix.
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

// Unwrap lets http.ResponseController set the deadlines of the connection
// behind the recorder, which uploads need.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
