package api

import "github.com/nova-api/nova-api/api/rest"

// ServedRoutes are all operations, for tests from outside.
func ServedRoutes(site *rest.Site) []rest.Route {
	o := Options{Site: site}
	return site.Routes(func(m rest.Mapper) { routes(m, o) })
}
