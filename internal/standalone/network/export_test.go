package network

import "github.com/go-chi/chi/v5"

// Routes gives tests what the service serves.
func (s *Service) Routes() chi.Routes {
	routes, _ := s.handler.(chi.Routes) // what router has made
	return routes
}
