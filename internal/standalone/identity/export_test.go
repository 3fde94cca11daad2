package identity

import (
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
)

// Routes are the routes of the service, for tests that walk them.
func (s *Service) Routes() chi.Routes {
	routes, _ := s.handler.(chi.Routes)
	return routes
}

// HoldHashing keeps all passwords from being hashed until release is called,
// however long that takes, and has onWait called for each request that begins to wait.
func (s *Service) HoldHashing(t *testing.T, onWait func()) (release func()) {
	t.Helper()
	release = s.passwords.hold(t)
	s.passwords.turnstile.onWait = onWait
	s.passwords.turnstile.patience = time.Hour // a slow machine turns nobody away
	return release
}
