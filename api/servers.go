package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// Servers answers for /servers: the virtual machines of projects. The actions on
// a server are in server_actions.go.
type Servers struct{ Options }

// Operations are the operations on servers.
func (c *Servers) Operations() rest.Operations {
	return rest.Operations{
		"index":  rest.Do(c.index).Needs(policy.ServerIndex).Query(schema.ServersQuery).Long(),
		"detail": rest.Do(c.detail).Needs(policy.ServerDetail).Query(schema.ServersQuery).Long(),
		"show":   rest.On(c.load, c.show).Needs(policy.ServerShow).Query(schema.NoQuery),
		"create": rest.DoWith(schema.ServerCreate, c.create).Needs(policy.ServerCreate).Status(http.StatusAccepted),
		"update": rest.OnWith(c.load, schema.ServerUpdate, c.update).Needs(policy.ServerUpdate),
		"delete": rest.On(c.load, c.delete).Needs(policy.ServerDelete).Status(http.StatusNoContent),

		"backup_instance": rest.OnWith(c.load, schema.BackupInstanceCreate, c.backupInstance).
			Needs(policy.BackupInstance).Status(http.StatusAccepted),
	}
}

// load finds the server that the path names.
func (c *Servers) load(ctx context.Context, r *rest.Request) (nova.Server, error) {
	return findServerOfCaller(ctx, r, r.ID(), c.Store.Server)
}

// loadMapped is load with the sentence of findMapped for a server that never was.
func (c *Servers) loadMapped(ctx context.Context, r *rest.Request) (nova.Server, error) {
	server, err := findServerOfCaller(ctx, r, r.ID(), c.findMapped)
	if err != nil {
		return server, err
	}
	return server, checkNotDeleted(server)
}

// index lists servers by name and ID. Less is read from the store than for
// detail.
func (c *Servers) index(ctx context.Context, r *rest.Request) (any, error) {
	servers, err := c.list(ctx, r, policy.ServerIndexAllProjects, c.Store.ServerNames)
	if err != nil {
		return nil, err
	}
	return views.Servers{}.Index(r, servers), nil
}

// detail lists servers with everything but their groups. The hosts of all
// servers on the page are read in one query.
func (c *Servers) detail(ctx context.Context, r *rest.Request) (any, error) {
	servers, err := c.list(ctx, r, policy.ServerDetailAllProjects, c.Store.Servers)
	if err != nil {
		return nil, err
	}
	shown, err := c.withHosts(ctx, r, servers)
	if err != nil {
		return nil, err
	}
	return views.Servers{}.Detail(r, shown), nil
}

// show shows one server with everything.
func (c *Servers) show(ctx context.Context, r *rest.Request, s nova.Server) (any, error) {
	shown, err := c.withHost(ctx, r, s)
	if err != nil {
		return nil, err
	}
	return views.Servers{}.Show(r, shown), nil
}

// update changes names and other descriptive properties, at any time and in any
// state. Since 2.75 it answers with the whole server.
func (c *Servers) update(ctx context.Context, r *rest.Request, s nova.Server, in schema.ServerUpdateBody) (any, error) {
	change, err := changes(r, s, in)
	if err != nil {
		return nil, err
	}
	updated, err := c.Compute.Update(ctx, s, change)
	if err != nil {
		return nil, err
	}
	shown, err := c.withHost(ctx, r, updated)
	if err != nil {
		return nil, err
	}
	return views.Servers{}.Updated(r, shown), nil
}

// delete starts to delete the server, whatever else is being done to it, and
// answers 204 before the server is gone.
func (c *Servers) delete(ctx context.Context, _ *rest.Request, s nova.Server) (any, error) {
	return nil, c.Compute.Delete(ctx, s)
}

// backupInstance starts a backup of the server, and answers with the ID of the
// image that will hold it.
func (c *Servers) backupInstance(ctx context.Context, _ *rest.Request, s nova.Server, in schema.BackupInstanceCreateBody) (any, error) {
	image, err := c.Compute.BackupInstance(ctx, s, strings.TrimSpace(in.Name), in.Description)
	if err != nil {
		return nil, err
	}
	return views.ID(image), nil
}

