package e2e_test

import (
	"path/filepath"
	"slices"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt/fake"
)

// everything are all servers that ever were.
func (c *crash) everything(deleted *bool) []nova.Server {
	const enough = 100_000
	servers, err := c.store.Servers(c.t.Context(), db.ServerFilter{Deleted: deleted}, nova.Page{Limit: enough})
	if err != nil {
		c.t.Fatalf("read servers: %v", err)
	}
	return servers
}

func (c *crash) live() []nova.Server { no := false; return c.everything(&no) }

// actions are all that was done to a server.
func (c *crash) actions(s nova.Server) []nova.Action {
	const enough = 10_000
	actions, err := c.store.Actions(c.t.Context(), s.ID, db.ActionFilter{}, nova.Page{Limit: enough})
	if err != nil {
		c.t.Fatalf("read actions: %v", err)
	}
	return actions
}

// wasReset tells whether somebody said what state a server is in: from then on
// it may be in that state without being there at all.
func (c *crash) wasReset(s nova.Server) bool {
	return slices.ContainsFunc(c.actions(s), func(a nova.Action) bool { return a.Name == "resetState" })
}

// unsettled tells what is still going on.
func (c *crash) unsettled() error {
	var o objections
	for _, s := range c.everything(nil) {
		if s.TaskState != nova.Idle || s.VMState == nova.Building {
			o.add("server %s is %s, %s", s.ID, s.VMState, s.TaskState)
		}
		for _, a := range c.actions(s) {
			if a.FinishTime == nil {
				o.add("server %s: %s (%s) is under way, attempt %d of %q", s.ID, a.Name, a.RequestID, a.Attempt, a.Owner)
			}
		}
	}
	live := c.live()
	for _, p := range c.admin.serverPorts() { // what a deleted server leaves is swept up some seconds later
		if !slices.ContainsFunc(live, func(s nova.Server) bool { return s.ID == p.DeviceID }) {
			o.add("port %s is left of server %s", p.ID, p.DeviceID)
		}
	}
	for _, i := range c.admin.images() {
		if i.Status != "active" {
			o.add("image %s (%s) is %s", i.ID, i.Name, i.Status)
		}
	}
	return o.err()
}

// wrong tells what doesn't add up.
func (c *crash) wrong() error {
	var o objections
	live := c.live()
	c.checkUsage(&o, live)
	c.checkHosts(&o, live)
	c.checkPorts(&o, live)
	c.checkActions(&o)
	c.checkAPI(&o, live)
	return o.err()
}

// checkUsage compares the quota's accounts with what there is.
func (c *crash) checkUsage(o *objections, live []nova.Server) {
	var want nova.Usage
	for _, s := range live {
		want = want.Plus(s.Usage())
	}
	if got := c.demo.usage(); got != want {
		o.add("usage %+v, want %+v", got, want)
	}
}

// usage is what the user's project has, as /limits tells it.
func (u *user) usage() nova.Usage {
	u.p.t.Helper()
	var limits struct {
		Limits struct {
			Absolute struct{ TotalInstancesUsed, TotalCoresUsed, TotalRAMUsed int }
		}
	}
	u.get("/v2.1/limits", &limits)
	used := limits.Limits.Absolute
	return nova.Usage{Instances: used.TotalInstancesUsed, Cores: used.TotalCoresUsed, RAM: used.TotalRAMUsed}
}

// checkHosts compares the hosts' accounts with what is on them.
func (c *crash) checkHosts(o *objections, live []nova.Server) {
	want := map[string]nova.Resources{}
	for _, s := range live {
		want[s.Node] = want[s.Node].Plus(s.Flavor.Takes())
		if s.Elsewhere != nil {
			want[s.Elsewhere.Node] = want[s.Elsewhere.Node].Plus(s.Elsewhere.Takes)
		}
	}
	hosts, err := c.store.Hosts(c.t.Context(), time.Minute)
	if err != nil || len(hosts) != len(c.hosts) {
		o.add("%d hosts: %w", len(hosts), err)
	}
	for _, h := range hosts {
		got := nova.Resources{Instances: h.RunningVMs, VCPUs: h.VCPUsUsed, RAM: h.RAMUsed, Disk: h.DiskUsed}
		if got != want[h.Node] {
			o.add("host %s has given away %+v, want %+v", h.Node, got, want[h.Node])
		}
	}
}

