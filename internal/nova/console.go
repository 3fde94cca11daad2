package nova

// A ConsoleAddress is where the console of a server is reached from within the
// cloud.
type ConsoleAddress struct {
	ServerID string `db:"server_uuid"`
	Type     string `db:"console_type"` // as clients ask for it: novnc, spice-html5, serial, …
	Host     string `db:"host"`
	Port     int    `db:"port"`
	TLSPort  int    `db:"tls_port"` // 0 for none
	// InternalAccessPath says which console is meant where one port serves
	// several: it is asked for by CONNECT. Empty for none.
	InternalAccessPath string `db:"internal_access_path"`
}
