package config

import "time"

// Consoles is where clients find the consoles of servers: the sections [vnc],
// [serial_console] and [consoleauth].
type Consoles struct {
	VNCURL    string // empty: the proxy of this process
	SerialURL string
	TokenTTL  time.Duration
}

var vncOptions = []Option{
	// Nova needs a proxy process beside the API. Here the API's process is the proxy, unless
	// an operator already runs one that understands the tokens.
	{
		Name: "novncproxy_base_url", Accepts: maybe(webAddress), at: func(c *Config) any { return &c.Consoles.VNCURL },
		Help: "The page that shows a VNC console to a browser. Empty: the one that this process serves.",
	},
}

var serialConsoleOptions = []Option{
	// There is no page for serial consoles: `nova get-serial-console` prints the address for a
	// WebSocket client.
	{
		Name: "base_url", at: func(c *Config) any { return &c.Consoles.SerialURL },
		Help: "The WebSocket that carries a serial console, as in ws://proxy.example:6083/. Empty: the one that this process serves.",
	},
}

var consoleAuthOptions = []Option{
	// Whoever has the address needs no other login, so it is no good for long. An open session
	// outlives it.
	{
		Name: "token_ttl", Default: "600", Accepts: between(1, 86400), at: func(c *Config) any { return &c.Consoles.TokenTTL },
		Help: "How long the address of a console can be opened.",
	},
}
