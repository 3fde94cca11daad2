package compute

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// An action is a nova.Action that a worker carries out, with what it is about.
type action struct {
	nova.Action
	transition transition
	at         int // the step, among the transition's
	progress   progress
	server     nova.Server
	driver     virt.Driver // nil if the step is not for a host of this process

	// What steps remember for later ones in the same process.
	hosts []nova.Host // those that fit, and that place has not tried yet
	looks int         // how often place has looked for hosts
	ports []nova.Port // those that connect has found; nil if it didn't run here
	// devices are those that mapVolumes has reserved; nil if it didn't run here
	devices []nova.BlockDevice
}

// progress is what the steps of an action have come to. It is written with each
// step, for whoever takes the next one.
type progress struct {
	Since   int      `json:"since,omitempty"`   // how often the action had been claimed before this step
	Source  Target   `json:"source,omitzero"`   // where the server was when it was placed
	Target  Target   `json:"target,omitzero"`   // where it has been placed
	Disks   string   `json:"disks,omitempty"`   // what MigrateOut says of them
	Held    holding  `json:"held,omitzero"`     // what the action holds for the server
	Stopped bool     `json:"stopped,omitempty"` // the server was, and is to be again
	Failed  []string `json:"failed,omitempty"`  // hosts that failed
	Port    string   `json:"port,omitempty"`    // the one that is attached
	Failure *failure `json:"failure,omitempty"`

	Attachment string `json:"attachment,omitempty"` // of the volume that is attached
	Swapped    bool   `json:"swapped,omitempty"`    // the server uses the other volume of a swap
	Stays      bool   `json:"stays,omitempty"`      // the volume could not be unplugged

	Told []string `json:"told,omitempty"` // the notifications that have begun, and not ended: see tell.go

	Answered bool `json:"answered,omitempty"` // who waits for the action may go
}

// A failure is why an action goes back through its steps.
type failure struct {
	Kind      nova.Kind `json:"kind,omitempty"`      // for who waits for the end
	Message   string    `json:"message"`             // for clients
	Details   string    `json:"details"`             // for administrators
	Elsewhere bool      `json:"elsewhere,omitempty"` // it starts again, on another host
	Harmless  bool      `json:"harmless,omitempty"`  // it leaves the server in the state that it had
}

// A stepFunc takes a step, or takes it back. It may be called again after a
// crash at any point of the call before, so it leaves alone what is so already.
// It changes the hypervisor and other services itself, and returns what it
// changes in the store.
type stepFunc func(w *Worker, ctx context.Context, a *action) (effect, error)

// An effect is what a step changes in the store. It is written in the
// transaction that takes the action to its next step, or to its end.
type effect struct {
	change db.ServerChange
	note   func(p *progress)        // nil: nothing to note
	also   func(tx *db.Store) error // nil: nothing else
}

// alongside is an effect that writes something more, after what it writes anyway.
func (e effect) alongside(write func(tx *db.Store) error) effect {
	also := e.also
	e.also = func(tx *db.Store) error {
		if also != nil {
			if err := also(tx); err != nil {
				return err
			}
		}
		return write(tx)
	}
	return e
}

// errAgain is an effect's way to say that it can't be written any more, and
// that the step is to be taken again.
var errAgain = errors.New("take the step again")

// The queues that steps are in: that of the schedulers, that of the server's
// host, and that of the host where the server has been placed.
func onSchedule(*action) string { return nova.QueueSchedule }
func onHost(a *action) string   { return a.server.Host }
func onTarget(a *action) string { return a.progress.Target.Host }

// onTargetForth is onTarget for a step that the server's own host takes back, since the
// other one may be gone.
func onTargetForth(a *action) string {
	if a.back() {
		return onHost(a)
	}
	return onTarget(a)
}

// onElsewhere is the queue of the other host that has something of the server.
func onElsewhere(a *action) string {
	if a.server.Elsewhere == nil {
		return ""
	}
	return a.server.Elsewhere.Host
}

// onAny is the queue of a host that has something of the server, its own if it has
// one, and else that of the schedulers, who can do what no host is needed for.
func onAny(a *action) string { return cmp.Or(onHost(a), onElsewhere(a), onSchedule(a)) }

// isSomewhere reports whether any host has something of the server.
func isSomewhere(a *action) bool { return a.server.Host != "" || isElsewhere(a) }

// isElsewhere reports whether another host than its own has something of the
// server.
func isElsewhere(a *action) bool { return a.server.Elsewhere != nil }

func (a *action) step() step { return a.transition.steps[a.at] }

// back reports whether the action has failed, and takes its steps back.
func (a *action) back() bool { return a.progress.Failure != nil }

// driverOf is the driver of a step's host, with what the step needs of it. The
// error is Conflict if the server has no host here, and NotImplemented if the
// driver lacks it.
func driverOf[C any](a *action) (C, error) {
	if a.driver == nil {
		var none C
		return none, nova.Errorf(nova.Conflict, "Instance %s is not ready", a.ServerID)
	}
	return virt.As[C](a.driver)
}

// drive is a step that a driver takes alone: any driver for a method of
// virt.Driver, and only those that have it for a method of a capability.
func drive[C any](call func(C, context.Context, nova.Server) error) stepFunc {
	return func(_ *Worker, ctx context.Context, a *action) (effect, error) {
		driver, err := driverOf[C](a)
		if err != nil {
			return effect{}, err
		}
		if err := call(driver, ctx, a.server); err != nil {
			return effect{}, err
		}
		power, err := a.driver.PowerState(ctx, a.server)
		return effect{change: db.ServerChange{PowerState: &power}}, err
	}
}

// progressOf reads what the steps of an action have come to.
func progressOf(record nova.Action) (p progress, err error) {
	if record.Progress == "" {
		return p, nil
	}
	if err := json.Unmarshal([]byte(record.Progress), &p); err != nil {
		return p, fmt.Errorf("read the progress of an action: %w", err)
	}
	return p, nil
}

// text is the progress as it is written down: empty for none.
func (p progress) text() (string, error) {
	encoded, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("write down the progress of an action: %w", err)
	}
	if string(encoded) == "{}" {
		return "", nil
	}
	return string(encoded), nil
}

// undoable is the last step, up to one of them, that can be taken back: -1 if
// there is none.
func (a *action) undoable(at int) int {
	for at >= 0 && a.transition.steps[at].undo == nil {
		at--
	}
	return at
}

// tries is how often this step has been begun, this time included.
func (a *action) tries() int { return a.Attempt - a.progress.Since }

// open finds what an action is about, and which step it has come to. The error
// is NotFound if the server was purged, and Unavailable if only another version
// of this program knows the step.
func (w *Worker) open(ctx context.Context, record nova.Action) (*action, error) {
	a := &action{Action: record, transition: w.transitions[Verb(record.Verb)]}
	var err error
	if a.server, err = w.store.Server(ctx, a.ServerID); err != nil {
		return nil, err
	}
	a.progress, err = progressOf(record)
	a.at = slices.IndexFunc(a.transition.steps, func(s step) bool { return s.name == a.Step })
	if err != nil || a.at < 0 {
		return a, nova.Because(err, nova.Unavailable, "There is no step %q in this version.", a.Step)
	}
	return a, nil
}
