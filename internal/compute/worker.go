package compute

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/hosts"
	"github.com/nova-api/nova-api/internal/notify"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/scheduler"
	"github.com/nova-api/nova-api/internal/tracing"
	"github.com/nova-api/nova-api/internal/virt"
)

// A Worker carries out what the API has written down: it claims actions from
// the queues of its hosts, and of those that have no host yet.
type Worker struct {
	store        *db.Store
	images       *cloud.ImageService
	networks     *cloud.NetworkService
	volumes      *cloud.VolumeService
	hosts        *hosts.Hosts
	local        *virt.Hosts
	schedules    bool
	transitions  map[Verb]transition
	id           string
	host         string
	lease        time.Duration
	slots        chan struct{}
	patience     time.Duration
	heal         time.Duration
	reimageTime  time.Duration
	scheduler    *scheduler.Scheduler
	clouds       *sharedRead[scheduler.Cloud]
	configDrives bool
	notify       *notify.Notifier
	count        func(verb string, failed bool, took time.Duration)
	tracer       *tracing.Tracer
	log          zerolog.Logger
	running
}

// WorkerOptions are what a Worker works with.
type WorkerOptions struct {
	Store    *db.Store
	Images   *cloud.ImageService
	Networks *cloud.NetworkService
	Volumes  *cloud.VolumeService
	Hosts    *hosts.Hosts
	Local    *virt.Hosts // the hosts that this process runs
	// Schedules says that the worker finds hosts for servers.
	Schedules bool
	// ID names the worker: no other, before or after, may have the same.
	ID string
	// Host is the name of the process, which schedulers are known by.
	Host string
	// Lease is how long after a worker's death its work is taken up by
	// another. 0 is 6 s.
	Lease time.Duration
	// Slots is how many actions are carried out at once. 0 is 10.
	Slots int
	// Patience is how long an answer to another process may take. 0 is a minute.
	Patience time.Duration
	// Heal is how often what servers show of the network is compared with the
	// network service. 0 is never: only when the service says that it has changed.
	Heal time.Duration
	// ReimageTime is how long the block storage service may take for each GB of an image
	// that it writes over the volume of a server. 0 is 20 s.
	ReimageTime time.Duration
	// Scheduler chooses hosts. Nil is one that likes all that fit alike.
	Scheduler *scheduler.Scheduler
	// Count is told of each piece of work on an action: the verb, whether it has
	// failed, and how long it took. It may be nil.
	Count func(verb string, failed bool, took time.Duration)
	// Tracer follows actions from the requests that asked for them. It may be nil.
	Tracer *tracing.Tracer
	// ConfigDrives says that all servers that this worker's hosts build get a config
	// drive.
	ConfigDrives bool
	// Notify tells other programs of what is done to servers. Nil for nobody.
	Notify *notify.Notifier
	Log    zerolog.Logger
}

const (
	defaultLease = 6 * time.Second
	defaultSlots = 10
	pollEvery    = 2 * time.Second // for leases that have ended, and in case word of work got lost
)

// NewWorker makes a worker.
func NewWorker(o WorkerOptions) *Worker {
	if o.Lease == 0 {
		o.Lease = defaultLease
	}
	if o.Slots == 0 {
		o.Slots = defaultSlots
	}
	if o.Scheduler == nil {
		o.Scheduler = scheduler.Plain()
	}
	return &Worker{
		store: o.Store, images: o.Images, networks: o.Networks, volumes: o.Volumes, hosts: o.Hosts, local: o.Local,
		schedules: o.Schedules, transitions: transitions,
		id: o.ID, host: o.Host, lease: o.Lease, heal: o.Heal, reimageTime: cmp.Or(o.ReimageTime, reimageTime), patience: cmp.Or(o.Patience, defaultPatience), slots: make(chan struct{}, o.Slots), scheduler: o.Scheduler,
		configDrives: o.ConfigDrives, notify: o.Notify, count: o.Count, tracer: o.Tracer, log: o.Log,
		running: running{bySerial: map[int64]*underWay{}}, clouds: newSharedRead[scheduler.Cloud](),
	}
}

// Run works until the context ends. Then it lets running actions be broken
// off, and gives its leases back. Failures on the way are logged; it returns only
// errors of the store, if the leases can't be given back.
func (w *Worker) Run(ctx context.Context) error {
	working, done := context.WithCancel(context.WithoutCancel(ctx)) // leases hold until the last job has ended
	var helpers, jobs sync.WaitGroup
	helpers.Go(func() { w.keepLeases(working) })
	helpers.Go(func() { w.answerAsks(ctx) })
	helpers.Go(func() { w.refreshNetworks(ctx) })
	helpers.Go(func() { w.clearHosts(ctx) })
	if w.schedules {
		helpers.Go(func() { w.sweep(ctx) })
	}
	woken, unsubscribe := w.store.Subscribe(w.queues()...)
	defer unsubscribe()
	for ctx.Err() == nil {
		if w.claim(ctx, &jobs) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
		case <-woken:
		case <-time.After(pollEvery):
		}
	}
	jobs.Wait()
	done()
	helpers.Wait()
	const release = 5 * time.Second
	final, cancel := context.WithTimeout(context.WithoutCancel(ctx), release)
	defer cancel()
	return w.store.ReleaseLeases(final, w.id)
}

