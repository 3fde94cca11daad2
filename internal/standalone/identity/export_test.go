package identity

import (
	"testing"

	"github.com/go-chi/chi/v5"
)

// Routes are the routes of the service, for tests that walk them.
func (s *Service) Routes() chi.Routes {
	routes, _ := s.handler.(chi.Routes)
	return routes
}

// HoldHashing keeps all passwords from being hashed until release is called,
// and has queued called for each request that begins to wait.
func (s *Service) HoldHashing(t *testing.T, onWait func()) (release func()) {
	t.Helper()
	release = s.passwords.hold(t)
	s.passwords.turnstile.onWait = onWait
	return release
}
