package views

import "github.com/nova-api/nova-api/internal/nova"

// RemoteConsole renders the address under which a console can be opened.
func RemoteConsole(protocol, kind, url string) Dict {
	return Dict{{"remote_console", Dict{{"protocol", protocol}, {"type", kind}, {"url", url}}}}
}

// ConsoleURL is RemoteConsole in the form that it had until 2.5.
func ConsoleURL(kind, url string) Dict {
	return Dict{{"console", Dict{{"type", kind}, {"url", url}}}}
}

// ConsoleAuthToken renders the console that a token opens.
func ConsoleAuthToken(r Request, a nova.ConsoleAddress) Dict {
	return Dict{{"console", Dict{
		{"instance_uuid", a.ServerID},
		{"host", a.Host},
		{"port", a.Port},
		{"internal_access_path", stringOrNull(a.InternalAccessPath)},
		since(r, 99, "tls_port", a.TLSPort).If(a.Type == "spice-direct"),
	}}}
}
