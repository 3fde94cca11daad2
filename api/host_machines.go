package api

import (
	"context"
	"strings"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// HostMachines answers for /os-hosts: the machines of the cloud with their services,
// until 2.42. Hypervisors and services tell more.
type HostMachines struct{ Options }

// Operations are the operations on hosts.
func (c *HostMachines) Operations() rest.Operations {
	return rest.Operations{
		"index":    rest.Do(c.index).Query(schema.HostsQuery).Until(42).Needs(policy.HostList),
		"show":     rest.Do(c.show).Query(schema.IgnoredQuery).Until(42).Needs(policy.HostShow),
		"update":   rest.DoWith(schema.HostUpdate, c.update).Until(42).Needs(policy.HostUpdate),
		"reboot":   rest.Do(c.turn).Query(schema.IgnoredQuery).Until(42).Needs(policy.HostReboot),
		"shutdown": rest.Do(c.turn).Query(schema.IgnoredQuery).Until(42).Needs(policy.HostShutdown),
		"startup":  rest.Do(c.turn).Query(schema.IgnoredQuery).Until(42).Needs(policy.HostStart),
	}
}

// index lists the enabled services with their hosts: all, or those in a zone.
func (c *HostMachines) index(ctx context.Context, r *rest.Request) (any, error) {
	services, err := c.Hosts.Services(ctx, db.ServiceFilter{})
	if err != nil {
		return nil, err
	}
	shown := make([]nova.Service, 0, len(services))
	for _, s := range services {
		if zone := r.Last("zone"); !s.Disabled && (zone == "" || s.Zone == zone) {
			shown = append(shown, s)
		}
	}
	return views.HostMachines{}.Index(r, shown), nil
}

// show tells what a host has, and what projects use of it.
func (c *HostMachines) show(ctx context.Context, r *rest.Request) (any, error) {
	found, err := c.Hosts.Find(ctx, db.HostFilter{Name: r.ID()})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, nova.Errorf(nova.NotFound, "Host '%s' is not mapped to any cell", r.ID())
	}
	servers, err := c.serversOn(ctx, r.ID())
	if err != nil {
		return nil, err
	}
	return views.HostMachines{}.Show(found[0], servers), nil
}

// serversOn lists all servers of a host.
func (c *HostMachines) serversOn(ctx context.Context, host string) ([]nova.Server, error) {
	const pageSize = 1000
	var servers []nova.Server
	for after := int64(0); ; after = servers[len(servers)-1].Serial {
		page, err := c.Store.ServersOn(ctx, []string{host}, after, pageSize)
		servers = append(servers, page...)
		if err != nil || len(page) < pageSize {
			return servers, err
		}
	}
}

// update enables or disables the service of a host. There is no maintenance that a
// hypervisor here could be put into.
func (c *HostMachines) update(ctx context.Context, r *rest.Request, in schema.HostUpdateBody) (any, error) {
	if in.MaintenanceMode != nil {
		return nil, c.Hosts.NotTurned(ctx, r.ID())
	}
	enabled := strings.EqualFold(*in.Status, "enable")
	if err := c.Hosts.EnableHost(ctx, r.ID(), enabled); err != nil {
		return nil, err
	}
	return views.HostMachines{}.Enabled(r.ID(), enabled), nil
}

// turn would turn the machine of a host off or on.
func (c *HostMachines) turn(ctx context.Context, r *rest.Request) (any, error) {
	return nil, c.Hosts.NotTurned(ctx, r.ID())
}
