package config

// Glance is the section [glance]: the address of the image service.
type Glance struct {
	Endpoint

	APIServers []string // the older name of Override
}

var glanceOptions = append(endpointOptions(func(c *Config) *Endpoint { return &c.Glance.Endpoint }), Option{
	Name: "api_servers", at: func(c *Config) any { return &c.Glance.APIServers },
	Help: "The older name of endpoint_override. One address: put a load balancer in front of several.",
})

// An Endpoint says where another service is: at a fixed address, or where the
// identity service's catalog says.
type Endpoint struct {
	Override        string // the fixed address; empty: the catalog is asked
	RegionName      string
	ValidInterfaces []string // in order of preference: internal, public, admin
}

// endpointOptions makes the options of an Endpoint for a section.
func endpointOptions(of func(*Config) *Endpoint) []Option {
	return []Option{
		{
			Name: "endpoint_override", Accepts: maybe(webAddress), at: func(c *Config) any { return &of(c).Override },
			Help: "The address of the service. Empty: looked up in the identity service's catalog.",
		},
		{
			Name: "region_name", at: func(c *Config) any { return &of(c).RegionName },
			Help: "The region of the catalog in which it is looked up. Empty: that of [keystone_authtoken].",
		},
		// Nova talks to other services behind the load balancers if it can, and so do we.
		{
			Name: "valid_interfaces", Default: "internal,public", Accepts: some(oneOf("internal", "public", "admin")), at: func(c *Config) any { return &of(c).ValidInterfaces },
			Help: "The interfaces of the catalog in which it is looked up, in order of preference.",
		},
	}
}
