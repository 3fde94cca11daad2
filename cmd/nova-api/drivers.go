package main

import (
	"fmt"
	"path/filepath"

	"github.com/nova-api/nova-api/internal/config"
	"github.com/nova-api/nova-api/internal/virt"
	"github.com/nova-api/nova-api/internal/virt/fake"
)

// A driver is a row of the table of drivers.
type driver struct {
	name  string
	hosts func(cfg *config.Config) []string // the hosts that this process runs with it
	open  func(cfg *config.Config, host string) (virt.Driver, error)
}

// drivers is the table of drivers. Whoever writes a driver adds a row here, and
// options that say which hosts it runs.
var drivers = []driver{
	{"fake", func(cfg *config.Config) []string { return cfg.NovaAPI.FakeHosts }, openFake},
}

// openFake opens a fake host. What it runs is kept in a directory of its own, so
// it outlives the process.
func openFake(cfg *config.Config, host string) (virt.Driver, error) {
	return fake.New(fake.Options{
		Dir: filepath.Join(cfg.StateDir, "hypervisors", host), Host: host,
		VCPUs: cfg.NovaAPI.FakeHostVCPUs, RAM: cfg.NovaAPI.FakeHostMemoryMB, Disk: cfg.NovaAPI.FakeHostDiskGB,
		Times: cfg.Fake.TimesByName(),
	})
}

// newLocalHosts opens the hosts that this process runs. A process without the role
// compute runs none. A host that can't be opened ends the process: other processes
// would take it for alive.
func newLocalHosts(cfg *config.Config) (*virt.Hosts, error) {
	local := new(virt.Hosts)
	if !cfg.Plays(config.RoleCompute) {
		return local, nil
	}
	for _, row := range drivers {
		for _, host := range row.hosts(cfg) {
			opened, err := row.open(cfg, host)
			if err != nil {
				return nil, fmt.Errorf("open host %s with the %s driver: %w", host, row.name, err)
			}
			local.Add(host, opened)
		}
	}
	return local, nil
}
