package views

import "github.com/nova-api/nova-api/internal/nova"

// RemoteConsole renders the address that opens a console.
func RemoteConsole(protocol, kind, url string) Dict {
	return Dict{{"remote_console", Dict{{"protocol", protocol}, {"type", kind}, {"url", url}}}}
}

// ConsoleURL renders the same for the actions that opened consoles until 2.5,
// which showed no protocol.
func ConsoleURL(kind, url string) Dict {
	return Dict{{"console", Dict{{"type", kind}, {"url", url}}}}
}

// ConsoleAuthToken renders where the console is that a token opens. Proxies ask
// for it.
func ConsoleAuthToken(r Request, a nova.ConsoleAddress) Dict {
	return Dict{{"console", Dict{
		{"instance_uuid", a.ServerID},
		{"host", a.Host},
		{"port", a.Port},
		{"internal_access_path", stringOrNull(a.InternalAccessPath)},
		since(r, 99, "tls_port", a.TLSPort).If(a.Type == "spice-direct"),
	}}}
}
