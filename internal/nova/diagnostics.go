package nova

// Diagnostics are what a hypervisor knows of a running server. What it doesn't
// know is nil.
type Diagnostics struct {
	State        PowerState        `json:"state"`
	Driver       string            `json:"driver"` // as clients know it: libvirt
	Hypervisor   string            `json:"hypervisor"`
	HypervisorOS string            `json:"hypervisor_os"`
	Uptime       int64             `json:"uptime"` // seconds
	ConfigDrive  bool              `json:"config_drive"`
	MaxMemory    int64             `json:"max_memory"`  // MiB
	UsedMemory   int64             `json:"used_memory"` // MiB
	CPUs         []CPUDiagnostics  `json:"cpus"`
	NICs         []NICDiagnostics  `json:"nics"`
	Disks        []DiskDiagnostics `json:"disks"`
}

// CPUDiagnostics are about one of a server's processors.
type CPUDiagnostics struct {
	ID          int   `json:"id"`
	Time        int64 `json:"time"`                  // nanoseconds
	Utilisation *int  `json:"utilisation,omitempty"` // percent
}

// NICDiagnostics are about one of a server's connections to the network.
type NICDiagnostics struct {
	Name     string  `json:"name"` // of the device on the host
	MAC      string  `json:"mac"`
	Received Traffic `json:"received"`
	Sent     Traffic `json:"sent"`
}

// Traffic is what went one way through a connection.
type Traffic struct {
	Octets  int64  `json:"octets"`
	Packets int64  `json:"packets"`
	Errors  int64  `json:"errors"`
	Drop    int64  `json:"drop"`
	Rate    *int64 `json:"rate,omitempty"`
}

// DiskDiagnostics are about one of a server's disks.
type DiskDiagnostics struct {
	Name          string `json:"name"` // vda
	ReadBytes     int64  `json:"read_bytes"`
	ReadRequests  int64  `json:"read_requests"`
	WriteBytes    int64  `json:"write_bytes"`
	WriteRequests int64  `json:"write_requests"`
	Errors        int64  `json:"errors"`
}
