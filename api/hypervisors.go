package api

import (
	"context"
	"strconv"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// Hypervisors answers for /os-hypervisors: what servers run on. They are known by
// UUID since 2.53, and by number before.
type Hypervisors struct{ Options }

// Operations are the operations on hypervisors. Since 2.53 the list takes the place
// of search and servers, and since 2.88 nothing tells of resources.
func (c *Hypervisors) Operations() rest.Operations {
	return rest.Operations{
		"index":      rest.Do(c.list(false)).Query(schema.HypervisorsQuery).Needs(policy.HypervisorList).Long(),
		"detail":     rest.Do(c.list(true)).Query(schema.HypervisorsQuery).Needs(policy.HypervisorDetail).Long(),
		"show":       rest.Do(c.show).Query(schema.HypervisorQuery).Needs(policy.HypervisorShow),
		"statistics": rest.Do(c.statistics).Query(schema.IgnoredQuery).Until(87).Needs(policy.HypervisorStatistics),
		"uptime":     rest.Do(c.uptime).Query(schema.IgnoredQuery).Until(87).Needs(policy.HypervisorUptime),
		"search":     rest.Do(c.search).Query(schema.IgnoredQuery).Until(52).Needs(policy.HypervisorSearch),
		"servers":    rest.Do(c.servers).Query(schema.IgnoredQuery).Until(52).Needs(policy.HypervisorServers),
	}
}

// list lists hypervisors: a page since 2.33, or those whose names match since 2.53.
func (c *Hypervisors) list(detail bool) func(context.Context, *rest.Request) (any, error) {
	return func(ctx context.Context, r *rest.Request) (any, error) {
		found, links, err := c.listed(ctx, r)
		if err != nil {
			return nil, err
		}
		view, err := c.view(ctx, found, detail, withServers(r))
		if err != nil {
			return nil, err
		}
		return view.Index(r, found, links), nil
	}
}

// listed finds what a list is about, and whether it has pages: a search by name has
// none.
func (c *Hypervisors) listed(ctx context.Context, r *rest.Request) (found []nova.Host, pages bool, err error) {
	if r.Has("hypervisor_hostname_pattern") {
		if r.Has("limit") || r.Last("marker") != "" {
			return nil, false, nova.Errorf(nova.Invalid, "") // Nova has a text for it that gets lost on the way
		}
		found, err = c.named(ctx, r.Last("hypervisor_hostname_pattern"))
		return found, false, err
	}
	filter := db.HostFilter{}
	if pages = r.AtLeast(33); pages {
		filter.Limit = new(r.Limit())
		if filter.After, err = c.marked(ctx, r.Last("marker")); err != nil {
			return nil, false, err
		}
	}
	found, err = c.Hosts.Find(ctx, filter)
	return found, pages, err
}

// marked is the number of the hypervisor that a marker names: 0 for no marker.
func (c *Hypervisors) marked(ctx context.Context, marker string) (int64, error) {
	if marker == "" {
		return 0, nil
	}
	filter := db.HostFilter{ID: marker}
	if !schema.IsUUID(marker) {
		filter = db.HostFilter{Serial: noSerial}
		if serial, err := strconv.ParseInt(marker, 10, 64); err == nil && serial != 0 {
			filter.Serial = serial
		}
	}
	found, err := c.Hosts.Find(ctx, filter)
	if err == nil && len(found) == 0 {
		err = nova.Errorf(nova.Invalid, "marker [%s] not found", marker)
	}
	if err != nil {
		return 0, err
	}
	return found[0].Serial, nil
}

// named finds the hypervisors that have a text in their name: NotFound if there are
// none.
func (c *Hypervisors) named(ctx context.Context, text string) ([]nova.Host, error) {
	found, err := c.Hosts.Find(ctx, db.HostFilter{Like: text})
	if err == nil && len(found) == 0 {
		err = nova.Errorf(nova.NotFound, "No hypervisor matching '%s' could be found.", text)
	}
	return found, err
}

// withServers reports whether servers are to be shown. The schema has checked it.
func withServers(r *rest.Request) bool {
	yes, err := r.Bool("with_servers")
	return err == nil && yes
}

// view gathers what is shown of some hypervisors.
func (c *Hypervisors) view(ctx context.Context, found []nova.Host, detail, withServers bool) (views.Hypervisors, error) {
	view := views.Hypervisors{Detail: detail, WithServers: withServers, Servers: map[string][]views.ServerName{}}
	if withServers {
		names := make([]string, len(found))
		for i, h := range found {
			names[i] = h.Name
		}
		servers, err := c.Store.ServerNamesOn(ctx, names)
		if err != nil {
			return view, err
		}
		for host, all := range servers {
			for _, s := range all {
				view.Servers[host] = append(view.Servers[host], views.ServerName{ID: s.ID, Name: nova.Server{Serial: s.Serial}.InstanceName()})
			}
		}
	}
	var err error
	if detail {
		view.Workloads, err = c.Store.Workloads(ctx)
	}
	return view, err
}

// load finds the hypervisor that the path names.
func (c *Hypervisors) load(ctx context.Context, r *rest.Request) (nova.Host, error) {
	missing := nova.Errorf(nova.NotFound, "Hypervisor with ID '%s' could not be found.", r.ID())
	filter := db.HostFilter{ID: r.ID()}
	if byID := r.AtLeast(53); byID {
		if err := checkUUID(r.ID()); err != nil {
			return nova.Host{}, err
		}
	} else {
		serial, err := serialIn(r.ID())
		if err != nil {
			return nova.Host{}, missing
		}
		filter = db.HostFilter{Serial: serial}
	}
	found, err := c.Hosts.Find(ctx, filter)
	if err != nil {
		return nova.Host{}, err
	}
	if len(found) == 0 {
		return nova.Host{}, missing
	}
	return found[0], nil
}

func (c *Hypervisors) show(ctx context.Context, r *rest.Request) (any, error) {
	found, err := c.load(ctx, r)
	if err != nil {
		return nil, err
	}
	view, err := c.view(ctx, []nova.Host{found}, true, withServers(r))
	if err != nil {
		return nil, err
	}
	return view.Show(r, found), nil
}

// uptime tells for how long a host has been up.
func (c *Hypervisors) uptime(ctx context.Context, r *rest.Request) (any, error) {
	found, err := c.load(ctx, r)
	if err != nil {
		return nil, err
	}
	uptime, err := c.Hosts.Uptime(found)
	if err != nil {
		return nil, err
	}
	return views.Hypervisors{}.Uptime(r, found, uptime), nil
}

// search finds hypervisors by a part of their names.
func (c *Hypervisors) search(ctx context.Context, r *rest.Request) (any, error) {
	found, err := c.named(ctx, r.ID())
	if err != nil {
		return nil, err
	}
	return views.Hypervisors{}.Index(r, found, false), nil
}

// servers is search, with the servers of each hypervisor.
func (c *Hypervisors) servers(ctx context.Context, r *rest.Request) (any, error) {
	found, err := c.named(ctx, r.ID())
	if err != nil {
		return nil, err
	}
	view, err := c.view(ctx, found, false, true)
	if err != nil {
		return nil, err
	}
	return view.Index(r, found, false), nil
}

// statistics sums up the hypervisors whose services are enabled.
func (c *Hypervisors) statistics(ctx context.Context, _ *rest.Request) (any, error) {
	all, err := c.Hosts.All(ctx)
	if err != nil {
		return nil, err
	}
	workloads, err := c.Store.Workloads(ctx)
	if err != nil {
		return nil, err
	}
	return views.Hypervisors{Workloads: workloads}.Statistics(all), nil
}
