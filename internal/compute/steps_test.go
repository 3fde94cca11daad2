package compute

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/hosts"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
	"github.com/nova-api/nova-api/internal/virt/fake"
)

// A stage is where verbs of the tests' own are played: a scheduler, and two
// hosts with a process each.
type stage struct {
	t       *testing.T
	store   *db.Store
	workers []*Worker

	mu    sync.Mutex
	now   time.Time
	steps func()   // called whenever a process may die
	trail []string // the steps that were taken, and "-" before those that were taken back
	fails map[string]error
}

const stageLease = 6 * time.Second

func onStage(t *testing.T, connection string, verbs func(s *stage) map[Verb]transition) *stage {
	t.Helper()
	s := &stage{t: t, now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC), steps: func() {}, fails: map[string]error{}}
	s.store = dbtest.Open(t, connection, func(o *rows.Options) { o.Clock = s.clock })
	all := hosts.New(hosts.Options{Store: s.store, DownTime: time.Hour})
	for _, host := range []string{"", "fake-1", "fake-2"} {
		local := new(virt.Hosts)
		if host != "" {
			driver, err := fake.New(fake.Options{Dir: t.TempDir(), Host: host, VCPUs: 8, RAM: 8192, Disk: 100, Clock: s.clock})
			s.must(err)
			local.Add(host, driver)
		}
		registrar := hosts.Registrar{
			Store: s.store, Local: local, Process: hosts.ThisProcess("process of "+host, "here"), Ratios: hosts.Ratios{CPU: 16, RAM: 1.5, Disk: 1},
		}
		s.must(registrar.Register(t.Context()))
		w := NewWorker(WorkerOptions{
			Store: s.store, Hosts: all, Local: local, Schedules: host == "", ID: "worker of " + host, Lease: stageLease, Log: zerolog.Nop(),
		})
		w.transitions = verbs(s)
		s.workers = append(s.workers, w)
	}
	return s
}

func (s *stage) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps()
	return s.now
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// step is one that leaves a trail, and fails if that is wanted.
func (s *stage) step(name string, queue func(*action) string, task nova.TaskState, e func(a *action) effect) step {
	note := func(name string) stepFunc {
		return func(_ *Worker, ctx context.Context, a *action) (effect, error) {
			s.clock()
			if err := ctx.Err(); err != nil {
				return effect{}, err
			}
			s.mu.Lock()
			if last := len(s.trail) - 1; last < 0 || s.trail[last] != name { // or it is taken again
				s.trail = append(s.trail, name)
			}
			s.mu.Unlock()
			if e == nil || name[0] == '-' {
				return effect{}, s.fails[name]
			}
			return e(a), s.fails[name]
		}
	}
	return step{name: name, queue: queue, task: task, event: "event of " + name, do: note(name), undo: note("-" + name)}
}

// server makes a server that runs on fake-1.
func (s *stage) server() nova.Server {
	s.t.Helper()
	server, err := s.store.CreateServer(s.t.Context(), nova.Server{
		ID: uuid.NewString(), ProjectID: "p", UserID: "u", VMState: nova.Active, Host: "fake-1", Node: "fake-1", CreatedAt: s.now,
		Flavor: nova.Flavor{VCPUs: 1, RAM: 512, Disk: 1},
	})
	s.must(err)
	s.must(s.store.Tx(s.t.Context(), func(tx *db.Store) error {
		return balance(s.t.Context(), tx, server, accounts{}, accountsOf(server, holding{}))
	}))
	return server
}

// begin queues a verb.
func (s *stage) begin(server nova.Server, verb Verb, args any) {
	s.t.Helper()
	t := s.workers[0].transitions[verb]
	encoded, err := json.Marshal(args)
	s.must(err)
	if !t.beside {
		_, err = s.store.BeginTask(s.t.Context(), server.ID, t.steps[0].task, nil, nil)
		s.must(err)
	}
	_, err = s.store.QueueAction(s.t.Context(), nova.Action{
		ServerID: server.ID, Name: string(verb), RequestID: "req-1", Verb: string(verb), Exclusive: !t.beside,
		Queue: t.steps[0].queue(&action{server: server}), Step: t.steps[0].name, Args: string(encoded),
	})
	s.must(err)
}

