package config

// API is the section [api]: how the compute API answers.
type API struct {
	MaxLimit          int    // the most items of a list that one response holds
	ComputeLinkPrefix string // replaces scheme and host in links to this API; empty: the request's
	GlanceLinkPrefix  string // the same for links to images
	InstancePassword  bool   // show adminPass where a server is created or rebuilt
}

var apiOptions = []Option{
	// A page of 1000 servers is about 1.7 MB. Clients that ask for more get a link to the
	// rest.
	{
		Name: "max_limit", Default: "1000", Accepts: between(1, 1e5), at: func(c *Config) any { return &c.API.MaxLimit },
		Help: "The most items of a list that one response holds, whatever limit the client asks for.",
	},
	{
		Name: "compute_link_prefix", Accepts: maybe(webAddress), at: func(c *Config) any { return &c.API.ComputeLinkPrefix },
		Help: "What links to this API begin with. Empty: scheme and host of the request.",
	},
	{
		Name: "glance_link_prefix", Accepts: maybe(webAddress), at: func(c *Config) any { return &c.API.GlanceLinkPrefix },
		Help: "What links to images begin with. Empty: the address of the image service.",
	},
	// Operators whose hypervisors can't set passwords turn it off, so that nobody is shown one
	// that doesn't work.
	{
		Name: "enable_instance_password", Default: "true", at: func(c *Config) any { return &c.API.InstancePassword },
		Help: "Show the administrator's password in the response that creates a server.",
	},
}
