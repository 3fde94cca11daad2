package config

// Middleware is the section [oslo_middleware]: the bounds on requests.
type Middleware struct {
	MaxBodySize int64 // the largest request body that is read, in bytes
}

var middlewareOptions = []Option{
	{
		Name: "max_request_body_size", Default: "114688", Accepts: between(1, 1<<30), at: func(c *Config) any { return &c.Middleware.MaxBodySize },
		Help: "The largest request body that is read, in bytes. The bundled image service's uploads aren't bound by it.",
	},
}
