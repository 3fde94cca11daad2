package compute_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

// shortModel makes the usual run short, and always the same. A model has one cloud for all its
// sequences, so those that fail are not made shorter; they are told step by step.
func shortModel() {
	for name, value := range map[string]string{"checks": "4", "steps": "25", "seed": "1", "shrinktime": "0s", "nofailfile": "true"} {
		if err := flag.Set("rapid."+name, value); err != nil {
			panic(err)
		}
	}
}

// TestModel does random things to a few servers while drivers and services fail
// and workers die, and holds what comes of it to the table of states.
// NOVA_MODEL_ROUNDS is how many clouds see another sequence each; NOVA_MODEL_SEED
// is that of the first.
func TestModel(t *testing.T) { //nolint:paralleltest // the seed is a flag of rapid's
	rounds, _ := strconv.Atoi(os.Getenv("NOVA_MODEL_ROUNDS"))
	first, _ := strconv.Atoi(os.Getenv("NOVA_MODEL_SEED"))
	for round := range max(1, rounds) {
		seed := max(1, first) + round
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { //nolint:paralleltest // see above
			if err := flag.Set("rapid.seed", strconv.Itoa(seed)); err != nil {
				t.Fatal(err)
			}
			eachSite(t, func(t *testing.T, s *site) {
				s.addHost("fake-3")
				s.flavor(small)
				s.flavor(roomy)
				rapid.Check(t, func(r *rapid.T) { (&model{site: s, known: map[string]*modelled{}}).run(r) })
			})
		})
	}
}

// A model is what ought to be: of each server, where it may be once it is at rest.
type model struct {
	*site

	known   map[string]*modelled // servers that are not deleted
	brought []string             // ports that were there before servers
	story   []string
}

// A modelled is what is known of a server.
type modelled struct {
	at    nova.VMState   // when it was at rest
	verbs []compute.Verb // that have begun since
	may   []nova.VMState // where these may have brought it
	calm  bool           // nothing but these has changed it
	lied  bool           // an administrator has once said where it is, whether it is there or not
}

func (m *model) run(r *rapid.T) {
	defer func() {
		if m.t.Failed() {
			m.t.Logf("what happened:\n%s", strings.Join(m.story, "\n"))
			r.Fatal("see above")
		}
	}()
	m.as("demo") // while the identity service answers
	m.as("admin")
	r.Repeat(map[string]func(*rapid.T){
		"":              m.consistentAlways,
		"create":        m.create,
		"verb":          m.verb,
		"verb that may": m.fitting,
		"journey":       m.journey,
		"long journey":  m.journey, // most of what happens
		"time passes":   m.wait,
		"work":          m.workSome,
		"work to rest":  func(*rapid.T) { m.rest() },
		"driver fails":  m.failDriver,
		"service fails": m.failService,
		"worker dies":   m.die,
		"reset state":   m.reset,
		"lock":          m.lock,
	})
	m.rest()
	m.end()
}

func (m *model) tell(format string, args ...any) {
	m.story = append(m.story, fmt.Sprintf(format, args...))
}

// consistentAlways is what holds at any moment: what is counted is what there is,
// and nobody does two things to a server that exclude each other.
func (m *model) consistentAlways(r *rapid.T) {
	m.consistent()
	for id := range m.known {
		exclusive := 0
		for _, action := range m.actions(id) {
			if action.FinishTime == nil && action.Exclusive {
				exclusive++
			}
		}
		if exclusive > 1 {
			m.t.Errorf("%d exclusive actions are under way on server %s", exclusive, id)
		}
	}
	if m.t.Failed() {
		r.FailNow()
	}
}

const mostServers = 4

// create begins a server with no port, one that is made, or one that was there.
func (m *model) create(r *rapid.T) {
	if len(m.known) >= mostServers {
		r.Skip("there are enough")
	}
	var nics []compute.NIC
	kind := rapid.SampledFrom([]string{"none", "made", "brought", "two"}).Draw(r, "network")
	if kind == "brought" {
		m.hooks.set(func(h *hooks) { h.request = nil })
		m.brought = append(m.brought, m.port().ID)
		nics = append(nics, compute.NIC{PortID: m.brought[len(m.brought)-1]})
	}
	for range map[string]int{"made": 1, "two": 2}[kind] {
		nics = append(nics, compute.NIC{NetworkID: private})
	}
	flavor := rapid.SampledFrom([]nova.Flavor{tiny, small, roomy}).Draw(r, "flavor")
	created, err := m.api.Create(m.as("demo"), request(func(n *compute.ServerRequest) {
		n.FlavorID, n.Networks = flavor.ID, compute.Networks{None: nics == nil, List: nics}
	}))
	m.tell("create with %s: %v", kind, err)
	if err != nil {
		m.refusedWell(err)
		return
	}
	m.known[created.Servers[0].ID] = &modelled{at: nova.Building, calm: true, verbs: []compute.Verb{compute.Create}, may: []nova.VMState{nova.Active, nova.Errored}}
}

