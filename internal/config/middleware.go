package config

// Middleware is the section [oslo_middleware]: what is done with requests before
// the API sees them.
type Middleware struct {
	MaxBodySize  int64 // the largest request body that is read, in bytes
	ProxyHeaders bool  // believe what a proxy says of the client
}

var middlewareOptions = []Option{
	// The default is oslo.middleware's: 112 KiB. The largest user data, 65,535 characters
	// of base64, fits into it with room for the rest of a request.
	{
		Name: "max_request_body_size", Default: "114688", Accepts: between(1, 1<<30), at: func(c *Config) any { return &c.Middleware.MaxBodySize },
		Help: "The largest request body that is read, in bytes. The bundled image service's uploads aren't bound by it.",
	},
	// Off, as in oslo.middleware: whoever reaches the process directly could otherwise choose
	// the address that limits by address see.
	{
		Name: "enable_proxy_headers_parsing", Default: "false", at: func(c *Config) any { return &c.Middleware.ProxyHeaders },
		Help: "Believe the headers Forwarded, or X-Forwarded-Proto, -Host and -For, about the scheme and host that a client has used and about its address. Set it only behind a proxy that sets them.",
	},
}