// work has the processes work until there is nothing left. One of them dies at
// a step, if there are as many; work reports whether one did.
func (s *stage) work(at int) (died bool) {
	s.t.Helper()
	count := 0
	for idle := 0; idle < len(s.workers); {
		for _, worker := range s.workers {
			ctx, die := context.WithCancel(s.t.Context())
			s.mu.Lock()
			s.steps = func() {
				count++
				if count == at {
					die()
				}
			}
			s.mu.Unlock()
			more, err := worker.RunOne(ctx)
			if ctx.Err() != nil {
				died, more = true, true
				s.mu.Lock()
				s.now = s.now.Add(2 * stageLease)
				s.mu.Unlock()
				dbtest.AwaitWriters(s.t, s.store) // or the others pass over what it holds
			} else {
				s.must(err)
			}
			die()
			idle++
			if more {
				idle = 0
			}
		}
	}
	return died
}

// workOut is work until steps are put off no more, as often as once.
func (s *stage) workOut(at int) (died bool) {
	s.t.Helper()
	died = s.work(at)
	for range maxTries {
		if unfinished, err := s.store.Unfinished(s.t.Context()); err != nil || len(unfinished) == 0 {
			s.must(err)
			break
		}
		s.mu.Lock()
		s.now = s.now.Add(stageLease << maxTries)
		s.mu.Unlock()
		s.work(0)
	}
	return died
}

// An outcome is what a verb has come to.
type outcome struct {
	State   nova.VMState
	Task    nova.TaskState
	Host    string
	Fault   string
	Running []int // servers on the hosts
	Trail   []string
	Message string
	Events  []string
}

func (s *stage) outcome(server nova.Server) outcome {
	s.t.Helper()
	now, err := s.store.Server(s.t.Context(), server.ID)
	s.must(err)
	done, err := s.store.Action(s.t.Context(), server.ID, "req-1")
	s.must(err)
	o := outcome{State: now.VMState, Task: now.TaskState, Host: now.Host, Trail: s.trail}
	if now.Fault != nil {
		o.Fault = now.Fault.Message
	}
	if done.FinishTime == nil {
		s.t.Errorf("unfinished: %+v", done)
	}
	if done.Message != nil {
		o.Message = *done.Message
	}
	for _, e := range slices.Backward(done.Events) {
		if e.Result == nil {
			s.t.Fatalf("an event has not ended: %+v", e)
		}
		o.Events = append(o.Events, e.Event+" on "+e.Host+": "+*e.Result)
	}
	all, err := s.store.Hosts(s.t.Context(), time.Hour)
	s.must(err)
	slices.SortFunc(all, func(a, b nova.Host) int { return strings.Compare(a.Name, b.Name) })
	for _, host := range all {
		o.Running = append(o.Running, host.RunningVMs)
		for range host.RunningVMs {
			s.must(s.store.Unclaim(s.t.Context(), host.Node, server.Flavor.Takes()))
		}
	}
	s.trail = nil
	return o
}

const move Verb = "move"

// moving is a verb that takes a server to another host.
func moving(s *stage) map[Verb]transition {
	arrived := func(a *action) effect {
		return effect{change: db.ServerChange{Host: &a.progress.Target.Host, Node: &a.progress.Target.Node}, note: func(p *progress) { p.Held = holding{} }}
	}
	return map[Verb]transition{move: {
		then: nova.Resized, broken: nova.Errored, hosts: 1,
		steps: []step{
			{name: "place", queue: onSchedule, task: nova.ResizePrep, event: "event of place", do: (*Worker).place, undo: (*Worker).unplace},
			s.step("send", onHost, nova.ResizeMigrating, nil),
			s.step("check", onTarget, nova.ResizeMigrated, nil),
			s.step("arrive", onTarget, nova.ResizeFinish, arrived),
		},
	}}
}