// pickServer is one of the servers.
func (m *model) pickServer(r *rapid.T) (nova.Server, *modelled) {
	if len(m.known) == 0 {
		r.Skip("there is none")
	}
	var servers []nova.Server
	for _, server := range m.servers(false) { // in the order of their creation, which their IDs are not
		if m.known[server.ID] != nil {
			servers = append(servers, server)
		}
	}
	if len(servers) == 0 {
		r.Skip("all are gone")
	}
	server := rapid.SampledFrom(servers).Draw(r, "server")
	return server, m.known[server.ID]
}

// verb begins any verb. It is accepted only where the table allows it.
func (m *model) verb(r *rapid.T) {
	server, known := m.pickServer(r)
	m.begins(r, server, known, rapid.SampledFrom(compute.AllVerbs).Draw(r, "verb"))
}

// fitting begins a verb that the state of a server allows, so that long ways are
// gone too.
func (m *model) fitting(r *rapid.T) {
	server, known := m.pickServer(r)
	m.begins(r, server, known, m.fittingVerb(r, server))
}

// fittingVerb is a verb that the state of a server allows: most often one that leads
// to another state, seldom one that deletes it.
func (m *model) fittingVerb(r *rapid.T, server nova.Server) compute.Verb {
	var fitting []compute.Verb
	for _, verb := range compute.AllVerbs {
		if slices.Contains(compute.RulesOf(verb).From, server.VMState) && verb != compute.Create {
			fitting = append(fitting, verb)
		}
	}
	moving := slices.DeleteFunc(slices.Clone(fitting), func(v compute.Verb) bool {
		return slices.Contains([]nova.VMState{"", server.VMState}, compute.RulesOf(v).Then)
	})
	if len(moving) > 0 && rapid.IntRange(0, 2).Draw(r, "stays") > 0 {
		fitting = moving
	}
	if len(fitting) == 0 || rapid.IntRange(0, 15).Draw(r, "deletes") == 0 {
		fitting = []compute.Verb{compute.SoftDelete, compute.Delete}
	}
	return rapid.SampledFrom(fitting).Draw(r, "verb")
}

// journey takes a server through several states, with nothing else in between but
// what fails on the way.
func (m *model) journey(r *rapid.T) {
	server, known := m.pickServer(r)
	m.hooks.set(func(h *hooks) { h.request = nil }) // begin must not fail for it
	if rapid.IntRange(0, 3).Draw(r, "locked") > 0 {
		m.must(m.api.Unlock(m.as("admin"), server))
	}
	for range rapid.IntRange(2, 6).Draw(r, "stations") {
		m.work()
		if server = m.server(server.ID); server.DeletedAt != nil {
			return
		}
		m.begins(r, server, known, m.fittingVerb(r, server))
	}
}

// onAHost is how an administrator unshelves a server.
const onAHost = " on a host"

// alsoLeadTo are verbs whose success leads to other states than that of the table.
var alsoLeadTo = map[compute.Verb][]nova.VMState{
	compute.Shelve:        {nova.ShelvedOffloaded},
	compute.ConfirmResize: {nova.Stopped},
	compute.RevertResize:  {nova.Stopped},
}

// begins has a client begin a verb, in any of its ways.
func (m *model) begins(r *rapid.T, server nova.Server, known *modelled, verb compute.Verb) {
	if verb == compute.Create {
		r.Skip("it has begun already")
	}
	rules := compute.RulesOf(verb)
	how, err := m.ask(r, server, verb)
	m.tell("%s%s %.8s that is %s: %v", verb, how, server.ID, states(server), err)
	if err != nil {
		m.refusedWell(err)
		return
	}
	switch {
	case server.Locked() && rules.Locked && how != onAHost, // which an administrator asks for, whom no lock keeps back
		len(rules.From) > 0 && !slices.Contains(rules.From, server.VMState),
		len(rules.Tasks) > 0 && !slices.Contains(rules.Tasks, server.TaskState):
		m.t.Errorf("%s was accepted for a server that is %s, locked %v", verb, states(server), server.Locked())
	}
	known.verbs = append(known.verbs, verb)
	known.may = append(append(known.may, server.VMState, rules.Then), rules.Failed...)
	known.may = append(known.may, alsoLeadTo[verb]...)
	if rules.Then == nova.SoftDeleted && (server.LaunchedAt == nil || server.Host == "") {
		known.may = append(known.may, nova.Deleted)
	}
	m.removed(server, known, verb)
}

