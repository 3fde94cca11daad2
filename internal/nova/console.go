package nova

// A ConsoleAddress is where the console of a server is reached from within the
// cloud.
type ConsoleAddress struct {
	ServerID string
	Type     string // as clients ask for it: novnc, spice-html5, serial, …
	Host     string
	Port     int
	TLSPort  int // 0 for none
	// InternalAccessPath says which console is meant where one port serves
	// several: it is asked for by CONNECT. Empty for none.
	InternalAccessPath string
}