// TestSteps_Move takes a verb through three processes, well and with failures.
// In two of the cases a process dies wherever it may: the outcome is the same.
func TestSteps_Move(t *testing.T) {
	t.Parallel()
	const (
		placed, sent    = "event of place on : Success", "event of send on fake-1: Success"
		checked, failed = "event of check on fake-2: Success", "event of arrive on fake-2: Error"
	)
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		crash bool
		fails map[string]error
		avoid []string
		want  outcome
	}{
		"well": {crash: true, want: outcome{
			State: nova.Resized, Host: "fake-2", Running: []int{0, 1}, Trail: []string{"send", "check", "arrive"},
			Events: []string{placed, sent, checked, "event of arrive on fake-2: Success"},
		}},
		"no host": {avoid: []string{"fake-1", "fake-2"}, want: outcome{
			State: nova.Errored, Host: "fake-1", Running: []int{1, 0}, Message: "Error", Fault: "No valid host was found. There are not enough hosts available.",
			Events: []string{"event of place on : Error"},
		}},
		"sending fails": {fails: map[string]error{"send": boom}, want: outcome{
			State: nova.Errored, Host: "fake-1", Running: []int{1, 0}, Trail: []string{"send", "-send"}, Message: "Error", Fault: "boom",
			Events: []string{placed, "event of send on fake-1: Error"},
		}},
		"arriving fails": {crash: true, fails: map[string]error{"arrive": boom}, want: outcome{
			State: nova.Errored, Host: "fake-1", Running: []int{1, 0}, Message: "Error", Fault: "boom",
			Trail:  []string{"send", "check", "arrive", "-arrive", "-check", "-send"},
			Events: []string{placed, sent, checked, failed},
		}},
		"and can't be taken back": {fails: map[string]error{"arrive": boom, "-send": errors.New("worse")}, want: outcome{
			State: nova.Errored, Host: "fake-1", Running: []int{1, 1}, Message: "Error", Fault: "boom",
			Trail:  []string{"send", "check", "arrive", "-arrive", "-check", "-send"},
			Events: []string{placed, sent, checked, failed},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.EachConnection(t, func(t *testing.T, connection string) {
				s := onStage(t, connection, moving)
				s.fails = c.fails
				for at, died := 0, true; died; at++ {
					server := s.server()
					s.begin(server, move, placeArgs{Avoid: append([]string{"fake-1"}, c.avoid...)})
					died = s.workOut(at) || at == 0 && c.crash
					if diff := cmp.Diff(c.want, s.outcome(server)); diff != "" {
						t.Fatalf("dead at step %d (-want +got):\n%s", at, diff)
					}
				}
			})
		})
	}
}

// TestSteps_WayBack takes a move back whose old host can't have the server again at first:
// what the host fails in is tried for a while, and what nobody can be asked for until
// somebody can.
func TestSteps_WayBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		failure error
		times   int // how often
		tries   int // how often it is tried
		left    int // servers on the new host in the end
	}{
		"the host fails":      {errors.New("worse"), maxTries - 1, maxTries, 0},
		"the host is broken":  {errors.New("worse"), maxTries, maxTries, 1},
		"it is refused":       {nova.Errorf(nova.Conflict, "It is refused."), 1, 1, 1},
		"nobody can be asked": {nova.Errorf(nova.Unavailable, "Nobody is there."), 3*maxTries + 1, 3*maxTries + 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.EachConnection(t, func(t *testing.T, connection string) {
				tries := 0
				s := onStage(t, connection, func(s *stage) map[Verb]transition {
					verbs := moving(s)
					verbs[move].steps[1].undo = func(*Worker, context.Context, *action) (effect, error) {
						tries++
						if tries <= c.times {
							return effect{}, c.failure
						}
						return effect{}, nil
					}
					return verbs
				})
				s.fails = map[string]error{"arrive": errors.New("boom")}
				server := s.server()
				s.begin(server, move, placeArgs{Avoid: []string{"fake-1"}})
				for range 1 + c.tries/maxTries {
					s.workOut(0)
				}
				got := s.outcome(server)
				if got.State != nova.Errored || got.Task != nova.Idle || got.Running[1] != c.left || tries != c.tries {
					t.Errorf("after %d tries: %+v", tries, got)
				}
			})
		})
	}
}

// TestSteps_DeletedOnTheWay deletes a server while it is moved to another host:
// before anybody has begun with that, in the midst of each step, and after a
// failure that could not be taken back. Nothing of it is left on either host, nor
// in the quota. Without the deletion it keeps what it has.
func TestSteps_DeletedOnTheWay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		during string // the step; empty for before them all
		fails  string // the step whose failure can't be taken back
	}{{}, {during: "send"}, {during: "check"}, {during: "arrive"}, {during: "after", fails: "arrive"}} {
		t.Run("during "+c.during, func(t *testing.T) {
			t.Parallel()
			dbtest.EachConnection(t, func(t *testing.T, connection string) {
				var s *stage
				var server nova.Server
				reset := func(step string) {
					if c.during == step {
						s.must(New(Options{Store: s.store, Hosts: s.workers[0].hosts}).Delete(t.Context(), server))
					}
				}
				s = onStage(t, connection, func(s *stage) map[Verb]transition {
					verbs := moving(s)
					steps := verbs[move].steps
					for i := range steps[1:] {
						do := steps[i+1].do
						steps[i+1].do = func(w *Worker, ctx context.Context, a *action) (effect, error) {
							if a.Step == "check" { // nobody takes this back
								s.must(a.driver.Spawn(ctx, a.server, virt.Build{}))
							}
							reset(a.Step)
							return do(w, ctx, a)
						}
					}
					verbs[Delete] = transitions[Delete]
					verbs[Delete] = withLast(verbs[Delete], func(w *Worker, ctx context.Context, a *action) (effect, error) {
						return effect{change: deletionOf(w.store), also: func(tx *db.Store) error { return forget(ctx, tx, a.server) }}, nil
					})
					return verbs
				})
				s.fails = map[string]error{}
				if c.fails != "" {
					s.fails[c.fails], s.fails["-send"] = errors.New("boom"), errors.New("worse")
				}
				server = s.server()
				s.must(s.workers[1].local.Driver("fake-1").Spawn(t.Context(), server, virt.Build{}))
				s.begin(server, move, placeArgs{Avoid: []string{"fake-1"}})
				reset("")
				s.workOut(0)
				reset("after")
				s.work(0)
				if now, err := s.store.AnyServer(t.Context(), server.ID); err != nil || now.VMState != nova.Deleted {
					t.Errorf("the server is %s, %v", now.VMState, err)
				}
				s.wantEmpty()
			})
		})
	}
}

