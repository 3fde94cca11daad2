package api

import (
	"context"
	"net/http"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// Networks answers for /os-networks, until 2.35: the networks of the network service,
// for clients that know no network service.
type Networks struct{ Options }

// Operations are the operations on networks. Those that Nova has removed are in gone.go.
func (c *Networks) Operations() rest.Operations {
	return lastIn(rest.Operations{
		"index": rest.Do(c.index).Needs(policy.NetworkList).Query(schema.IgnoredQuery),
		"show":  rest.Do(c.show).Needs(policy.NetworkShow).Query(schema.IgnoredQuery),
	}, 35)
}

func (c *Networks) index(ctx context.Context, r *rest.Request) (any, error) {
	networks, err := c.Compute.VisibleNetworks(ctx)
	return views.Networks{}.Index(r, networks), err
}

func (c *Networks) show(ctx context.Context, r *rest.Request) (any, error) {
	network, err := c.Compute.VisibleNetwork(ctx, r.ID())
	return views.Networks{}.Show(r, network), err
}

// TenantNetworks answers for /os-tenant-networks, until 2.35: the same networks, in
// another form.
type TenantNetworks struct{ Options }

// Operations are the operations on networks. Those that Nova has removed are in gone.go.
func (c *TenantNetworks) Operations() rest.Operations {
	return lastIn(rest.Operations{
		"index": rest.Do(c.index).Needs(policy.TenantNetworkList).Query(schema.IgnoredQuery),
		"show":  rest.Do(c.show).Needs(policy.TenantNetworkShow).Query(schema.IgnoredQuery),
	}, 35)
}

func (c *TenantNetworks) index(ctx context.Context, r *rest.Request) (any, error) {
	networks, err := c.Compute.VisibleNetworks(ctx)
	return views.TenantNetworks{}.Index(r, networks), err
}

func (c *TenantNetworks) show(ctx context.Context, r *rest.Request) (any, error) {
	network, err := c.Compute.VisibleNetwork(ctx, r.ID())
	return views.TenantNetworks{}.Show(r, network), err
}

// FloatingIPPools answers for /os-floating-ip-pools, until 2.35: the networks that
// floating addresses come from.
type FloatingIPPools struct{ Options }

// Operations are the operations on pools.
func (c *FloatingIPPools) Operations() rest.Operations {
	return lastIn(rest.Operations{"index": rest.Do(c.index).Needs(policy.FloatingIPPools).Query(schema.IgnoredQuery)}, 35)
}

func (c *FloatingIPPools) index(ctx context.Context, r *rest.Request) (any, error) {
	pools, err := c.Compute.FloatingPools(ctx)
	return views.FloatingPools(r, pools), err
}

// FloatingIPs answers for /os-floating-ips, until 2.35: the floating addresses of the
// caller's project.
type FloatingIPs struct{ Options }

// Operations are the operations on floating addresses.
func (c *FloatingIPs) Operations() rest.Operations {
	return lastIn(rest.Operations{
		"index":  rest.Do(c.index).Needs(policy.FloatingIPList).Query(schema.IgnoredQuery),
		"show":   rest.Do(c.show).Needs(policy.FloatingIPShow).Query(schema.IgnoredQuery),
		"create": rest.DoWith(schema.FloatingIPCreate, c.create).Needs(policy.FloatingIPCreate),
		"delete": rest.Do(c.delete).Needs(policy.FloatingIPDelete).Status(http.StatusAccepted),
	}, 35)
}

func (c *FloatingIPs) index(ctx context.Context, _ *rest.Request) (any, error) {
	found, err := c.Compute.FloatingIPs(ctx)
	shown := make([]views.Dict, len(found))
	for i, f := range found {
		shown[i] = floatingIP(f)
	}
	return views.Dict{{Key: "floating_ips", Value: shown}}, err
}

func (c *FloatingIPs) show(ctx context.Context, r *rest.Request) (any, error) {
	found, err := c.Compute.FloatingIP(ctx, r.ID())
	return views.Dict{{Key: "floating_ip", Value: floatingIP(found)}}, err
}

// create takes an address from the pool that the body names, if there is a body.
func (c *FloatingIPs) create(ctx context.Context, _ *rest.Request, in schema.FloatingIPCreateBody) (any, error) {
	made, err := c.Compute.AllocateFloatingIP(ctx, in.Pool)
	return views.Dict{{Key: "floating_ip", Value: floatingIP(made)}}, err
}

func (c *FloatingIPs) delete(ctx context.Context, r *rest.Request) (any, error) {
	return nil, c.Compute.ReleaseFloatingIP(ctx, r.ID())
}

func floatingIP(f compute.PooledIP) views.Dict {
	return views.FloatingIP(f.FloatingIP, f.Pool, f.ServerID)
}
