package e2e_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
)

// The rounds of each crash test, and the seed of its choices, may be given:
// who sees a failure tries that seed again, with more rounds.
const (
	roundsVariable = "NOVA_CRASH_ROUNDS"
	seedVariable   = "NOVA_CRASH_SEED"
	clients        = 6 // that send requests at once
)

// TestCrash kills the process again and again while much is going on. Each
// time, when it is back, everything that was begun comes to an end, and all
// accounts are right. Rounds differ in length, so they go on until each deed was
// accepted often enough, within a bound. Without PostgreSQL, which a plain
// `go test ./...` does without, two rounds have to do.
func TestCrash(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		c := newCrash(t, connection)
		rounds := 6
		if raceDetector { // everything takes several times as long
			rounds = 3
		}
		deeds := allDeeds()
		if !dbtest.HasPostgres() {
			rounds, deeds = 2, nil
		}
		rounds = number(t, roundsVariable, rounds)
		for round := 0; round < rounds || len(c.tally.lacking(deeds...)) > 0 && round < 4*rounds; round++ {
			c.round(round)
			if t.Failed() {
				return
			}
		}
		if lacking := c.tally.lacking(deeds...); len(lacking) > 0 {
			t.Errorf("accepted fewer than %d times: %v", fewestAccepted, lacking)
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
	hosts []string
	deeds []deed

	tally     *tally
	successes atomic.Int64 // of this round
	dying     atomic.Bool  // the process is being killed: requests may fail
}

var fakeHosts = []string{"fake-1", "fake-2"}

// slowness makes what the hypervisors do last long enough to be killed in.
const slowness = `{
	"spawn": {"delay_ms": 150}, "destroy": {"delay_ms": 100}, "snapshot": {"delay_ms": 100},
	"power_on": {"delay_ms": 80}, "power_off": {"delay_ms": 80}, "soft_reboot": {"delay_ms": 80}, "hard_reboot": {"delay_ms": 120},
	"pause": {"delay_ms": 60, "after": true}, "unpause": {"delay_ms": 60},
	"suspend": {"delay_ms": 60, "after": true}, "resume": {"delay_ms": 60}
}`

func newCrash(t *testing.T, connection string, options ...string) *crash {
	t.Helper()
	seed := uint64(number(t, seedVariable, int(time.Now().UnixNano()&0xffffff)))
	t.Logf("%s=%d", seedVariable, seed)
	c := &crash{
		t: t, rand: rand.New(rand.NewPCG(seed, 0)), seed: seed, tally: newTally(), hosts: fakeHosts, deeds: deeds,
		p:     newProcess(t, connection, append([]string{"nova_api.lease_time=2", "nova_api.workers=6", "DEFAULT.shelved_offload_time=-1"}, options...)...),
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
	t.Cleanup(func() { t.Logf("replies: %v", c.tally.replies) })
	return c
}

func (c *crash) hypervisor(host string) string { return filepath.Join(c.p.dir, "hypervisors", host) }

// round lets the clients loose, kills the process in their midst, starts it
// again, and looks whether all is well.
func (c *crash) round(n int) {
	c.t.Helper()
	const fewest, most = 10, 150
	after := int64(fewest + c.rand.IntN(most))
	c.killAmid(n, after)
	eventually(c.t, c.unsettled)
	if err := c.wrong(); err != nil {
		c.t.Errorf("round %d: %v", n, err)
	}
	c.p.check()
}

// killAmid lets the clients loose, kills the process when they have had so many successes,
// and starts it again.
func (c *crash) killAmid(n int, after int64) {
	c.t.Helper()
	c.t.Logf("round %d: kill after %d successes", n, after)
	c.successes.Store(0)
	c.dying.Store(false)
	ctx, stop := context.WithCancel(c.t.Context())
	defer stop()
	var group sync.WaitGroup
	for w := range clients {
		random := rand.New(rand.NewPCG(c.seed, uint64(n*clients+w+1)))
		group.Go(func() { c.work(ctx, w, random) })
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
func (c *crash) work(ctx context.Context, w int, random *rand.Rand) {
	for ctx.Err() == nil {
		d, id := c.choose(ctx, w, random)
		method, path, body := d.request(c, random, id)
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
// busy, one too many, or of the size that it shall get.
func (c *crash) note(d deed, r reply) {
	if c.tally.count(d, r.status) {
		c.successes.Add(1)
		return
	}
	overQuota := r.status == http.StatusForbidden && (strings.HasPrefix(d.name, "create") || strings.HasPrefix(d.name, "boot") || d.name == "resize")
	sameSize := r.status == http.StatusBadRequest && d.name == "resize"
	volumeTaken := r.status == http.StatusBadRequest && strings.HasSuffix(d.name, "a volume")
	if r.status != http.StatusNotFound && r.status != http.StatusConflict && !overQuota && !sameSize && !volumeTaken {
		c.t.Errorf("%s: status %d: %s", d.name, r.status, r.body)
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