// removed is for a server whose host is down, as an evacuation wants it: one that is deleted
// is gone at once, and can't be restored, as by _local_delete in nova/compute/api.py.
func (m *model) removed(server nova.Server, known *modelled, verb compute.Verb) {
	m.t.Helper()
	down := slices.ContainsFunc(m.allHosts(), func(h nova.Host) bool {
		return !h.Up && (h.Name == server.Host || server.Elsewhere != nil && h.Name == server.Elsewhere.Host)
	})
	if !down || verb != compute.Delete && verb != compute.SoftDelete {
		return
	}
	known.may, known.calm = append(known.may, nova.Deleted), false
	if now := m.server(server.ID); now.VMState != nova.Deleted {
		m.t.Errorf("server %s was deleted on a host that is down, and is %s", server.ID, states(now))
	}
}

// ask asks for a verb, and says how if there are several ways.
func (m *model) ask(r *rapid.T, server nova.Server, verb compute.Verb) (how string, err error) {
	ctx, ways := m.as("demo"), map[string]func() error{"": func() error { return m.do(m.as("demo"), server, verb) }}
	switch verb { //nolint:exhaustive // the others have one way
	case compute.Resize:
		for _, flavor := range []nova.Flavor{tiny, small, roomy} {
			ways[" to "+flavor.Name] = func() error { return m.api.Resize(ctx, server, compute.NewFlavor{ID: flavor.ID}) }
			ways[" in place to "+flavor.Name] = func() error {
				return m.with(inPlace).Resize(ctx, server, compute.NewFlavor{ID: flavor.ID, DiskConfig: "AUTO"})
			}
		}
	case compute.SwapVolume:
		m.hooks.set(func(h *hooks) { h.request = nil }) // what makes volumes must not fail for it
	case compute.Shelve:
		ways[" and stay"] = func() error { return m.do(ctx, server, stayShelved) }
	case compute.Unshelve:
		ways[" anywhere"] = func() error { return m.api.Unshelve(ctx, server, compute.Unshelving{Zone: new("")}) }
		ways[" in a zone"] = func() error { return m.api.Unshelve(ctx, server, compute.Unshelving{Zone: new("nova")}) }
		ways[onAHost] = func() error {
			return m.api.Unshelve(m.as("admin"), server, compute.Unshelving{Host: "fake-3", MayChoose: func() error { return nil }})
		}
	case compute.Rescue:
		ways[" with an image"] = func() error {
			_, err := m.api.Rescue(ctx, server, compute.RescueRequest{ImageID: cirros})
			return err
		}
	case compute.AttachInterface:
		ways[" with a port"] = func() error {
			m.hooks.set(func(h *hooks) { h.request = nil })
			m.brought = append(m.brought, m.port().ID)
			return m.api.BeginAttach(ctx, server, compute.NIC{PortID: m.brought[len(m.brought)-1]})
		}
	}
	how = rapid.SampledFrom(slices.Sorted(maps.Keys(ways))).Draw(r, "way")
	return how, ways[how]()
}

// wait lets so much time pass that what waits is ended: deleted servers are reclaimed,
// resizes confirmed, and shelved servers leave their hosts.
func (m *model) wait(r *rapid.T) {
	m.seldom(r)
	m.clock.advance(2 * time.Minute)
	waiting := m.servers(false)
	m.must(m.with(func(o *compute.Options) {
		o.ReclaimAfter, o.ConfirmAfter, o.OffloadAfter = time.Minute, time.Minute, time.Minute
	}).EndWaits(m.t.Context()))
	m.tell("two minutes pass")
	ends := map[nova.VMState][]nova.VMState{
		nova.SoftDeleted: {nova.Deleted, nova.Errored}, nova.Resized: {nova.Active, nova.Stopped, nova.Errored},
		nova.Shelved: {nova.ShelvedOffloaded},
	}
	for _, server := range waiting {
		if known := m.known[server.ID]; known != nil && ends[server.VMState] != nil {
			known.may, known.calm = append(append(known.may, server.VMState), ends[server.VMState]...), false
		}
	}
}

// refusedWell demands that a client is told a reason, and not of a fault of ours.
// A service may be away.
func (m *model) refusedWell(err error) {
	m.t.Helper()
	if kind := nova.KindOf(err); kind == nova.Internal || nova.Message(err) == "There is one already." {
		m.t.Errorf("a client is told: %v", err)
	}
}

