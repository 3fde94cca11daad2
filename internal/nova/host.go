package nova

import "time"

// A Host is a hypervisor, with the service that runs it: what the scheduler
// chooses among.
type Host struct {
	Serial    int64  `db:"id"`
	ID        string `db:"uuid"`
	Name      string `db:"host"`
	Node      string `db:"node"`
	ServiceID string `db:"service_uuid"`
	// ServiceSerial and DisabledReason are the service's number, and why it is
	// disabled; nil for no reason.
	ServiceSerial  int64   `db:"service_serial"`
	DisabledReason *string `db:"disabled_reason"`
	Zone           string  `db:"zone"` // availability zone

	Enabled    bool `db:"enabled"`
	Up         bool `db:"up"` // it has been heard of lately, and nobody forced it down
	ForcedDown bool `db:"forced_down"`

	Type    string `db:"hypervisor_type"`
	Version int    `db:"hypervisor_version"`
	IP      string `db:"host_ip"`
	CPUInfo string `db:"cpu_info"` // JSON

	VCPUs      int `db:"vcpus"`
	RAM        int `db:"memory_mb"` // MB
	Disk       int `db:"local_gb"`  // GB
	VCPUsUsed  int `db:"vcpus_used"`
	RAMUsed    int `db:"memory_mb_used"`
	DiskUsed   int `db:"local_gb_used"`
	RunningVMs int `db:"running_vms"`

	CPURatio  float64 `db:"cpu_ratio"`
	RAMRatio  float64 `db:"ram_ratio"`
	DiskRatio float64 `db:"disk_ratio"`

	SeenAt time.Time `db:"seen_at"` // last heartbeat
}

// A Service is a part of the cloud that processes report to be alive: one that
// runs a host, or one of those that run none.
type Service struct {
	Serial         int64     `db:"id"`
	ID             string    `db:"uuid"`
	Host           string    `db:"host"`
	Binary         string    `db:"binary_name"`
	Disabled       bool      `db:"disabled"`
	DisabledReason *string   `db:"disabled_reason"`
	ForcedDown     bool      `db:"forced_down"`
	Up             bool      `db:"up"`     // it has been heard of lately, and nobody forced it down
	Holder         string    `db:"holder"` // the process that runs the host; empty for none
	Zone           string    `db:"zone"`   // availability zone
	SeenAt         time.Time `db:"seen_at"`
	CreatedAt      time.Time `db:"created_at"`
}

// Resources are what a server takes of a host and of its project's quota.
type Resources struct {
	Instances int
	VCPUs     int
	RAM       int // MB
	Disk      int // GB, swap rounded up
}

// Plus is the sum of two amounts.
func (r Resources) Plus(q Resources) Resources {
	return Resources{Instances: r.Instances + q.Instances, VCPUs: r.VCPUs + q.VCPUs, RAM: r.RAM + q.RAM, Disk: r.Disk + q.Disk}
}

// Times is n times an amount.
func (r Resources) Times(n int) Resources {
	return Resources{Instances: r.Instances * n, VCPUs: r.VCPUs * n, RAM: r.RAM * n, Disk: r.Disk * n}
}

// Takes says what one server of a flavor takes.
func (f Flavor) Takes() Resources {
	const mbPerGB = 1024
	swap := (f.Swap + mbPerGB - 1) / mbPerGB
	return Resources{Instances: 1, VCPUs: f.VCPUs, RAM: f.RAM, Disk: f.Disk + f.Ephemeral + swap}
}

// Status is what a client is shown of the host that its server runs on.
func (h Host) Status() string {
	switch {
	case h.ForcedDown:
		return "DOWN"
	case !h.Enabled:
		return "MAINTENANCE"
	case h.Up:
		return "UP"
	}
	return "UNKNOWN"
}
