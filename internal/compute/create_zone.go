package compute

import (
	"cmp"
	"context"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
)

// resolveZone finds the zone that servers are pinned to: empty for any. It must
// have an enabled service, as the internal zone always has, though servers find
// no host there. Where the client forces a host, the zone counts only if the
// host is in it: _validate_host_availability_zone in
// nova/api/openstack/compute/servers.py.
func (a *Servers) resolveZone(ctx context.Context, r ServerRequest) (string, error) {
	if r.Zone == "" || r.Zone == a.hosts.InternalZone() && r.Force == (Target{}) {
		return r.Zone, nil
	}
	if r.Force != (Target{}) {
		zone, err := a.hosts.ZoneOf(ctx, r.Force.Host)
		if err != nil || zone != r.Zone {
			return "", err
		}
		return zone, nil
	}
	available, err := a.hosts.HasZone(ctx, r.Zone)
	if err != nil {
		return "", err
	}
	if !available {
		return "", nova.Errorf(nova.Invalid, "The requested availability zone is not available")
	}
	return r.Zone, nil
}

// checkTarget refuses a host or a node that there is not, as
// _validate_host_or_node in nova/compute/api.py does.
func (a *Servers) checkTarget(ctx context.Context, t Target) error {
	if t == (Target{}) {
		return nil
	}
	found, err := a.hosts.Find(ctx, db.HostFilter{Name: t.Host, Node: t.Node, Limit: new(1)})
	if err != nil || len(found) > 0 {
		return err
	}
	return nova.Errorf(nova.Invalid, "Compute host %s could not be found.", cmp.Or(t.Host, t.Node))
}
