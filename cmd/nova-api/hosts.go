package main

import (
	"fmt"
	"path/filepath"

	"github.com/nova-api/nova-api/internal/config"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
	"github.com/nova-api/nova-api/internal/virt/fake"
)

// newLocalHosts opens the hosts that this process runs: none without that role.
func newLocalHosts(cfg *config.Config) (*virt.Hosts, error) {
	local := new(virt.Hosts)
	if !cfg.Plays(config.RoleCompute) {
		return local, nil
	}
	for _, host := range cfg.NovaAPI.FakeHosts {
		driver, err := fake.New(fake.Options{
			Dir: filepath.Join(cfg.StateDir, "hypervisors", host), Host: host,
			VCPUs: cfg.NovaAPI.FakeHostVCPUs, RAM: cfg.NovaAPI.FakeHostMemoryMB, Disk: cfg.NovaAPI.FakeHostDiskGB,
		})
		if err != nil {
			return nil, fmt.Errorf("open hypervisor %s: %w", host, err)
		}
		local.Add(host, driver)
	}
	return local, nil
}

// defaultQuota is what a project may have for which nothing was set.
func defaultQuota(q config.Quota) nova.Quota {
	return nova.Quota{
		nova.QuotaInstances: q.Instances, nova.QuotaCores: q.Cores, nova.QuotaRAM: q.RAM,
		nova.QuotaMetadataItems: q.MetadataItems, nova.QuotaInjectedFiles: q.InjectedFiles,
		nova.QuotaInjectedFileBytes: q.InjectedFileContentBytes, nova.QuotaInjectedPathBytes: q.InjectedFilePathLength,
		nova.QuotaKeyPairs: q.KeyPairs, nova.QuotaServerGroups: q.ServerGroups, nova.QuotaServerGroupMembers: q.ServerGroupMembers,
	}
}
