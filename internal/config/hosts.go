package config

import "time"

// Hosts is the part of [DEFAULT] about hypervisors' hosts: how their heartbeats
// are judged, and how much of their resources servers may use.
type Hosts struct {
	ReportInterval   time.Duration
	DownTime         time.Duration
	CPURatio         float64 // virtual CPUs given out per CPU of the host
	RAMRatio         float64
	DiskRatio        float64
	ReservedCPUs     int
	ReservedMemoryMB int
	ReservedDiskMB   int
}

var hostOptions = []Option{
	// A heartbeat is one statement, and also renews the hold on the host. See internal/hosts.
	{
		Name: "report_interval", Default: "10", Accepts: between(1, 86400), at: func(c *Config) any { return &c.Hosts.ReportInterval },
		Help: "How often a host sends a heartbeat.",
	},
	// Whoever wants a dead host's servers evacuated early makes this short, and false alarms
	// more likely.
	{
		Name: "service_down_time", Default: "60", Accepts: between(2, 86400), at: func(c *Config) any { return &c.Hosts.DownTime },
		Help: "How long after its last heartbeat a host counts as down. Must be more than report_interval.",
	},
	// Nova leaves these three unset, and lets initial_…_allocation_ratio and placement
	// decide. The values are those that came of it until Nova 26; since then they are 4, 1
	// and 1.
	{
		Name: "cpu_allocation_ratio", Default: "16.0", Accepts: positive, at: func(c *Config) any { return &c.Hosts.CPURatio },
		Help: "How many virtual CPUs servers may have for each CPU of a host.",
	},
	{
		Name: "ram_allocation_ratio", Default: "1.5", Accepts: positive, at: func(c *Config) any { return &c.Hosts.RAMRatio },
		Help: "How much memory servers may have, in relation to that of the host.",
	},
	{
		Name: "disk_allocation_ratio", Default: "1.0", Accepts: positive, at: func(c *Config) any { return &c.Hosts.DiskRatio },
		Help: "How much disk servers may have, in relation to that of the host.",
	},
	// What is reserved is taken off what the hypervisor reports before a ratio is applied.
	{
		Name: "reserved_host_cpus", Default: "0", Accepts: atLeast(0), at: func(c *Config) any { return &c.Hosts.ReservedCPUs },
		Help: "How many CPUs a host keeps for itself.",
	},
	{
		Name: "reserved_host_memory_mb", Default: "512", Accepts: atLeast(0), at: func(c *Config) any { return &c.Hosts.ReservedMemoryMB },
		Help: "How much memory a host keeps for itself, in MiB.",
	},
	{
		Name: "reserved_host_disk_mb", Default: "0", Accepts: atLeast(0), at: func(c *Config) any { return &c.Hosts.ReservedDiskMB },
		Help: "How much disk a host keeps for itself, in MiB.",
	},
}

var positive = between(0.0001, 1e6)
