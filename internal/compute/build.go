package compute

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/scheduler"
	"github.com/nova-api/nova-api/internal/virt"
)

// The part of Create that finds a host, as the record calls it.
const scheduleEvent = "conductor_schedule_and_build_instances"

const (
	maxBuilds  = 3 // on how many hosts a server is tried
	candidates = 5 // hosts that are asked for, in case others are faster
)

// build is Create: find a host, join the networks, start the server. Each
// step can be taken again, so whoever takes over begins where the last one
// stopped.
func (w *Worker) build(ctx context.Context, j *job) error {
	args, err := decodeArgs[buildArgs](j.action)
	if err != nil {
		return err
	}
	if j.action.Progress != "" {
		if err := json.Unmarshal([]byte(j.action.Progress), &args.Failed); err != nil {
			return err
		}
	}
	for {
		if j.server.Host == "" {
			if err := w.schedule(ctx, j, args); err != nil {
				return err
			}
		}
		if j.driver == nil { // the host's own process goes on
			return nil
		}
		err := guard(func() error { return w.spawn(ctx, j, args) })
		if err == nil || db.IsLost(err) || ctx.Err() != nil || nova.Is(err, nova.Unavailable) {
			return err
		}
		zerolog.Ctx(ctx).Warn().Err(err).Str("host", j.server.Host).Msg("server can't be built here")
		if err := w.giveUpHost(ctx, j, &args, err); err != nil {
			return err
		}
		if nova.KindOf(err) != nova.Internal { // it isn't the host's fault: others would find the same
			return nova.Because(err, nova.Invalid, "Build of instance %s aborted: %s", j.server.ID, nova.Message(err))
		}
		if len(args.Failed) >= maxBuilds {
			return exhausted(err, j.server)
		}
	}
}

// exhausted is what a server fails with that can't be built anywhere.
func exhausted(cause error, s nova.Server) error {
	return nova.Because(cause, nova.Invalid, "Exceeded maximum number of retries. Exhausted all hosts available for retrying "+
		"build failures for instance %s.", s.ID)
}

// schedule puts a server on a host: the first of those that fit which still
// has the room when it is claimed. Where all went to others meanwhile, it looks
// again.
func (w *Worker) schedule(ctx context.Context, j *job, args buildArgs) error {
	const looks = 20
	for range looks {
		chosen, err := w.choose(ctx, j, args)
		if err != nil {
			return err
		}
		for _, host := range chosen {
			claimed, err := w.settleOn(ctx, j, host)
			if claimed || err != nil {
				return err
			}
		}
	}
	return nova.Errorf(nova.Unavailable, "All hosts were taken by others.")
}

// choose finds the hosts that fit, the best first.
func (w *Worker) choose(ctx context.Context, j *job, args buildArgs) ([]nova.Host, error) {
	hosts, err := w.store.Hosts(ctx, w.store.Now().Add(-w.aliveFor))
	if err != nil {
		return nil, err
	}
	chosen, report, refused := scheduler.Choose(scheduler.Request{
		Needs: j.server.Flavor.Takes(), Zone: j.server.RequestedZone, Exclude: args.Failed,
		To: scheduler.Target(args.To), Force: scheduler.Target(args.Force),
		Weights: w.weights, Seed: rand.Uint64(), Limit: candidates, //nolint:gosec // spreads servers, guards nothing
	}, hosts)
	if refused == nil {
		return chosen, nil
	}
	zerolog.Ctx(ctx).Info().Stringer("hosts", report).Msg("no valid host")
	if err := w.store.StartEvent(ctx, j.action, scheduleEvent, ""); err != nil {
		return nil, err
	}
	if len(args.Failed) > 0 {
		return nil, exhausted(refused, j.server)
	}
	return nil, refused
}

