package schema

import "slices"

// The actions that open a console, which went in 2.6, and the body of
// POST /servers/{id}/remote-consoles, which came instead.
var (
	GetVNCConsole    = action("os-getVNCConsole", consoleOf("novnc", "xvpvnc"))
	GetSPICEConsole  = action("os-getSPICEConsole", consoleOf("spice-html5"))
	GetRDPConsole    = NewBody(Any) // it is refused, whatever it says
	GetSerialConsole = action("os-getSerialConsole", consoleOf("serial"))

	RemoteConsoleCreate = action("remote_console", Object(
		Prop("protocol", Enum(protocols...)).Required().Until(7),
		Prop("protocol", Enum(append(slices.Clip(protocols), "mks")...)).Required().Since(8),
		Prop("type", Enum(consoleTypes...)).Required().Until(7),
		Prop("type", Enum(append(slices.Clip(consoleTypes), "webmks")...)).Required().Since(8).Until(98),
		Prop("type", Enum(append(slices.Clip(consoleTypes), "webmks", "spice-direct")...)).Required().Since(99),
	)).Since(6)
)

var (
	protocols    = []string{"vnc", "spice", "serial", "rdp"}
	consoleTypes = []string{"novnc", "xvpvnc", "spice-html5", "serial", "rdp-html5"}
)

func consoleOf(types ...string) Schema { return Object(Prop("type", Enum(types...)).Required()) }

// A ConsoleType is the way that a console is reached.
type ConsoleType struct {
	Type string `json:"type"`
}

// GetConsoleBody is one of the actions that open a console, decoded.
type GetConsoleBody struct {
	VNC    ConsoleType `json:"os-getVNCConsole"`
	SPICE  ConsoleType `json:"os-getSPICEConsole"`
	Serial ConsoleType `json:"os-getSerialConsole"`
}

// RemoteConsoleCreateBody is RemoteConsoleCreate, decoded.
type RemoteConsoleCreateBody struct {
	Console struct {
		Protocol string `json:"protocol"`
		Type     string `json:"type"`
	} `json:"remote_console"`
}
