package config

// Neutron is the section [neutron]: the address of the network service, and the
// service user for it. A section without an auth_url has the service user of
// [keystone_authtoken].
type Neutron struct {
	Endpoint
	Auth

	FloatingPool string
}

func neutronOptions() []Option {
	options := append(endpointOptions(func(c *Config) *Endpoint { return &c.Neutron.Endpoint }), Option{
		Name: "default_floating_pool", at: func(c *Config) any { return &c.Neutron.FloatingPool },
		Help: "The network that `/os-floating-ips` takes an address from if the client names none. Without a value it is `nova`, as in Nova, or `public` with the bundled network service.",
	})
	return append(options, authOptions("", func(c *Config) *Auth { return &c.Neutron.Auth })...)
}
