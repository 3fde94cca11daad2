package rest_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/api/rest"
)

// A service beside the API may use a router of its own in any way that chi
// offers; GetHead is the part of chi that asks the routing context most.
func TestObserved_LogsTheServicesRoute(t *testing.T) {
	t.Parallel()
	log := new(logBuffer)
	r := chi.NewRouter()
	r.Use(middleware.GetHead)
	r.Get("/things/{id}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	handler := (&rest.Site{Log: zerolog.New(log)}).Observed("/service", r)
	for i, test := range []struct {
		method string
		status int
	}{{http.MethodGet, http.StatusTeapot}, {http.MethodHead, http.StatusTeapot}, {http.MethodPost, http.StatusMethodNotAllowed}} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), test.method, "/things/1", http.NoBody))
		if w.Code != test.status {
			t.Errorf("%s: got %d, want %d", test.method, w.Code, test.status)
		}
		line := log.lines(t)[i]
		if test.status == http.StatusTeapot && line["route"] != "/service/things/{id}" {
			t.Errorf("%s: logged %v", test.method, line)
		}
	}
}