func (m *model) workSome(r *rapid.T) {
	number := rapid.IntRange(1, 3).Draw(r, "actions")
	for range number {
		_, err := m.worker.RunOne(m.t.Context())
		m.ran(err)
	}
	m.tell("work at %d actions", number)
}

// seldom leaves out most of what would keep servers from getting anywhere.
func (*model) seldom(r *rapid.T) {
	if rapid.IntRange(0, 3).Draw(r, "seldom") > 0 {
		r.Skip("not now")
	}
}

var errModel = errors.New("it went wrong")

// failDriver lets the next calls of drivers fail, but not those that pull out a
// NIC: what can't be taken back is left as it is, on purpose.
func (m *model) failDriver(r *rapid.T) {
	m.seldom(r)
	left := rapid.IntRange(1, 4).Draw(r, "calls")
	m.tell("the next %d calls of drivers fail", left)
	m.hooks.set(func(h *hooks) {
		h.driver = func(_ context.Context, verb string, server nova.Server) error {
			if left == 0 || server.ID == "" || verb == "power_state" || verb == "detach_interface" {
				return nil
			}
			left--
			return errModel
		}
	})
}

// failService lets the next requests to other services go unanswered.
func (m *model) failService(r *rapid.T) {
	m.seldom(r)
	left := rapid.IntRange(1, 6).Draw(r, "requests")
	m.tell("the next %d requests to services fail", left)
	m.hooks.set(func(h *hooks) {
		h.request = func(*http.Request) error {
			if left == 0 {
				return nil
			}
			left--
			return errModel
		}
	})
}

// die has the worker die in its next action. Another takes over, which begins when
// the leases are over.
func (m *model) die(r *rapid.T) {
	m.seldom(r)
	step := rapid.IntRange(1, 12).Draw(r, "step")
	m.tell("the worker dies at step %d", step)
	m.dieAt(step)
	m.clock.advance(2 * lease)
	m.worker = m.newWorker()
}

// reset has an administrator say where a server is.
func (m *model) reset(r *rapid.T) {
	server, known := m.pickServer(r)
	m.seldom(r)
	state := rapid.SampledFrom([]nova.VMState{nova.Active, nova.Errored}).Draw(r, "state")
	err := m.api.ResetState(m.as("admin"), server, state)
	m.tell("reset a server that is %s to %s: %v", states(server), state, err)
	if err != nil {
		m.refusedWell(err)
		return
	}
	known.may, known.calm, known.lied = append(known.may, state), false, true
}

// lock locks a server, or takes the lock away.
func (m *model) lock(r *rapid.T) {
	m.seldom(r)
	server, _ := m.pickServer(r)
	if server.Locked() {
		m.must(m.api.Unlock(m.as("admin"), server))
	} else {
		m.must(m.api.Lock(m.as("demo"), server, nil))
	}
	m.tell("lock or unlock a server that is %s", states(server))
}

// rest lets all that goes wrong be over, and the work be done. Then each server is
// where what was begun may have brought it, and nothing is left over.
func (m *model) rest() {
	m.t.Helper()
	m.hooks.set(func(h *hooks) { h.driver, h.request = nil, nil })
	for range 8 { // as often as a step may be put off
		m.work()
		m.sweepPortsAfter(time.Minute)
	}
	m.tell("rest")
	m.settled()
	for id, known := range m.known {
		server := m.server(id)
		if !slices.Contains(append(known.may, known.at), server.VMState) {
			m.t.Errorf("server %s was %s, and is %s after %v", id, known.at, server.VMState, known.verbs)
		}
		m.ledTo(server, known)
		m.imagesAddUp(id)
		m.asItSays(server, known)
		*known = modelled{at: server.VMState, calm: true, lied: known.lied}
		if server.DeletedAt != nil {
			delete(m.known, id)
		}
	}
}

// ledTo looks where the only verb since the last rest has led a server.
func (m *model) ledTo(server nova.Server, known *modelled) {
	m.t.Helper()
	if len(known.verbs) != 1 || !known.calm {
		return
	}
	rules, failed := compute.RulesOf(known.verbs[0]), false
	for _, action := range m.actions(server.ID) { // the last one counts
		if action.Verb == string(known.verbs[0]) {
			failed = action.Message != nil
		}
	}
	want := []nova.VMState{rules.Then}
	switch {
	case rules.Then == nova.SoftDeleted && (server.LaunchedAt == nil || server.Host == ""): // one that never ran, or runs nowhere, isn't worth keeping
		want = []nova.VMState{nova.Deleted}
	case failed:
		want = slices.Concat(rules.Failed, []nova.VMState{known.at})
	case rules.Then == "" || rules.Varies:
		want = append(want, known.at)
	}
	want = append(want, alsoLeadTo[known.verbs[0]]...)
	if !slices.Contains(want, server.VMState) {
		m.t.Errorf("%s has led server %s from %s to %s, want one of %q", known.verbs[0], server.ID, known.at, server.VMState, want)
	}
}

