package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt/fake"
)

// The rounds of each crash test, and the seed of its choices, may be given:
// who sees a failure tries that seed again, with more rounds.
const (
	roundsVariable = "NOVA_CRASH_ROUNDS"
	seedVariable   = "NOVA_CRASH_SEED"
	workers        = 6 // that send requests at once
)

// TestCrash kills the process again and again while much is going on. Each
// time, when it is back, everything that was begun comes to an end, and all
// accounts are right.
func TestCrash(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		c := newCrash(t, connection)
		rounds := 6
		if raceDetector { // everything takes several times as long
			rounds = 3
		}
		for round := range number(t, roundsVariable, rounds) {
			c.round(round)
			if t.Failed() {
				return
			}
		}
		c.end()
	})
}

// number reads an environment variable.
func number(t *testing.T, variable string, otherwise int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}

// A crash is a process that is going to be killed, and what it is asked to do.
type crash struct {
	t     *testing.T
	p     *process
	store *db.Store
	rand  *rand.Rand
	seed  uint64
	admin *user
	demo  *user
	image string // what servers are made of

	mu        sync.Mutex
	servers   []string       // that may be there, by ID
	tally     map[string]int // replies, by deed and status
	successes atomic.Int64   // of this round
	dying     atomic.Bool    // errors are to be expected
}

var fakeHosts = []string{"fake-1", "fake-2"}

// slowness makes what the hypervisors do last long enough to be killed in.
const slowness = `{
	"spawn": {"delay_ms": 150}, "destroy": {"delay_ms": 100}, "snapshot": {"delay_ms": 100},
	"power_on": {"delay_ms": 80}, "power_off": {"delay_ms": 80}, "soft_reboot": {"delay_ms": 80}, "hard_reboot": {"delay_ms": 120},
	"pause": {"delay_ms": 60, "after": true}, "unpause": {"delay_ms": 60}
}`

func newCrash(t *testing.T, connection string) *crash {
	t.Helper()
	seed := uint64(number(t, seedVariable, int(time.Now().UnixNano()&0xffffff)))
	t.Logf("%s=%d", seedVariable, seed)
	c := &crash{
		t: t, rand: rand.New(rand.NewPCG(seed, 0)), seed: seed, tally: map[string]int{},
		p:     newProcess(t, connection, "nova_api.lease_time=2", "nova_api.workers=6"),
		store: dbtest.Open(t, connection),
	}
	for _, host := range fakeHosts {
		dir := c.hypervisor(host)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "faults.json"), []byte(slowness), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c.p.start()
	c.admin, c.demo = c.p.login("admin"), c.p.login("demo") // their tokens outlive all crashes
	c.image = c.admin.images()[0].ID
	t.Cleanup(func() { t.Logf("replies: %v", c.tally) })
	return c
}

func (c *crash) hypervisor(host string) string { return filepath.Join(c.p.dir, "hypervisors", host) }

// round lets the workers loose, kills the process in their midst, starts it
// again, and looks whether all is well.
func (c *crash) round(n int) {
	c.t.Helper()
	const fewest, most = 10, 150
	after := int64(fewest + c.rand.IntN(most))
	c.t.Logf("round %d: kill after %d successes", n, after)
	c.successes.Store(0)
	c.dying.Store(false)
	ctx, stop := context.WithCancel(c.t.Context())
	defer stop()
	var group sync.WaitGroup
	for w := range workers {
		random := rand.New(rand.NewPCG(c.seed, uint64(n*workers+w+1)))
		group.Go(func() { c.work(ctx, random) })
	}
	eventually(c.t, func() error {
		if got := c.successes.Load(); got < after {
			return fmt.Errorf("%d successes of %d", got, after)
		}
		return nil
	})
	c.dying.Store(true)
	c.p.kill()
	stop()
	group.Wait()
	c.returnToLife()
	eventually(c.t, c.unsettled)
	if err := c.wrong(); err != nil {
		c.t.Errorf("round %d: %v", n, err)
	}
	c.forget()
}

// returnToLife starts the process again. Sometimes it is killed once more
// while it starts, or soon after.
func (c *crash) returnToLife() {
	c.t.Helper()
	if c.rand.IntN(3) == 0 {
		c.p.launch()
		<-time.After(time.Duration(c.rand.IntN(500)) * time.Millisecond) // a moment to be killed at
		c.p.kill()
	}
	c.p.start()
}

// work sends requests until the process is gone.
func (c *crash) work(ctx context.Context, random *rand.Rand) {
	for ctx.Err() == nil {
		d := anyDeed(random)
		method, path, body := d.request(c, random)
		by := c.demo
		if d.admin {
			by = c.admin
		}
		r, err := by.do(ctx, method, path, body)
		if err != nil {
			if !c.dying.Load() {
				c.t.Errorf("%s: %v", d.name, err)
			}
			return
		}
		c.note(d, r)
	}
}

