package e2e_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/nova-api/nova-api/internal/nova"
)

type object = map[string]any

// A deed is one kind of request that a client of the crash test sends.
type deed struct {
	name    string
	weight  int                    // how often it is to be accepted, beside the others
	admin   bool                   // sent as the administrator
	fits    func(nova.Server) bool // the servers that accept it; nil: it makes or lists servers
	request func(c *crash, random *rand.Rand, id string) (method, path string, body any)
}

// deeds are all requests of the crash test. Each must have been accepted often
// enough when the test ends.
var deeds = []deed{
	{"create", 2, false, nil, create},
	{"create with networks", 2, false, nil, createOnNetwork},
	{"create two", 2, false, nil, createTwo},
	{"delete", 3, true, anyServer, to("DELETE", "", nil)},
	act("resize", 4, resizable, object{"flavorRef": larger}),
	act("migrate", 3, in(nova.Active, nova.Stopped), nil).byAdmin(),
	act("os-migrateLive", 3, in(nova.Active, nova.Paused), object{"host": nil, "block_migration": "auto"}).byAdmin(),
	act("confirmResize", 2, in(nova.Resized), nil),
	act("revertResize", 2, in(nova.Resized), nil),
	act("shelve", 4, imageable, nil),
	act("shelveOffload", 2, in(nova.Shelved), nil).byAdmin(),
	act("unshelve", 4, in(nova.Shelved, nova.ShelvedOffloaded), nil),
	act("forceDelete", 1, anyServer, nil).byAdmin(),
	act("os-start", 4, in(nova.Stopped), nil),
	act("os-stop", 4, in(nova.Active), nil),
	act("reboot", 4, in(nova.Active), object{"type": "SOFT"}).called("soft reboot"),
	act("reboot", 4, in(nova.Active, nova.Stopped, nova.Paused, nova.Suspended, nova.Errored), object{"type": "HARD"}).called("hard reboot"),
	act("pause", 4, in(nova.Active), nil),
	act("unpause", 4, in(nova.Paused), nil),
	act("suspend", 4, in(nova.Active), nil),
	act("resume", 4, in(nova.Suspended), nil),
	act("rescue", 3, in(nova.Active, nova.Stopped), nil),
	act("unrescue", 3, in(nova.Rescued), nil),
	act("rebuild", 3, in(nova.Active, nova.Stopped), nil).sending(rebuild),
	act("changePassword", 2, in(nova.Active), object{"adminPass": "s3cret"}),
	act("trigger_crash_dump", 2, in(nova.Active, nova.Paused, nova.Rescued), nil),
	act("lock", 1, unlocked, nil),
	act("unlock", 1, nova.Server.Locked, nil),
	act("createImage", 4, imageable, object{"name": "snapshot", "metadata": object{"a": "b"}}),
	act("createBackup", 4, imageable, object{"name": "daily", "backup_type": "daily", "rotation": 2}),
	act("createBackup", 4, imageable, object{"name": "none", "backup_type": "weekly", "rotation": 0}).called("createBackup that keeps none"),
	{"backup_instance", 4, false, imageable, to("POST", "/backup_instance", object{"name": "quick", "description": "before the crash"})},
	act("os-getConsoleOutput", 1, in(nova.Active), object{"length": 5}),
	act("os-resetState", 1, launched, object{"state": "active"}).byAdmin().called("os-resetState to active"),
	act("os-resetState", 1, launched, object{"state": "error"}).byAdmin().called("os-resetState to error"),
	{"attach an interface", 2, false, pluggable, to("POST", "/os-interface", object{})},
	{"detach an interface", 2, false, plugged, detach},
	{"metadata", 1, false, in(nova.Active, nova.Paused, nova.Suspended, nova.Stopped), to("POST", "/metadata", object{"metadata": object{"k": "v"}})},
	{"tags", 1, false, in(nova.Active, nova.Paused, nova.Suspended, nova.Stopped), to("PUT", "/tags", object{"tags": []string{"a", "b"}})},
	{"update", 1, false, anyServer, to("PUT", "", object{"server": object{"name": "renamed"}})},
	{"show", 1, false, anyServer, to("GET", "", nil)},
	{"detail", 1, false, nil, func(*crash, *rand.Rand, string) (method, path string, body any) {
		return "GET", "/v2.1/servers/detail", nil
	}},
}

// imageable reports whether an image can be made of a server.
var imageable = in(nova.Active, nova.Stopped, nova.Paused, nova.Suspended)

// larger is the flavor that servers are resized to: their size once that is
// confirmed, when it would be refused.
const larger = "2"

func resizable(s nova.Server) bool { return in(nova.Active, nova.Stopped)(s) && s.Flavor.ID != larger }

// pluggable reports whether interfaces can be attached to a server, and plugged
// whether it has one that can be detached.
var pluggable = in(nova.Active, nova.Stopped, nova.Paused)

func plugged(s nova.Server) bool { return pluggable(s) && len(s.Addresses) > 0 }

// detach takes one of its interfaces from a server.
func detach(c *crash, random *rand.Rand, id string) (method, path string, body any) {
	port := "none"
	for _, s := range c.live() {
		if s.ID == id && len(s.Addresses) > 0 {
			port = s.Addresses[random.IntN(len(s.Addresses))].PortID
		}
	}
	return "DELETE", "/v2.1/servers/" + id + "/os-interface/" + port, nil
}

func anyServer(nova.Server) bool { return true }

func unlocked(s nova.Server) bool { return !s.Locked() }

