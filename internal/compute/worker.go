package compute

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/scheduler"
	"github.com/nova-api/nova-api/internal/virt"
)

// A Worker carries out what the API has written down: it claims actions from
// the queues of its hosts, and of those that have no host yet.
type Worker struct {
	*API
	id      string
	lease   time.Duration
	slots   chan struct{}
	weights scheduler.Weights
	log     zerolog.Logger

	mu      sync.Mutex
	running map[string]*running // by the server's ID
}

// WorkerOptions are what a Worker works with.
type WorkerOptions struct {
	API *API
	// ID names the worker: no other, before or after, may have the same.
	ID string
	// Lease is how long after a worker's death its work is taken up by
	// another. 0 is 6 s.
	Lease time.Duration
	// Slots is how many actions are carried out at once. 0 is 10.
	Slots   int
	Weights scheduler.Weights
	Log     zerolog.Logger
}

const (
	defaultLease = 6 * time.Second
	defaultSlots = 10
	pollEvery    = time.Second // in case word of work got lost
	maxAttempts  = 5           // of an action that other services keep from being done
)

// NewWorker makes a worker.
func NewWorker(o WorkerOptions) *Worker {
	if o.Lease == 0 {
		o.Lease = defaultLease
	}
	if o.Slots == 0 {
		o.Slots = defaultSlots
	}
	return &Worker{
		API: o.API, id: o.ID, lease: o.Lease, slots: make(chan struct{}, o.Slots), weights: o.Weights, log: o.Log,
		running: map[string]*running{},
	}
}

// Run works until the context ends. Then it lets what is under way be broken
// off, and gives its leases back.
func (w *Worker) Run(ctx context.Context) error {
	var group sync.WaitGroup
	group.Go(func() { w.store.Listen(ctx) })
	group.Go(func() { w.keepAlive(ctx) })
	for ctx.Err() == nil {
		woken := w.store.Woken() // before looking, so that nothing is missed in between
		if w.claim(ctx, &group) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
		case <-woken:
		case <-time.After(pollEvery):
		}
	}
	group.Wait()
	const release = 5 * time.Second
	final, cancel := context.WithTimeout(context.WithoutCancel(ctx), release)
	defer cancel()
	return w.store.ReleaseLeases(final, w.id)
}

// keepAlive prolongs the leases, a third of their length apart.
func (w *Worker) keepAlive(ctx context.Context) {
	const perLease = 3
	tick := time.NewTicker(w.lease / perLease)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := w.store.ExtendLeases(ctx, w.id, w.lease); err != nil && ctx.Err() == nil {
				w.log.Warn().Err(err).Msg("leases can't be prolonged")
			}
		}
	}
}

// claim takes as many actions as there are free slots, and starts them. It
// waits for a slot if there is none.
func (w *Worker) claim(ctx context.Context, group *sync.WaitGroup) int {
	free := w.freeSlots(ctx)
	if free == 0 {
		return 0
	}
	actions, err := w.store.ClaimActions(ctx, w.id, w.queues(), w.lease, free)
	if err != nil && ctx.Err() == nil {
		w.log.Warn().Err(err).Msg("actions can't be claimed")
	}
	for range free - len(actions) {
		<-w.slots
	}
	for _, action := range actions {
		group.Go(func() {
			defer func() { <-w.slots }()
			w.carryOut(ctx, action)
		})
	}
	return len(actions)
}

// freeSlots takes all slots that are free, and waits for the first.
func (w *Worker) freeSlots(ctx context.Context) int {
	select {
	case w.slots <- struct{}{}:
	case <-ctx.Done():
		return 0
	}
	free := 1
	for free < cap(w.slots) {
		select {
		case w.slots <- struct{}{}:
			free++
		default:
			return free
		}
	}
	return free
}

func (w *Worker) queues() []string {
	queues := []string{nova.QueueSchedule}
	for host := range w.drivers {
		queues = append(queues, host)
	}
	return queues
}

// RunOne carries out one action, if there is one, and tells whether there was.
func (w *Worker) RunOne(ctx context.Context) (bool, error) {
	actions, err := w.store.ClaimActions(ctx, w.id, w.queues(), w.lease, 1)
	if err != nil || len(actions) == 0 {
		return false, err
	}
	w.carryOut(ctx, actions[0])
	return true, nil
}

// A job is an action that is being carried out.
type job struct {
	action nova.Action
	verb   Verb
	rule   rule
	server nova.Server
	driver virt.Driver // nil while the server has no host
}

// carryOut does what an action says, and notes how it ended.
func (w *Worker) carryOut(ctx context.Context, action nova.Action) {
	ctx = nova.WithRequest(ctx, nova.Request{ID: action.RequestID})
	log := w.log.With().Str("request_id", action.RequestID).Str("server", action.ServerID).Str("action", action.Name).Logger()
	ctx = log.WithContext(ctx)
	began := w.store.Now()
	ctx, end := w.enter(ctx, action.ServerID)
	defer end()
	err := w.attempt(ctx, action)
	event := log.Info()
	if err != nil {
		event = log.Warn().Err(err)
	}
	event.Int("attempt", action.Attempt).Dur("duration", w.store.Now().Sub(began)).Msg("action")
}