// note looks at a reply: it must be a success, or say that the server is gone,
// busy, or one too many.
func (c *crash) note(d deed, r reply) {
	var body struct{ Server struct{ ID string } }
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tally[d.name+" "+strconv.Itoa(r.status)]++
	switch r.status {
	case http.StatusOK, http.StatusCreated, http.StatusAccepted, http.StatusNoContent:
		c.successes.Add(1)
		if d.name == "create" && json.Unmarshal(r.body, &body) == nil {
			c.servers = append(c.servers, body.Server.ID)
		}
	case http.StatusNotFound, http.StatusConflict:
	case http.StatusForbidden:
		if d.name != "create" {
			c.t.Errorf("%s: %s", d.name, r.body)
		}
	default:
		c.t.Errorf("%s: status %d: %s", d.name, r.status, r.body)
	}
}

// any is one of the servers that may be there.
func (c *crash) any(random *rand.Rand) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.servers) == 0 {
		return "00000000-0000-4000-8000-000000000000"
	}
	return c.servers[random.IntN(len(c.servers))]
}

// forget begins anew with the servers that are there.
func (c *crash) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.servers = c.servers[:0]
	for _, s := range c.live() {
		c.servers = append(c.servers, s.ID)
	}
}

// A deed is something that a worker may do.
type deed struct {
	name    string
	weight  int // how often it is done
	admin   bool
	request func(c *crash, random *rand.Rand) (method, path string, body any)
}

type object = map[string]any

// deeds are all that can be done to servers.
var deeds = []deed{
	{"create", 9, false, create},
	{"delete", 3, true, onServer("DELETE", "", nil)},
	act("os-start", 12, nil),
	act("os-stop", 9, nil),
	act("reboot", 3, object{"type": "SOFT"}),
	act("reboot", 3, object{"type": "HARD"}),
	act("pause", 6, nil),
	act("unpause", 12, nil),
	act("lock", 1, nil),
	act("unlock", 2, nil),
	act("createImage", 9, object{"name": "snapshot", "metadata": object{"a": "b"}}),
	act("createBackup", 9, object{"name": "daily", "backup_type": "daily", "rotation": 2}),
	act("createBackup", 3, object{"name": "none", "backup_type": "weekly", "rotation": 0}),
	{"backup_instance", 9, false, onServer("POST", "/backup_instance", object{"name": "quick", "description": "before the crash"})},
	act("os-getConsoleOutput", 1, object{"length": 5}),
	asAdmin(act("os-resetState", 1, object{"state": "active"})),
	asAdmin(act("os-resetState", 1, object{"state": "error"})),
	{"metadata", 3, false, onServer("POST", "/metadata", object{"metadata": object{"k": "v"}})},
	{"tags", 3, false, onServer("PUT", "/tags", object{"tags": []string{"a", "b"}})},
	{"update", 3, false, onServer("PUT", "", object{"server": object{"name": "renamed"}})},
	{"show", 1, false, onServer("GET", "", nil)},
	{"detail", 1, false, func(*crash, *rand.Rand) (method, path string, body any) { return "GET", "/v2.1/servers/detail", nil }},
}

// anyDeed chooses one, the heavier the likelier.
func anyDeed(random *rand.Rand) deed {
	sum := 0
	for _, d := range deeds {
		sum += d.weight
	}
	for n := random.IntN(sum); ; {
		for _, d := range deeds {
			if n -= d.weight; n < 0 {
				return d
			}
		}
	}
}

func create(c *crash, random *rand.Rand) (method, path string, body any) {
	server := object{"name": "s", "imageRef": c.image, "flavorRef": []string{"42", "1"}[random.IntN(2)], "networks": "auto"}
	if random.IntN(4) == 0 {
		server["min_count"], server["max_count"] = 1, 2
	}
	if random.IntN(4) == 0 {
		server["networks"] = "none"
	}
	return "POST", "/v2.1/servers", object{"server": server}
}

func onServer(verb, below string, content any) func(*crash, *rand.Rand) (method, path string, body any) {
	return func(c *crash, random *rand.Rand) (method, path string, body any) {
		return verb, "/v2.1/servers/" + c.any(random) + below, content
	}
}

func act(name string, weight int, arguments any) deed {
	return deed{name, weight, false, onServer("POST", "/action", object{name: arguments})}
}

func asAdmin(d deed) deed { d.admin = true; return d }

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

