package compute

import (
	"context"
	"net/netip"
	"strings"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/scheduler"
)

// groupOf finds where the other members of a server's group run: nil for a
// server that is in no group, or whose group has been deleted. It is asked
// outside and inside of the transaction that claims a host; inside, lock keeps
// other members from being placed meanwhile.
func groupOf(ctx context.Context, store *db.Store, s nova.Server, lock bool) (*scheduler.Group, error) {
	if s.GroupID == "" {
		return nil, nil //nolint:nilnil // no group is an answer
	}
	find := store.ServerGroup
	if lock {
		find = store.LockServerGroup
	}
	group, err := find(ctx, s.GroupID)
	if nova.Is(err, nova.NotFound) {
		return nil, nil //nolint:nilnil // the group is gone
	}
	if err != nil {
		return nil, err
	}
	hosts, err := store.GroupHosts(ctx, group.ID, s.ID)
	return &scheduler.Group{Policy: group.Policy, PerHost: group.PerHost(), Hosts: hosts}, err
}

// joinsGroup checks, in the transaction that claims a host, that the server's
// group still allows it there. If other members have been placed meanwhile, the
// step is to be taken again.
func joinsGroup(ctx context.Context, tx *db.Store, s nova.Server, host string) error {
	group, err := groupOf(ctx, tx, s, true)
	if err != nil || group.Allows(host) {
		return err
	}
	return errAgain
}

// hintsOf reads what a server's scheduler hints ask of its host, in the words of
// Nova's filters: DifferentHostFilter, SameHostFilter, SimpleCIDRAffinityFilter
// and JsonFilter. The error is Invalid if a hint can't be read.
func hintsOf(ctx context.Context, store *db.Store, hints map[string][]string) (h scheduler.Hints, err error) {
	if h.SameHost, err = hostsOf(ctx, store, hints["same_host"]); err != nil {
		return h, err
	}
	if h.DifferentHost, err = hostsOf(ctx, store, hints["different_host"]); err != nil {
		return h, err
	}
	if near := firstText(hints["build_near_host_ip"]); near != "" {
		bits := strings.TrimPrefix(firstText(hints["cidr"]), "/")
		if bits == "" {
			bits = "24"
		}
		if h.Near, err = netip.ParsePrefix(near + "/" + bits); err != nil {
			return h, nova.Errorf(nova.Invalid, "The scheduler hint 'build_near_host_ip' is no address, or 'cidr' is no size of a network.")
		}
	}
	if query := firstText(hints["query"]); query != "" {
		h.Query, err = scheduler.ParseQuery(query)
	}
	return h, err
}

// hostsOf are the hosts of the servers that a hint names: nil if it names none.
func hostsOf(ctx context.Context, store *db.Store, ids []string) ([]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	hosts := []string{}
	for _, id := range ids {
		server, err := store.Server(ctx, id)
		if err != nil && !nova.Is(err, nova.NotFound) {
			return nil, err
		}
		if server.Host != "" {
			hosts = append(hosts, server.Host)
		}
	}
	return hosts, nil
}

// firstText is the first value of a hint: empty for a hint without one.
func firstText(hint []string) string {
	if len(hint) == 0 {
		return ""
	}
	return hint[0]
}