func (w *Worker) attempt(ctx context.Context, action nova.Action) error {
	j, err := w.job(ctx, action)
	if err != nil {
		return err
	}
	if err = w.work(ctx, j); err == nil || db.IsLost(err) || ctx.Err() != nil {
		return err // done; or somebody else's now; or to be taken up by whoever comes next
	}
	if nova.Is(err, nova.Unavailable) && action.Attempt < maxAttempts {
		return errors.Join(err, w.store.PostponeAction(ctx, j.action, w.store.Now().Add(w.lease)))
	}
	return errors.Join(err, w.fail(ctx, j, err))
}

// job finds what an action is about.
func (w *Worker) job(ctx context.Context, action nova.Action) (*job, error) {
	o, err := decodeOrder(action)
	if err != nil {
		return nil, err
	}
	server, err := w.store.Server(ctx, action.ServerID)
	if err != nil {
		return nil, err
	}
	return &job{action: action, verb: o, rule: rules[o], server: server, driver: w.drivers[server.Host]}, nil
}

func (w *Worker) work(ctx context.Context, j *job) error {
	if j.rule.work == nil {
		return w.drive(ctx, j)
	}
	if j.driver != nil {
		if err := w.store.StartEvent(ctx, j.action, j.rule.event, j.server.Host); err != nil {
			return err
		}
	}
	return j.rule.work(w, ctx, j)
}

// drive is a verb that the driver does alone.
func (w *Worker) drive(ctx context.Context, j *job) error {
	if err := w.store.StartEvent(ctx, j.action, j.rule.event, j.server.Host); err != nil {
		return err
	}
	if err := j.rule.do(j.driver, ctx, j.server); err != nil {
		return err
	}
	power, err := j.driver.PowerState(ctx, j.server)
	if err != nil {
		return err
	}
	return w.finish(ctx, j, func(tx *db.Store) error {
		return tx.ChangeServer(ctx, j.server.ID, j.settled().Set("power_state", power))
	})
}

// settled is the change that leaves the server in the state that the verb
// promises.
func (j *job) settled() *db.ServerChange {
	change := new(db.ServerChange).Set("task_state", nova.Idle)
	if j.rule.then != "" {
		change.Set("vm_state", j.rule.then)
	}
	return change
}

// finish ends an action that went well: what it did to the server, and that
// it is done, are written at once, or neither is if the action was lost.
func (w *Worker) finish(ctx context.Context, j *job, write func(tx *db.Store) error) error {
	return w.store.Tx(ctx, func(tx *db.Store) error {
		if err := tx.FinishAction(ctx, j.action, nil); err != nil {
			return err
		}
		if err := tx.FinishEvents(ctx, j.action, nil); err != nil {
			return err
		}
		return write(tx)
	})
}

// fail ends an action that went wrong, and leaves the server in a state that
// is stable: in error if it was being built or removed, as it was otherwise.
func (w *Worker) fail(ctx context.Context, j *job, cause error) error {
	message, details := nova.ActionMessage, faultMessage(cause)
	return w.store.Tx(ctx, func(tx *db.Store) error {
		if err := tx.FinishAction(ctx, j.action, &message); err != nil {
			return err
		}
		if err := tx.FinishEvents(ctx, j.action, &details); err != nil {
			return err
		}
		change := new(db.ServerChange).Set("task_state", nova.Idle)
		if j.verb == Create || j.verb == Delete || j.verb == HardReboot {
			change.Set("vm_state", nova.Errored).SetJSON("fault", w.fault(cause))
		}
		return tx.ChangeServer(ctx, j.server.ID, change)
	})
}

// fault is what a client is shown of what went wrong.
func (w *Worker) fault(cause error) *nova.Fault {
	const internal = 500
	return &nova.Fault{Code: internal, Message: faultMessage(cause), Details: cause.Error(), Created: w.store.Now()}
}

// faultMessage is the text of a failure. A driver's own words are no secret:
// an operator put the server on its host.
func faultMessage(cause error) string {
	const most = 255
	message := nova.Message(cause)
	if message == "" {
		message = cause.Error()
	}
	if len(message) > most {
		message = message[:most]
	}
	return message
}

// running is an action under way on a server.
type running struct {
	cancel context.CancelFunc
	done   chan struct{}
}

// enter breaks off what this process still does to a server, which has been
// superseded if another action could be claimed, and waits for its end: no
// two actions touch a server at once.
func (w *Worker) enter(ctx context.Context, serverID string) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	mine := &running{cancel: cancel, done: make(chan struct{})}
	w.mu.Lock()
	before := w.running[serverID]
	w.running[serverID] = mine
	w.mu.Unlock()
	if before != nil {
		before.cancel()
		<-before.done
	}
	return ctx, func() {
		cancel()
		w.mu.Lock()
		if w.running[serverID] == mine {
			delete(w.running, serverID)
		}
		w.mu.Unlock()
		close(mine.done)
	}
}
