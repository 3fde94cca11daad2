package config

// Neutron is the section [neutron]: the address of the network service, and the
// service user for it. A section without an auth_url has the service user of
// [keystone_authtoken].
type Neutron struct {
	Endpoint
	Auth
}

func neutronOptions() []Option {
	return append(endpointOptions(func(c *Config) *Endpoint { return &c.Neutron.Endpoint }),
		authOptions("", func(c *Config) *Auth { return &c.Neutron.Auth })...)
}