var stable = []nova.VMState{nova.Active, nova.Stopped, nova.Paused, nova.Errored, nova.Deleted}

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
		if s.TaskState != nova.Idle || !slices.Contains(stable, s.VMState) {
			o.add("server %s is %s, %s", s.ID, s.VMState, s.TaskState)
		}
		for _, a := range c.actions(s) {
			if a.FinishTime == nil {
				o.add("server %s: %s (%s) is under way, attempt %d of %q", s.ID, a.Name, a.RequestID, a.Attempt, a.Owner)
			}
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
		one := s.Flavor.Takes().Usages()
		want.Instances, want.Cores, want.RAM = want.Instances+one.Instances, want.Cores+one.Cores, want.RAM+one.RAM
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
		if s.Node == "" {
			continue
		}
		one, sum := s.Flavor.Takes(), want[s.Node]
		want[s.Node] = nova.Resources{
			Instances: sum.Instances + one.Instances, VCPUs: sum.VCPUs + one.VCPUs, RAM: sum.RAM + one.RAM, Disk: sum.Disk + one.Disk,
		}
	}
	hosts, err := c.store.Hosts(c.t.Context(), time.Time{})
	if err != nil || len(hosts) != len(fakeHosts) {
		o.add("%d hosts: %w", len(hosts), err)
	}
	for _, h := range hosts {
		got := nova.Resources{Instances: h.RunningVMs, VCPUs: h.VCPUsUsed, RAM: h.RAMUsed, Disk: h.DiskUsed}
		if got != want[h.Node] {
			o.add("host %s has given away %+v, want %+v", h.Node, got, want[h.Node])
		}
	}
}

// checkPorts looks for ports that no server has, and for servers that lost
// theirs.
func (c *crash) checkPorts(o *objections, live []nova.Server) {
	owned := map[string]int{}
	for _, p := range c.admin.serverPorts() {
		owned[p.DeviceID]++
	}
	for _, s := range live {
		if s.VMState != nova.Errored && owned[s.ID] != len(s.Addresses) && !c.wasReset(s) {
			o.add("server %s has %d ports and %d addresses", s.ID, owned[s.ID], len(s.Addresses))
		}
		delete(owned, s.ID)
	}
	if len(owned) > 0 {
		o.add("ports of servers that there are none of: %v", owned)
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
		if s.TaskState != nil || !slices.Contains([]string{"ACTIVE", "SHUTOFF", "PAUSED", "ERROR"}, s.Status) {
			o.add("server %s is shown as %s, %v", s.ID, s.Status, s.TaskState)
		}
	}
}

// end stops the process as one should, and compares what the hypervisors have
// with the books; then everything is deleted, and nothing is left.
func (c *crash) end() {
	c.t.Helper()
	c.p.stop()
	c.checkHypervisors(c.live())
	c.p.start()
	for _, s := range c.live() {
		c.admin.must("DELETE", "/v2.1/servers/"+s.ID, nil, http.StatusNoContent)
	}
	eventually(c.t, func() error {
		if live := c.live(); len(live) > 0 {
			return fmt.Errorf("%d servers are left", len(live))
		}
		return c.unsettled()
	})
	if err := c.wrong(); err != nil {
		c.t.Errorf("when all is deleted: %v", err)
	}
	c.p.stop()
	c.checkHypervisors(nil)
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
	for _, host := range fakeHosts {
		driver, err := fake.New(fake.Options{Dir: c.hypervisor(host), Host: host, Faults: filepath.Join(c.p.dir, "no faults")})
		if err != nil {
			c.t.Fatal(err)
		}
		ids, err := driver.List(c.t.Context())
		if err != nil {
			c.t.Fatal(err)
		}
		for _, id := range ids {
			if known[id].Host != host {
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

// TestCrash_FirstStart kills the process while it sets its cloud up: whoever
// starts it next finds a whole one.
func TestCrash_FirstStart(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		seed := uint64(number(t, seedVariable, int(time.Now().UnixNano()&0xffffff)))
		t.Logf("%s=%d", seedVariable, seed)
		random := rand.New(rand.NewPCG(seed, 0))
		p := newProcess(t, connection)
		for range 5 {
			p.launch()
			<-time.After(time.Duration(random.IntN(300)) * time.Millisecond) // a moment to be killed at
			p.kill()
		}
		p.start()
		var flavors struct{ Flavors []struct{ ID string } }
		var networks struct{ Networks []struct{ Name string } }
		for _, name := range []string{"admin", "demo"} {
			u := p.login(name)
			u.get("/v2.1/flavors", &flavors)
			u.get("/networking/v2.0/networks", &networks)
			if len(flavors.Flavors) != 6 || len(networks.Networks) != 2 || len(u.images()) != 1 {
				t.Errorf("%s sees flavors %v, networks %v, images %v", name, flavors, networks, u.images())
			}
		}
		demo := p.login("demo")
		create := object{"name": "s", "imageRef": demo.images()[0].ID, "flavorRef": "42", "networks": "auto"}
		demo.must("POST", "/v2.1/servers", object{"server": create}, http.StatusAccepted)
		eventually(t, func() error {
			var list struct{ Servers []struct{ Status string } }
			demo.get("/v2.1/servers/detail", &list)
			if len(list.Servers) != 1 || list.Servers[0].Status != "ACTIVE" {
				return fmt.Errorf("servers %v", list.Servers)
			}
			return nil
		})
	})
}
