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
	{
		Name: "novncproxy_base_url", Accepts: maybe(webAddress), at: func(c *Config) any { return &c.Consoles.VNCURL },
		Help: "The page that shows a VNC console to a browser. Empty: the one that this process serves.",
	},
}

var serialConsoleOptions = []Option{
	{
		Name: "base_url", at: func(c *Config) any { return &c.Consoles.SerialURL },
		Help: "The WebSocket that carries a serial console, as in ws://proxy.example:6083/. Empty: the one that this process serves.",
	},
}

var consoleAuthOptions = []Option{
	{
		Name: "token_ttl", Default: "600", Accepts: between(1, 86400), at: func(c *Config) any { return &c.Consoles.TokenTTL },
		Help: "How long the address of a console can be opened.",
	},
}