// withLast is a verb with another last step.
func withLast(t transition, do stepFunc) transition {
	t.steps = slices.Clone(t.steps)
	t.steps[len(t.steps)-1].do = do
	return t
}

// wantEmpty finds what is left on the hosts and in the quota.
func (s *stage) wantEmpty() {
	s.t.Helper()
	usage, err := s.store.Usage(s.t.Context(), "p", "")
	if err != nil || usage != (nova.Usage{}) {
		s.t.Errorf("the quota counts %+v, %v", usage, err)
	}
	all, err := s.store.Hosts(s.t.Context(), time.Hour)
	s.must(err)
	for _, host := range all {
		if host.RunningVMs != 0 || host.VCPUsUsed != 0 || host.RAMUsed != 0 || host.DiskUsed != 0 {
			s.t.Errorf("host %s is used: %+v", host.Name, host)
		}
	}
	for i, host := range []string{"fake-1", "fake-2"} {
		if ids, err := s.workers[i+1].local.Driver(host).List(s.t.Context()); err != nil || len(ids) > 0 {
			s.t.Errorf("on host %s are %v, %v", host, ids, err)
		}
	}
}

const attach Verb = "attach"

// TestSteps_Beside has two actions that are not exclusive go on side by side,
// beside one that is: they leave alone what the server is busy with.
func TestSteps_Beside(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		var begun, ended sync.WaitGroup
		begun.Add(3)
		together := func(*action) effect {
			begun.Done()
			begun.Wait() // none ends before each has begun
			return effect{note: func(p *progress) { p.Failed = nil }}
		}
		s := onStage(t, connection, func(s *stage) map[Verb]transition {
			return map[Verb]transition{
				attach: {beside: true, steps: []step{s.step("attach", onHost, nova.Idle, together)}},
				move:   {steps: []step{s.step("move", onHost, nova.Migrating, together)}},
			}
		})
		server := s.server()
		s.begin(server, move, nil)
		for range 2 {
			s.begin(server, attach, nil)
		}
		for range 3 {
			ended.Go(func() {
				if _, err := s.workers[1].RunOne(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		ended.Wait()
		done, err := s.store.Actions(t.Context(), server.ID, db.ActionFilter{}, nova.Page{Limit: 5})
		s.must(err)
		for _, a := range done {
			if a.FinishTime == nil || a.Message != nil {
				t.Errorf("left %+v", a)
			}
		}
	})
}

// TestSteps_BesideFails leaves the server in its state, and busy with what it is
// busy with.
func TestSteps_BesideFails(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		s := onStage(t, connection, func(s *stage) map[Verb]transition {
			return map[Verb]transition{attach: {beside: true, steps: []step{s.step("attach", onHost, nova.Idle, nil)}}}
		})
		s.fails = map[string]error{"attach": errors.New("boom")}
		server := s.server()
		s.must(s.store.ChangeServer(t.Context(), server.ID, db.ServerChange{TaskState: new(nova.Rebooting)}))
		s.begin(server, attach, nil)
		s.work(0)
		want := outcome{
			State: nova.Active, Task: nova.Rebooting, Host: "fake-1", Fault: "boom", Running: []int{1, 0},
			Trail: []string{"attach", "-attach"}, Message: "Error", Events: []string{"event of attach on fake-1: Error"},
		}
		if diff := cmp.Diff(want, s.outcome(server)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestSteps_Superseded has an action superseded in the midst of a step that then
// fails: nothing is taken back, since another action is at work with the server.
func TestSteps_Superseded(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		s := onStage(t, connection, func(s *stage) map[Verb]transition {
			last := s.step("last", onHost, nova.Migrating, func(a *action) effect {
				_, err := s.store.SupersedeActions(t.Context(), a.ServerID, false)
				s.must(err)
				return effect{}
			})
			return map[Verb]transition{move: {broken: nova.Errored, steps: []step{s.step("first", onHost, nova.Migrating, nil), last}}}
		})
		s.fails = map[string]error{"last": errors.New("boom")}
		server := s.server()
		s.begin(server, move, nil)
		s.work(0)
		now, err := s.store.Server(t.Context(), server.ID)
		s.must(err)
		if diff := cmp.Diff([]string{"first", "last"}, s.trail); diff != "" || now.VMState != nova.Active || now.Fault != nil {
			t.Errorf("the server is %s, %+v; taken (-want +got):\n%s", now.VMState, now.Fault, diff)
		}
	})
}

// TestSteps_Again takes a step again whose effect can't be written, and has
// nothing of it left.
func TestSteps_Again(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		tries := 0
		s := onStage(t, connection, func(s *stage) map[Verb]transition {
			first := s.step("first", onHost, nova.Migrating, func(*action) effect {
				tries++
				e := effect{note: func(p *progress) { p.Failed = append(p.Failed, "once") }}
				if tries < 3 {
					e.change.VMState = new(nova.Shelved)
					e.also = func(*db.Store) error { return errAgain }
				}
				return e
			})
			last := s.step("last", onHost, nova.Migrating, func(a *action) effect {
				if len(a.progress.Failed) != 1 {
					t.Errorf("noted %q", a.progress.Failed)
				}
				return effect{}
			})
			return map[Verb]transition{move: {steps: []step{first, last}}}
		})
		server := s.server()
		s.begin(server, move, nil)
		s.work(0)
		if o := s.outcome(server); o.State != nova.Active || o.Message != "" || tries != 3 {
			t.Errorf("after %d tries: %+v", tries, o)
		}
	})
}

