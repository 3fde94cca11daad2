package compute

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
		return fmt.Errorf("read what to build: %w", err)
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
		err := w.spawn(ctx, j, args)
		if err == nil || db.IsLost(err) || ctx.Err() != nil || nova.Is(err, nova.Unavailable) {
			return err
		}
		zerolog.Ctx(ctx).Warn().Err(err).Str("host", j.server.Host).Msg("server can't be built here")
		if err := w.giveUpHost(ctx, j, &args, err); err != nil {
			return err
		}
	}
}

// schedule puts a server on a host: the first of those that fit which still
// has the room when it is claimed.
func (w *Worker) schedule(ctx context.Context, j *job, args buildArgs) error {
	hosts, err := w.Hosts(ctx)
	if err != nil {
		return err
	}
	takes := j.server.Flavor.Takes()
	chosen, report, err := scheduler.Choose(scheduler.Request{
		Needs: takes, Zone: j.server.RequestedZone, Exclude: args.Failed,
		To: scheduler.Target(args.To), Force: scheduler.Target(args.Force),
		Weights: w.weights, Seed: rand.Uint64(), Limit: candidates, //nolint:gosec // spreads servers, guards nothing
	}, hosts)
	if err != nil {
		zerolog.Ctx(ctx).Info().Stringer("hosts", report).Msg("no valid host")
		return errors.Join(err, w.store.StartEvent(ctx, j.action, scheduleEvent, ""))
	}
	for _, host := range chosen {
		claimed, err := w.settleOn(ctx, j, host, takes)
		if claimed || err != nil {
			return err
		}
	}
	return w.schedule(ctx, j, args) // all went to others meanwhile: look again
}

// settleOn claims the room on a host, and hands the action to it.
func (w *Worker) settleOn(ctx context.Context, j *job, host nova.Host, takes nova.Resources) (claimed bool, err error) {
	action := j.action
	action.Queue, action.Step = host.Name, "build"
	err = w.store.Tx(ctx, func(tx *db.Store) error {
		if err := tx.AdvanceAction(ctx, action); err != nil {
			return err
		}
		if err := tx.ChangeServer(ctx, j.server.ID, new(db.ServerChange).
			Set("host", host.Name).Set("node", host.Node).Set("task_state", nova.Networking)); err != nil {
			return err
		}
		if claimed, err = tx.Claim(ctx, host.Node, takes); err != nil {
			return err
		}
		if !claimed {
			return errNoRoom
		}
		return tx.StartEvent(ctx, action, j.rule.event, host.Name)
	})
	if errors.Is(err, errNoRoom) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	j.action, j.server.Host, j.server.Node, j.driver = action, host.Name, host.Node, w.drivers[host.Name]
	if j.driver == nil {
		return true, w.store.PostponeAction(ctx, j.action, w.store.Now())
	}
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
	change := new(db.ServerChange).Set("task_state", nova.Spawning).SetJSON("security_groups", groups).SetAddresses(addresses)
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
	return w.finish(ctx, j, func(tx *db.Store) error {
		return tx.ChangeServer(ctx, j.server.ID, j.settled().Set("power_state", power).Set("launched_at", tx.Now()))
	})
}

// advance writes down how far an action has come.
func (w *Worker) advance(ctx context.Context, j *job, change *db.ServerChange) error {
	return w.store.Tx(ctx, func(tx *db.Store) error {
		if err := tx.AdvanceAction(ctx, j.action); err != nil {
			return err
		}
		return tx.ChangeServer(ctx, j.server.ID, change)
	})
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

// giveUpHost takes a server off a host where it can't be built. It is tried
// on others before it fails.
func (w *Worker) giveUpHost(ctx context.Context, j *job, args *buildArgs, cause error) error {
	if err := j.driver.Destroy(ctx, j.server); err != nil {
		return errors.Join(cause, err)
	}
	if err := w.leaveNetworks(ctx, j.server); err != nil {
		return errors.Join(cause, err)
	}
	args.Failed = append(args.Failed, j.server.Host)
	encoded, err := json.Marshal(order{Verb: j.verb, Args: args})
	if err != nil {
		return err
	}
	action, server := j.action, j.server
	action.Queue, action.Step, action.Args = nova.QueueSchedule, "", encoded
	details := faultMessage(cause)
	if err := w.store.Tx(ctx, func(tx *db.Store) error {
		if err := tx.AdvanceAction(ctx, action); err != nil {
			return err
		}
		if err := tx.FinishEvents(ctx, action, &details); err != nil {
			return err
		}
		if err := tx.ChangeServer(ctx, server.ID, new(db.ServerChange).Set("host", "").Set("node", "").
			Set("task_state", nova.Scheduling).SetJSON("security_groups", []string{}).SetAddresses(kept(args.Networks))); err != nil {
			return err
		}
		return tx.Unclaim(ctx, server.Node, server.Flavor.Takes())
	}); err != nil {
		return err
	}
	j.action, j.server.Host, j.server.Node, j.driver, j.server.Addresses = action, "", "", nil, kept(args.Networks)
	if len(args.Failed) >= maxBuilds {
		return nova.Because(cause, nova.Internal, "Exceeded maximum number of retries. Exhausted all hosts available for retrying "+
			"build failures for instance %s.", server.ID)
	}
	return nil
}
