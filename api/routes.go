package api

import "github.com/nova-api/nova-api/api/rest"

// controllers answer for the resources that routes maps.
type controllers struct {
	flavors *Flavors
}

func newControllers(o Options) controllers {
	return controllers{
		flavors: &Flavors{store: o.Store},
	}
}

// routes maps the API's URLs to its controllers.
func routes(m rest.Mapper, c controllers) {
	m.Resource("flavor", "flavors", c.flavors,
		rest.Collection{"detail": "GET"})
}