// keepLeases renews the leases of running actions, a third of their length
// apart, and breaks off actions that are no longer this worker's. If the store can't be
// reached for a whole lease, that is everything: others may have begun with it.
func (w *Worker) keepLeases(ctx context.Context) {
	const perLease = 3
	tick := time.NewTicker(w.lease / perLease)
	defer tick.Stop()
	for failed := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		mine := w.serials()
		lost, err := w.extendLeases(ctx, mine, w.lease/perLease)
		switch {
		case err == nil:
			failed = 0
			w.breakOff(lost)
		case ctx.Err() == nil:
			w.log.Warn().Err(err).Msg("leases can't be renewed")
			failed++
			if failed >= perLease {
				w.breakOff(mine)
			}
		}
	}
}

// extendLeases renews the leases of actions, and returns those that were lost.
func (w *Worker) extendLeases(ctx context.Context, mine []int64, patience time.Duration) (lost []int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	held, err := w.store.ExtendLeases(ctx, w.id, w.lease, mine)
	return slices.DeleteFunc(mine, func(serial int64) bool { return slices.Contains(held, serial) }), err
}

// claim takes as many actions as there are free slots, and starts them. It
// waits for a slot if there is none.
func (w *Worker) claim(ctx context.Context, jobs *sync.WaitGroup) int {
	free := w.freeSlots(ctx)
	if free == 0 {
		return 0
	}
	actions, err := w.store.ClaimActions(ctx, w.claims(free))
	if err != nil && ctx.Err() == nil {
		w.log.Warn().Err(err).Msg("actions can't be claimed")
	}
	for range free - len(actions) {
		<-w.slots
	}
	for _, action := range actions {
		jobs.Go(func() {
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

// claims describes the actions that the worker is ready for.
func (w *Worker) claims(limit int) db.Claim {
	c := db.Claim{Worker: w.id, Queues: w.queues(), Lease: w.lease, Limit: limit}
	for _, verb := range slices.Sorted(maps.Keys(w.transitions)) {
		c.Verbs = append(c.Verbs, string(verb))
		if w.transitions[verb].first {
			c.First = append(c.First, string(verb))
		}
	}
	return c
}

func (w *Worker) queues() []string {
	queues := w.local.Names()
	if w.schedules {
		queues = append(queues, nova.QueueSchedule)
	}
	return queues
}

// RunOne carries out one action, if there is one, and reports whether there was.
// It returns only errors of the store; how the action went is in its record.
func (w *Worker) RunOne(ctx context.Context) (bool, error) {
	if err := w.ClearHosts(ctx); err != nil {
		return false, err
	}
	actions, err := w.store.ClaimActions(ctx, w.claims(1))
	if err != nil || len(actions) == 0 {
		return false, err
	}
	w.carryOut(ctx, actions[0])
	return true, nil
}

// carryOut does what an action says, and logs how that went.
func (w *Worker) carryOut(ctx context.Context, record nova.Action) {
	ctx = nova.WithRequest(ctx, nova.Request{ID: record.RequestID})
	log := w.log.With().Str("request_id", record.RequestID).Str("server", record.ServerID).Str("action", record.Name).Logger()
	began := w.store.Now()
	ctx, span := w.tracer.Resume(ctx, record.Trace, "action "+record.Verb,
		tracing.Text("openstack.request_id", record.RequestID), tracing.Text("openstack.project_id", record.ProjectID),
		tracing.Text("nova.server", record.ServerID), tracing.Text("nova.queue", record.Queue), tracing.Number("nova.attempt", record.Attempt))
	ctx, leave := w.enter(log.WithContext(ctx), record, w.transitions[Verb(record.Verb)].ends())
	defer leave()
	failed, err := w.attempt(ctx, record)
	if failed {
		span.Fail()
	}
	span.End(err)
	took := w.store.Now().Sub(began)
	level := zerolog.InfoLevel
	if failed || err != nil && !db.IsLost(err) && ctx.Err() == nil {
		level = zerolog.WarnLevel
	}
	log.WithLevel(level).Err(err).Bool("failed", failed).Int("attempt", record.Attempt).Dur("duration", took).Msg("action")
	if w.count != nil {
		w.count(record.Verb, failed || level == zerolog.WarnLevel, took)
	}
}

// attempt takes an action as far as this worker can, and reports whether the
// action has failed. The error is why this worker could not go on: the action is
// then for whoever claims it next, or ended already.
func (w *Worker) attempt(ctx context.Context, record nova.Action) (failed bool, err error) {
	a, err := w.open(ctx, record)
	switch {
	case nova.Is(err, nova.NotFound): // the server was purged
		return true, errors.Join(err, w.store.FinishAction(ctx, record, new(nova.ActionMessage)))
	case nova.Is(err, nova.Unavailable) && a != nil && a.tries() < maxTries:
		return false, errors.Join(err, w.store.PostponeAction(ctx, record, w.lease<<(a.tries()-1)))
	case nova.Is(err, nova.Unavailable) && a != nil:
		a.progress.Failure = &failure{Message: faultMessage(err), Details: clip(err.Error(), maxDetails)}
		return true, errors.Join(err, w.end(ctx, a, effect{}))
	case err != nil:
		return false, err
	}
	err = w.walk(ctx, a)
	return a.back(), err
}