// settleOn claims the room on a host, and hands the action to it: to this
// process, if the host is one of its own.
func (w *Worker) settleOn(ctx context.Context, j *job, host nova.Host) (claimed bool, err error) {
	on := *j
	on.action.Queue, on.action.Step = host.Name, "build"
	on.server.Host, on.server.Node, on.driver = host.Name, host.Node, w.drivers[host.Name]
	change := db.ServerChange{Host: &host.Name, Node: &host.Node, TaskState: new(nova.Networking)}
	err = w.write(ctx, j, change, func(tx *db.Store) error {
		if err := tx.StartEvent(ctx, on.action, j.rule.event, host.Name); err != nil {
			return err
		}
		handOver := tx.AdvanceAction
		if on.driver == nil {
			handOver = tx.HandOverAction
		}
		if err := handOver(ctx, on.action); err != nil {
			return err
		}
		claimed, err := tx.Claim(ctx, host.Node, j.server.Flavor.Takes())
		if err == nil && !claimed {
			return errNoRoom
		}
		return err
	})
	if errors.Is(err, errNoRoom) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	*j = on
	return true, nil
}

var errNoRoom = errors.New("the host has no room any more")

// spawn joins the networks and starts the server.
func (w *Worker) spawn(ctx context.Context, j *job, args buildArgs) error {
	ports, err := w.joinNetworks(ctx, j.server, args)
	if err != nil {
		return err
	}
	addresses, groups, err := w.addresses(ctx, j.server, ports, args.Networks)
	if err != nil {
		return err
	}
	j.server.Addresses, j.server.SecurityGroups = addresses, groups
	change := db.ServerChange{TaskState: new(nova.Spawning), SecurityGroups: &groups, Addresses: &addresses}
	if err := w.advance(ctx, j, change); err != nil {
		return err
	}
	if err := j.driver.Spawn(ctx, j.server, w.imageSource(j.server), nics(ports)); err != nil {
		return err
	}
	power, err := j.driver.PowerState(ctx, j.server)
	if err != nil {
		return err
	}
	change = j.settled()
	change.PowerState, change.LaunchedAt = &power, new(w.store.Now())
	return w.finish(ctx, j, change, nil)
}

func (w *Worker) imageSource(s nova.Server) virt.ImageSource {
	if s.ImageID == "" {
		return nil
	}
	return func(ctx context.Context) (io.ReadCloser, error) {
		return w.images.AsService().Download(ctx, s.ImageID)
	}
}

func nics(ports []nova.Port) []virt.NIC {
	all := make([]virt.NIC, len(ports))
	for i, port := range ports {
		all[i] = virt.NIC{PortID: port.ID, NetworkID: port.NetworkID, MAC: port.MAC}
		for _, ip := range port.FixedIPs {
			all[i].IPs = append(all[i].IPs, ip.Address)
		}
	}
	return all
}

// giveUpHost takes a server off a host where it can't be built.
func (w *Worker) giveUpHost(ctx context.Context, j *job, args *buildArgs, cause error) error {
	if err := guard(func() error { return j.driver.Destroy(ctx, j.server) }); err != nil {
		return errors.Join(cause, err)
	}
	if err := w.leaveNetworks(ctx, j.server); err != nil {
		return errors.Join(cause, err)
	}
	args.Failed = append(args.Failed, j.server.Host)
	encoded, err := json.Marshal(args.Failed)
	if err != nil {
		return err
	}
	off := *j
	off.action.Queue, off.action.Step, off.action.Progress = nova.QueueSchedule, "", string(encoded)
	off.server.Host, off.server.Node, off.driver = "", "", nil
	off.server.Addresses, off.server.SecurityGroups = keptAddresses(args.Networks), nil
	change := db.ServerChange{
		Host: new(""), Node: new(""), TaskState: new(nova.Scheduling),
		SecurityGroups: &off.server.SecurityGroups, Addresses: &off.server.Addresses,
	}
	details := faultMessage(cause)
	if err := w.write(ctx, j, change, func(tx *db.Store) error {
		if err := tx.AdvanceAction(ctx, off.action); err != nil {
			return err
		}
		if err := tx.FinishEvents(ctx, off.action, &details); err != nil {
			return err
		}
		return tx.Unclaim(ctx, j.server.Node, j.server.Flavor.Takes())
	}); err != nil {
		return err
	}
	*j = off
	return nil
}
