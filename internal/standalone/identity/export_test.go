package identity

import "github.com/go-chi/chi/v5"

// Routes are the routes of the service, for tests that walk them.
func (s *Service) Routes() chi.Routes {
	routes, _ := s.handler.(chi.Routes)
	return routes
}
