package compute

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/internal/nova"
)

// A Registrar tells the cloud of the hosts that this process runs, and that
// they are alive.
type Registrar struct {
	*Servers
	Host     string // of the services that run on no hypervisor
	Every    time.Duration
	Ratios   Ratios
	Reserved nova.Resources // of each host, for itself
}

// Ratios are how often over a host's resources may be given away.
type Ratios struct{ CPU, RAM, Disk float64 }

// Register writes down all hosts and services: before the first request.
func (r *Registrar) Register(ctx context.Context) error {
	for _, binary := range []string{"nova-scheduler", "nova-conductor"} {
		if _, err := r.store.Heartbeat(ctx, uuid.NewString(), r.Host, binary); err != nil {
			return fmt.Errorf("register %s: %w", binary, err)
		}
	}
	for host, driver := range r.drivers {
		service, err := r.store.Heartbeat(ctx, uuid.NewString(), host, "nova-compute")
		if err != nil {
			return fmt.Errorf("register host %s: %w", host, err)
		}
		nodes, err := driver.Nodes(ctx)
		if err != nil {
			return fmt.Errorf("ask host %s what it has: %w", host, err)
		}
		for _, node := range nodes {
			err := r.store.RegisterHost(ctx, nova.Host{
				ID: uuid.NewString(), ServiceID: service.ID, Name: host, Node: node.Name, Zone: r.zone,
				Type: node.Type, Version: node.Version, IP: node.IP, CPUInfo: node.CPUInfo,
				VCPUs: node.VCPUs - r.Reserved.VCPUs, RAM: node.RAM - r.Reserved.RAM, Disk: node.Disk - r.Reserved.Disk,
				CPURatio: r.Ratios.CPU, RAMRatio: r.Ratios.RAM, DiskRatio: r.Ratios.Disk,
			})
			if err != nil {
				return fmt.Errorf("register node %s: %w", node.Name, err)
			}
		}
	}
	return nil
}

// Run shows that the hosts are alive until the context ends.
func (r *Registrar) Run(ctx context.Context) error {
	tick := time.NewTicker(r.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			_ = r.Register(ctx) // a store that is away is back at a later beat
		}
	}
}