// runsIn are the power states that a machine may be in, by the state of its server.
var runsIn = map[nova.VMState][]nova.PowerState{
	nova.Active: {nova.Running}, nova.Rescued: {nova.Running}, nova.Paused: {nova.PowerPaused}, nova.Suspended: {nova.PowerSuspended},
	nova.Stopped: {nova.Shutdown}, nova.Shelved: {nova.Shutdown}, nova.SoftDeleted: {nova.Shutdown}, nova.Resized: {nova.Running, nova.Shutdown},
}

// asItSays holds a server's host and image to what the server says, unless an
// administrator once said otherwise.
func (m *model) asItSays(server nova.Server, known *modelled) {
	m.t.Helper()
	if known.lied || server.DeletedAt != nil {
		return
	}
	if want := runsIn[server.VMState]; want != nil {
		power, err := m.local.Driver(server.Host).PowerState(m.t.Context(), server)
		if err != nil || !slices.Contains(want, power) {
			m.t.Errorf("server %s is %s, and its machine is in power state %d, %v", server.ID, server.VMState, power, err)
		}
	}
	shelved := server.VMState == nova.Shelved || server.VMState == nova.ShelvedOffloaded
	if shelved != (server.ShelvedImage != "") && server.VMState != nova.Errored {
		m.t.Errorf("server %s is %s with shelved image %q", server.ID, server.VMState, server.ShelvedImage)
	}
	if there := server.Host != ""; there == (server.VMState == nova.ShelvedOffloaded) && server.LaunchedAt != nil {
		m.t.Errorf("server %s is %s on host %q", server.ID, server.VMState, server.Host)
	}
	var images []string
	for _, image := range m.imagesOf(server.ID) {
		if strings.HasSuffix(image.Name, "-shelved") {
			images = append(images, image.ID)
		}
	}
	if want := slices.DeleteFunc([]string{server.ShelvedImage}, func(id string) bool { return id == "" }); !slices.Equal(images, want) {
		m.t.Errorf("server %s is %s with shelved image %q; there are %q", server.ID, server.VMState, server.ShelvedImage, images)
	}
	if server.VMState != nova.Errored && slices.ContainsFunc(server.BlockDevices, func(d nova.BlockDevice) bool { return d.Moving }) {
		m.t.Errorf("server %s is %s, and has volumes that are moving: %+v", server.ID, server.VMState, server.BlockDevices)
	}
	if resized := server.VMState == nova.Resized; (server.Elsewhere != nil) != resized && server.VMState != nova.Errored {
		m.t.Errorf("server %s is %s, and has something elsewhere: %+v", server.ID, server.VMState, server.Elsewhere)
	}
}

// imagesAddUp holds the images that were made of a server to the actions that made
// them. One that was superseded may have been done in the very moment.
func (m *model) imagesAddUp(id string) {
	m.t.Helper()
	least, most := 0, 0
	for _, action := range m.actions(id) {
		if action.Name == string(compute.Snapshot) || action.Name == string(compute.BackupInstance) {
			most++
			if action.Message == nil {
				least++
			}
		}
	}
	made := 0
	for _, image := range m.imagesOf(id) {
		if image.Name != "daily" && !strings.HasSuffix(image.Name, "-shelved") { // which come and go
			made++
		}
	}
	if made < least || made > most {
		m.t.Errorf("%d images were made of server %s, by %d actions of which %d succeeded", made, id, most, least)
	}
}

// end deletes everything: nothing is left but the ports that were there before,
// which are free again.
func (m *model) end() {
	m.t.Helper()
	for id, known := range m.known {
		server := m.server(id)
		m.must(m.api.Unlock(m.as("admin"), server))
		m.must(m.api.Delete(m.as("demo"), server))
		known.verbs, known.may = append(known.verbs, compute.Delete), append(known.may, nova.Deleted)
	}
	m.rest()
	if usage, err := m.store.Usage(m.t.Context(), nova.CallerOf(m.as("demo")).ProjectID, ""); err != nil || usage != (nova.Usage{}) {
		m.t.Errorf("a project without servers uses %+v, %v", usage, err)
	}
	for _, id := range m.brought {
		if port := m.portNow(id); port.DeviceID != "" || port.Host != "" {
			m.t.Errorf("port %s was there before its server, and is left on %q with %q", id, port.Host, port.DeviceID)
		}
	}
}