// changes are the changes that an update asks for. The error is Conflict for a
// pin to a zone that the server is not in.
func changes(r *rest.Request, s nova.Server, in schema.ServerUpdateBody) (db.ServerChange, error) {
	change := db.ServerChange{
		Name: convert(strings.TrimSpace, in.Server.Name), Hostname: (*string)(in.Server.Hostname), DiskConfig: in.Server.DiskConfig,
		AccessIPv4: convert(address, in.Server.AccessIPv4), AccessIPv6: convert(address, in.Server.AccessIPv6),
	}
	if in.Server.Description.Set {
		change.Description = new((*string)(pointer(in.Server.Description)))
	}
	// The schema of /v2 lets the pin through in a body that has nothing else.
	if !in.Server.PinnedAvailabilityZone.Set || !r.AtLeast(104) {
		return change, nil
	}
	pin := (*string)(pointer(in.Server.PinnedAvailabilityZone))
	change.PinnedZone = &pin
	return change, checkPin(s, pin)
}

// convert applies f to a value that may be absent.
func convert(f func(string) string, value *string) *string {
	if value == nil {
		return nil
	}
	return new(f(*value))
}

// checkPin refuses to pin a server to a zone other than the one it runs in.
func checkPin(s nova.Server, zone *string) error {
	if zone == nil || s.PinnedZone != nil && *zone == *s.PinnedZone {
		return nil
	}
	if s.PinnedZone != nil {
		return nova.Errorf(nova.Conflict, "Cannot change pinned availability zone directly. "+
			"Unpin first by setting pinned_availability_zone to null.")
	}
	if s.Zone == *zone {
		return nil
	}
	return nova.Errorf(nova.Conflict, "Server can only be pinned to its current availability zone '%s', but '%s' was requested.",
		s.Zone, *zone)
}

// withHost adds the status of a server's host, and the server's groups, which
// lists leave out.
func (c *Servers) withHost(ctx context.Context, r *rest.Request, s nova.Server) (views.Server, error) {
	shown, err := c.withHosts(ctx, r, []nova.Server{s})
	if err != nil {
		return views.Server{}, err
	}
	shown[0].Groups = []string{}
	if s.GroupID != "" {
		shown[0].Groups = append(shown[0].Groups, s.GroupID)
	}
	return shown[0], nil
}

// withHosts adds the status of the hosts of a page's servers, in one query for
// those hosts. The hosts are not read for callers who may not see their status.
func (c *Servers) withHosts(ctx context.Context, r *rest.Request, servers []nova.Server) ([]views.Server, error) {
	var names []string
	if r.AtLeast(16) && (r.Can(policy.ShowHostStatus) || r.Can(policy.ShowHostStatusUnknown)) {
		names = hostsOf(servers)
	}
	hosts, err := c.Hosts.Named(ctx, names)
	if err != nil {
		return nil, err
	}
	shown := make([]views.Server, len(servers))
	for i := range servers {
		s := &servers[i]
		shown[i] = views.Server{Server: s}
		if host, ok := hosts[s.Host]; ok {
			shown[i].HostStatus = host.Status()
		}
		if s.DeletedAt != nil { // the host is still shown, but not how it is
			shown[i].HostStatus = ""
		}
	}
	return shown, nil
}

// hostsOf are the names of the hosts of servers, each once.
func hostsOf(servers []nova.Server) []string {
	seen := map[string]bool{"": true} // a server without a host
	var names []string
	for _, s := range servers {
		if !seen[s.Host] {
			seen[s.Host] = true
			names = append(names, s.Host)
		}
	}
	return names
}

// pointer is the value that a client gave, and nil for a null.
func pointer[T any](v schema.Null[T]) *T {
	if v.Null {
		return nil
	}
	return &v.Value
}
