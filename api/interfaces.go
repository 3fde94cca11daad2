package api

import (
	"context"
	"net/http"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// Interfaces answers for /servers/{server_id}/os-interface: the ports of a server,
// as the network service shows them to the caller.
type Interfaces struct{ ofServer }

// Operations are the operations on a server's ports.
func (c *Interfaces) Operations() rest.Operations {
	return rest.Operations{
		"index":  rest.On(c.load, c.index).Needs(policy.InterfaceList).Query(schema.NoQuery),
		"show":   rest.On(c.load, c.show).Needs(policy.InterfaceShow).Query(schema.NoQuery),
		"create": rest.OnWith(c.load, schema.InterfaceCreate, c.create).Needs(policy.InterfaceCreate),
		"delete": rest.On(c.load, c.delete).Needs(policy.InterfaceDelete).Status(http.StatusAccepted),
	}
}

func (c *Interfaces) index(ctx context.Context, r *rest.Request, s nova.Server) (any, error) {
	ports, err := c.Compute.Interfaces(ctx, s)
	if err != nil {
		return nil, err
	}
	return views.Interfaces{}.Index(r, s, ports), nil
}

func (c *Interfaces) show(ctx context.Context, r *rest.Request, s nova.Server) (any, error) {
	return c.shown(ctx, r, s, r.ID())
}

func (c *Interfaces) shown(ctx context.Context, r *rest.Request, s nova.Server, id string) (any, error) {
	port, err := c.Compute.Interface(ctx, s, id)
	if err != nil {
		return nil, err
	}
	return views.Interfaces{}.Show(r, s, port), nil
}

// create attaches a port, and answers with it when the server's host has plugged it
// in. Whether the caller may see it is asked then.
func (c *Interfaces) create(ctx context.Context, r *rest.Request, s nova.Server, in schema.InterfaceCreateBody) (any, error) {
	nic, err := attachment(in)
	if err != nil {
		return nil, err
	}
	port, err := c.Compute.AttachInterface(ctx, s, nic, networkRights(r))
	if err != nil {
		return nil, err
	}
	if s, err = c.load(ctx, r); err != nil {
		return nil, err
	}
	if err := r.Enforce(policy.InterfaceShow, policy.Target{ProjectID: s.ProjectID, UserID: s.UserID}); err != nil {
		return nil, err
	}
	return c.shown(ctx, r, s, port)
}

// attachment reads the attachment: a port, an address of a network, a
// network, or the only network there is.
func attachment(in schema.InterfaceCreateBody) (compute.NIC, error) {
	nic := compute.NIC{NetworkID: in.Interface.NetworkID, PortID: in.Interface.PortID, Tag: in.Interface.Tag}
	if len(in.Interface.FixedIPs) > 0 {
		nic.FixedIP = address(in.Interface.FixedIPs[0].Address)
	}
	switch {
	case nic.NetworkID != "" && nic.PortID != "":
		return nic, nova.Errorf(nova.Invalid, "Must not input both network_id and port_id")
	case nic.FixedIP != "" && nic.NetworkID == "":
		return nic, nova.Errorf(nova.Invalid, "Must input network_id when request IP address")
	}
	return nic, nil
}

// networkRights is what the caller may do with networks of other projects.
func networkRights(r *rest.Request) compute.NetworkRights {
	return compute.NetworkRights{AnyNetwork: r.Can(policy.AttachExternalNetwork), AnyAddress: r.Can(policy.ContextIsAdmin)}
}

// delete starts to detach a port, and answers before the server is without it.
func (c *Interfaces) delete(ctx context.Context, r *rest.Request, s nova.Server) (any, error) {
	return nil, c.Compute.DetachInterface(ctx, s, r.ID())
}
