package hosts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/notify"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// The services, in Nova's names for them.
const (
	BinaryCompute   = "nova-compute"
	BinaryScheduler = "nova-scheduler"
	BinaryConductor = "nova-conductor"
)

// A Registrar holds the hosts of this process for as long as the process lives,
// so that no other process runs them as well, and tells the cloud what they
// have and that they are alive.
type Registrar struct {
	Store   *db.Store
	Local   *virt.Hosts
	Process Process
	// Host is the name under which this process reports the services that run no
	// hypervisor, and Services are those.
	Host     string
	Services []string
	// Every is the time between two reports.
	Every time.Duration
	// DownTime is how long a host is left to a process that is not heard of.
	DownTime time.Duration
	Ratios   Ratios
	Reserved nova.Resources // of each node, for the host itself
	// Lost, if there is one, is called when another process has taken a host
	// over. The host has been dropped from Local by then.
	Lost func(host string)
	// Notify tells other programs of new services. Nil for nobody.
	Notify *notify.Notifier
	Log    zerolog.Logger

	services map[string]string    // the IDs of the hosts' services, by host
	written  map[string]nova.Host // what was written of each node
}

// Ratios say how often over a host's resources may be given away.
type Ratios struct{ CPU, RAM, Disk float64 }

// Register holds the hosts and writes what they have: before the first request.
// A host that another process holds is waited for, until that process is known
// to be dead or is not heard of for the down time. The error is Conflict, and
// says who holds the host, if that process turns out to be alive.
func (r *Registrar) Register(ctx context.Context) error {
	r.services, r.written = map[string]string{}, map[string]nova.Host{}
	for _, binary := range r.Services {
		service := nova.Service{ID: uuid.NewString(), Host: r.Host, Binary: binary}
		if _, _, err := r.claim(ctx, service, 0, ""); err != nil {
			return fmt.Errorf("register %s: %w", binary, err)
		}
	}
	for _, host := range r.Local.Names() {
		if err := r.hold(ctx, host); err != nil {
			return fmt.Errorf("register host %s: %w", host, err)
		}
		if err := r.writeNodes(ctx, host); err != nil {
			return err
		}
	}
	return nil
}

// hold holds one host, and waits for it if necessary.
func (r *Registrar) hold(ctx context.Context, host string) error {
	service := nova.Service{ID: uuid.NewString(), Host: host, Binary: BinaryCompute, Holder: r.Process.String()}
	dead := ""
	var before nova.Service
	for {
		now, held, err := r.claim(ctx, service, r.DownTime, dead)
		if err != nil {
			return err
		}
		if held {
			r.services[host] = now.ID
			return nil
		}
		holder := parseProcess(now.Holder)
		switch {
		case holder.isDead(r.Process):
			dead = now.Holder
			continue
		case before.Holder == now.Holder && now.SeenAt.After(before.SeenAt):
			return nova.Errorf(nova.Conflict, "it is run by another process, pid %d on %s, which is alive", holder.PID, holder.Machine)
		case before.Holder != now.Holder:
			r.Log.Warn().Str("host", host).Str("machine", holder.Machine).Int("pid", holder.PID).Time("seen_at", now.SeenAt).
				Msg("host is held by another process: waiting for a sign of life, or for its time to run out")
		}
		before = now
		const look = 500 * time.Millisecond
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(look):
		}
	}
}

// claim is Hold of the store, and tells of a service that there was not before.
func (r *Registrar) claim(ctx context.Context, service nova.Service, within time.Duration, dead string) (now nova.Service, held bool, err error) {
	if r.Notify == nil {
		return r.Store.Hold(ctx, service, within, dead)
	}
	err = r.Store.Tx(ctx, func(tx *db.Store) error {
		now, held, err = tx.Hold(ctx, service, within, dead)
		if err != nil || now.ID != service.ID {
			return err
		}
		return r.Notify.Service(ctx, tx, "create", now)
	})
	return now, held, err
}

// writeNodes writes what a host has, if that has changed since it was written.
func (r *Registrar) writeNodes(ctx context.Context, host string) error {
	driver := r.Local.Driver(host)
	if driver == nil {
		return nil
	}
	nodes, err := driver.Nodes(ctx)
	if err != nil {
		return fmt.Errorf("ask host %s what it has: %w", host, err)
	}
	for _, node := range nodes {
		now := nova.Host{
			ServiceID: r.services[host], Name: host, Node: node.Name,
			Type: node.Type, Version: node.Version, IP: node.IP, CPUInfo: node.CPUInfo,
			VCPUs: node.VCPUs - r.Reserved.VCPUs, RAM: node.RAM - r.Reserved.RAM, Disk: node.Disk - r.Reserved.Disk,
			CPURatio: r.Ratios.CPU, RAMRatio: r.Ratios.RAM, DiskRatio: r.Ratios.Disk,
		}
		if r.written[node.Name] == now {
			continue
		}
		fresh := now
		fresh.ID = uuid.NewString()
		if err := r.Store.RegisterHost(ctx, fresh); err != nil {
			return fmt.Errorf("register node %s: %w", node.Name, err)
		}
		r.written[node.Name] = now
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
			if err := r.beat(ctx); err != nil && ctx.Err() == nil { // a store that is away is back at a later beat
				r.Log.Warn().Err(err).Msg("heartbeat failed")
			}
		}
	}
}

// beat shows once that the hosts are alive, and drops those that another
// process has taken over.
func (r *Registrar) beat(ctx context.Context) error {
	held, err := r.Store.Heartbeat(ctx, r.Process.String(), r.Host)
	if err != nil {
		return err
	}
	var failed []error
	for _, host := range r.Local.Names() {
		if slices.Contains(held, host) {
			failed = append(failed, r.writeNodes(ctx, host))
			continue
		}
		r.drop(host)
	}
	return errors.Join(failed...)
}

// Release lets other processes hold the hosts: after the last work on them.
func (r *Registrar) Release(ctx context.Context) error {
	const atMost = 5 * time.Second
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), atMost)
	defer cancel()
	return r.Store.ReleaseHosts(ctx, r.Process.String())
}

// drop stops the work on a host.
func (r *Registrar) drop(host string) {
	r.Log.Error().Str("host", host).Msg("host was taken over by another process, or its service was deleted: this process stops working on it")
	r.Local.Drop(host)
	if r.Lost != nil {
		r.Lost(host)
	}
}