// TestSteps_Moved hands an action over that was queued for the host where the
// server is no longer.
func TestSteps_Moved(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		s := onStage(t, connection, func(s *stage) map[Verb]transition {
			return map[Verb]transition{move: {steps: []step{s.step("move", onHost, nova.Migrating, nil)}}}
		})
		server := s.server()
		s.begin(server, move, nil)
		s.must(s.store.ChangeServer(t.Context(), server.ID, db.ServerChange{Host: new("fake-2")}))
		s.work(0)
		if diff := cmp.Diff([]string{"event of move on fake-2: Success"}, s.outcome(server).Events); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestSteps_DeadlyUndo gives up a step that kills every worker that takes it
// back.
func TestSteps_DeadlyUndo(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		var die func()
		s := onStage(t, connection, func(s *stage) map[Verb]transition {
			deadly := s.step("move", onHost, nova.Migrating, nil)
			deadly.undo = func(_ *Worker, ctx context.Context, _ *action) (effect, error) {
				die()
				return effect{}, ctx.Err()
			}
			return map[Verb]transition{move: {broken: nova.Errored, steps: []step{deadly}}}
		})
		s.fails = map[string]error{"move": errors.New("boom")}
		server := s.server()
		s.begin(server, move, nil)
		deaths := 0
		for more := true; more; {
			ctx, cancel := context.WithCancel(t.Context())
			die = cancel
			more, _ = s.workers[1].RunOne(ctx)
			if ctx.Err() != nil {
				deaths++
			}
			cancel()
			s.now = s.now.Add(2 * stageLease)
		}
		if o := s.outcome(server); o.State != nova.Errored || o.Fault != "boom" || deaths != maxDeaths {
			t.Errorf("after %d deaths: %+v", deaths, o)
		}
	})
}

// TestSteps_Incapable is a verb that the host's driver doesn't have.
func TestSteps_Incapable(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		s := onStage(t, connection, func(*stage) map[Verb]transition { return transitions })
		local := s.workers[1].local
		local.Add("fake-1", struct{ virt.Driver }{local.Driver("fake-1")})
		server := s.server()
		s.begin(server, Pause, nil)
		s.work(0)
		if o := s.outcome(server); o.State != nova.Active || o.Fault != "The requested functionality is not supported." || o.Message != "Error" {
			t.Errorf("left %+v", o)
		}
	})
}