// in makes a condition: the server was started once, is idle and unlocked, and
// in one of the states.
func in(states ...nova.VMState) func(nova.Server) bool {
	return func(s nova.Server) bool {
		return launched(s) && s.TaskState == nova.Idle && !s.Locked() && slices.Contains(states, s.VMState)
	}
}

func launched(s nova.Server) bool { return s.LaunchedAt != nil }

func to(method, below string, content any) func(*crash, *rand.Rand, string) (string, string, any) {
	return func(_ *crash, _ *rand.Rand, id string) (string, string, any) {
		return method, "/v2.1/servers/" + id + below, content
	}
}

func act(name string, weight int, fits func(nova.Server) bool, arguments any) deed {
	return deed{name, weight, false, fits, to("POST", "/action", object{name: arguments})}
}

func (d deed) byAdmin() deed { d.admin = true; return d }

func (d deed) called(name string) deed { d.name = name; return d }

func (d deed) sending(request func(*crash, *rand.Rand, string) (string, string, any)) deed {
	d.request = request
	return d
}

func create(c *crash, random *rand.Rand, _ string) (method, path string, body any) {
	return "POST", "/v2.1/servers", object{"server": c.newServer(random, "none")}
}

func createOnNetwork(c *crash, random *rand.Rand, _ string) (method, path string, body any) {
	return "POST", "/v2.1/servers", object{"server": c.newServer(random, "auto")}
}

func createTwo(c *crash, random *rand.Rand, _ string) (method, path string, body any) {
	server := c.newServer(random, "auto")
	server["min_count"], server["max_count"] = 1, 2
	return "POST", "/v2.1/servers", object{"server": server}
}

func rebuild(c *crash, random *rand.Rand, id string) (method, path string, body any) {
	return to("POST", "/action", object{"rebuild": object{"imageRef": c.image}})(c, random, id)
}

func (c *crash) newServer(random *rand.Rand, networks string) object {
	return object{"name": "s", "imageRef": c.image, "flavorRef": []string{"42", "1"}[random.IntN(2)], "networks": networks}
}

// fewestAccepted is how often every deed must have been accepted in the end.
const fewestAccepted = 5

// A tally counts the replies to each deed.
type tally struct {
	mu       sync.Mutex
	accepted map[string]int
	replies  map[string]int // by deed and status
}

func newTally() *tally { return &tally{accepted: map[string]int{}, replies: map[string]int{}} }

// count notes a reply, and reports whether the deed was accepted.
func (y *tally) count(d deed, status int) bool {
	accepted := status < http.StatusMultipleChoices
	y.mu.Lock()
	defer y.mu.Unlock()
	y.replies[fmt.Sprint(d.name, " ", status)]++
	if accepted {
		y.accepted[d.name]++
	}
	return accepted
}

// lacking lists those of some deeds that were not accepted often enough.
func (y *tally) lacking(names ...string) (lacking []string) {
	y.mu.Lock()
	defer y.mu.Unlock()
	for _, name := range names {
		if n := y.accepted[name]; n < fewestAccepted {
			lacking = append(lacking, fmt.Sprintf("%s: %d", name, n))
		}
	}
	return lacking
}

// allDeeds are the names of all deeds.
func allDeeds() (names []string) {
	for _, d := range deeds {
		names = append(names, d.name)
	}
	return names
}

// choose picks the next deed and a server for it: among the deeds that some
// server would accept, the one that is furthest behind. A deed that is far ahead
// of the others is not repeated, so that clients wait for servers to become idle
// instead of deleting them, unless they have waited for a while. One deed in ten
// goes to any server, to be refused.
func (c *crash) choose(ctx context.Context, w int, random *rand.Rand) (d deed, id string) {
	const farAhead, patient, glance = 3, 20, 5 * time.Millisecond
	for looks := 0; ctx.Err() == nil; looks++ {
		servers := c.live()
		if len(servers) > 0 && random.IntN(10) == 0 {
			return c.deeds[random.IntN(len(c.deeds))], servers[random.IntN(len(servers))].ID
		}
		behind, least := c.tally.standing(c.deeds, random)
		for _, d := range behind {
			if c.tally.share(d) > least+farAhead+looks/patient {
				break
			}
			if id, ok := c.possible(d, w, random, servers); ok {
				return d, id
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(glance):
		}
	}
	return c.deeds[0], "" // the test is over
}

// possible finds a server that would accept a deed. Each client has servers of
// its own, since it would only be in the others' way.
func (c *crash) possible(d deed, w int, random *rand.Rand, servers []nova.Server) (id string, ok bool) {
	if d.fits == nil {
		return "", len(servers) < almostFull || d.name == "detail"
	}
	var fitting []nova.Server
	for _, s := range servers {
		if int(s.Serial)%clients == w && d.fits(s) {
			fitting = append(fitting, s)
		}
	}
	if len(fitting) == 0 {
		return "", false
	}
	return fitting[random.IntN(len(fitting))].ID, true
}

// standing gives the deeds, the one that is furthest behind first, and how far
// that one is.
func (y *tally) standing(deeds []deed, random *rand.Rand) (behind []deed, least int) {
	behind = slices.Clone(deeds)
	random.Shuffle(len(behind), func(i, j int) { behind[i], behind[j] = behind[j], behind[i] })
	slices.SortStableFunc(behind, func(a, b deed) int { return cmp.Compare(y.share(a), y.share(b)) })
	return behind, y.share(behind[0])
}

// share is how often a deed was accepted, for its weight.
func (y *tally) share(d deed) int {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.accepted[d.name] / d.weight
}

// almostFull is the number of servers beyond which the clients create no more:
// the quota is 10.
const almostFull = 9