// checkPorts looks for servers that lost their ports, or have more than they know.
func (c *crash) checkPorts(o *objections, live []nova.Server) {
	owned := map[string]int{}
	for _, p := range c.admin.serverPorts() {
		owned[p.DeviceID]++
	}
	for _, s := range live {
		if s.VMState != nova.Errored && owned[s.ID] != len(s.Addresses) && !c.wasReset(s) {
			o.add("server %s has %d ports and %d addresses", s.ID, owned[s.ID], len(s.Addresses))
		}
	}
}

// checkActions reads what was done to every server, as the API tells it: each
// part has come to an end.
func (c *crash) checkActions(o *objections) {
	for _, s := range c.everything(nil) {
		var list struct {
			InstanceActions []struct {
				RequestID string `json:"request_id"`
			} `json:"instanceActions"`
		}
		path := "/v2.1/servers/" + s.ID + "/os-instance-actions"
		c.admin.get(path, &list)
		if len(list.InstanceActions) == 0 {
			o.add("server %s has no actions", s.ID)
		}
		for _, a := range list.InstanceActions {
			var shown struct {
				InstanceAction struct {
					Action string
					Events []struct {
						Event      string
						FinishTime *string `json:"finish_time"`
						Result     *string
					}
				} `json:"instanceAction"`
			}
			c.admin.get(path+"/"+a.RequestID, &shown)
			for _, e := range shown.InstanceAction.Events {
				if e.FinishTime == nil || e.Result == nil {
					o.add("server %s: %s of %s has no end", s.ID, e.Event, shown.InstanceAction.Action)
				}
			}
		}
	}
}

// checkAPI compares the list of servers with what there is.
func (c *crash) checkAPI(o *objections, live []nova.Server) {
	var list struct {
		Servers []struct {
			ID, Status string
			TaskState  *string `json:"OS-EXT-STS:task_state"`
		}
	}
	c.demo.get("/v2.1/servers/detail", &list)
	if len(list.Servers) != len(live) {
		o.add("%d servers are listed, want %d", len(list.Servers), len(live))
	}
	for _, s := range list.Servers {
		if s.TaskState != nil || s.Status == "BUILD" || s.Status == "UNKNOWN" {
			o.add("server %s is shown as %s, %v", s.ID, s.Status, s.TaskState)
		}
	}
}

// checkHypervisors looks at what the hypervisors keep, while nobody works with
// them.
func (c *crash) checkHypervisors(live []nova.Server) {
	c.t.Helper()
	want := map[string][]string{}
	for _, s := range live {
		if s.VMState != nova.Errored && !c.wasReset(s) { // such a one may never have got so far
			want[s.Host] = append(want[s.Host], s.ID)
		}
	}
	known := map[string]nova.Server{}
	for _, s := range live {
		known[s.ID] = s
	}
	for _, host := range c.hosts {
		driver, err := fake.New(fake.Options{Dir: c.hypervisor(host), Host: host, Faults: filepath.Join(c.p.dir, "no faults")})
		if err != nil {
			c.t.Fatal(err)
		}
		ids, err := driver.List(c.t.Context())
		if err != nil {
			c.t.Fatal(err)
		}
		for _, id := range ids {
			s := known[id]
			if s.Host != host && (s.Elsewhere == nil || s.Elsewhere.Host != host) {
				c.t.Errorf("hypervisor %s has server %s, which isn't on it", host, id)
			}
		}
		for _, id := range want[host] {
			if !slices.Contains(ids, id) {
				c.t.Errorf("hypervisor %s lacks server %s", host, id)
			}
		}
	}
}
