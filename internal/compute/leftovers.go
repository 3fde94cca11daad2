package compute

import (
	"context"
	"errors"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
)

const (
	// leftoverGrace is how long a request that creates an image may be on its
	// way after the making of the image has been broken off.
	leftoverGrace = 5 * time.Second
	// portsSettled is after how long no port of a server that is gone can turn
	// up any more: a worker that has lost its action has noticed by then, and
	// its last request is over.
	portsSettled = 2 * time.Minute
	// portsAgain is when ports that can't be removed are tried again.
	portsAgain = time.Minute
	sweepEvery = 10 * time.Second
)

// leaveImages notes, in the transaction that breaks actions off, the images
// that these were making: whoever may still be at work, and whatever is killed
// now, those without data go in the end.
func leaveImages(ctx context.Context, tx *db.Store, ended []nova.Action) error {
	return tx.LeaveImages(ctx, imagesOf(ended), tx.Now().Add(leftoverGrace), false)
}

// leavePorts notes, in the transaction that ends a server, that ports of it may
// be left or may still be made.
func leavePorts(ctx context.Context, tx *db.Store, s nova.Server) error {
	left := portLeftovers(s)
	left.Until = tx.Now().Add(portsSettled)
	return tx.LeavePorts(ctx, left, tx.Now().Add(leftoverGrace))
}

// portLeftovers are a server's ports, as far as the server knows them.
func portLeftovers(s nova.Server) db.PortLeftovers {
	left := db.PortLeftovers{ServerID: s.ID, ProjectID: s.ProjectID}
	left.Noted.V = map[string]bool{}
	for _, address := range s.Addresses {
		left.Noted.V[address.PortID] = address.Keep
	}
	return left
}

// sweep removes leftovers of images, of servers' ports and volumes, and questions that
// nobody waits for any more, and turns servers back from hosts that are down, until the
// context ends.
func (w *Worker) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, each := range []struct {
			sweep   func(context.Context) error
			trouble string
		}{
			{w.TurnBack, "servers can't be turned back from hosts that are down"},
			{w.SweepImages, "unfinished images can't be removed"},
			{w.SweepPorts, "ports of servers that are gone can't be removed"},
			{w.SweepVolumes, "volumes that servers have lost can't be given back"},
			{w.store.PurgeAsks, "questions that nobody waits for can't be removed"},
		} {
			if err := each.sweep(ctx); err != nil && ctx.Err() == nil {
				w.log.Warn().Err(err).Msg(each.trouble)
			}
		}
	}
}

// SweepImages removes the images without data whose making was broken off
// some time ago. Those that it can't remove it leaves for later; the error is
// then that of the image service, such as Unavailable.
func (w *Worker) SweepImages(ctx context.Context) error {
	left, err := w.store.LeftImages(ctx)
	if err != nil {
		return err
	}
	for i, image := range left {
		if err := w.dropImages(ctx, []string{image.ID}, image.Finished); err != nil {
			for _, later := range left[i:] { // they are due anyway
				_ = w.store.LeaveImages(ctx, []string{later.ID}, w.store.Now().Add(leftoverGrace), false)
			}
			return err
		}
		if err := w.store.ForgetImage(ctx, image.ID); err != nil {
			return err
		}
	}
	return nil
}

// SweepPorts removes the ports of servers that are gone. Those that it can't
// remove it leaves for later, which is no reason to keep others; the error joins
// those of the network service, such as Unavailable.
func (w *Worker) SweepPorts(ctx context.Context) error {
	left, err := w.store.LeftPorts(ctx)
	if err != nil || len(left) == 0 {
		return err
	}
	ids := make([]string, len(left))
	for i := range left {
		ids[i] = left[i].ServerID
	}
	network := w.networks.AsService()
	ports, unreachable := network.Ports(ctx, ids...)
	errs := []error{unreachable}
	for _, of := range left {
		failed := unreachable
		if failed == nil {
			failed = removePorts(ctx, network, ports, of)
			errs = append(errs, failed)
		}
		switch now := w.store.Now(); {
		case failed != nil:
			err = w.store.LeavePorts(ctx, of, now.Add(portsAgain))
		case now.Before(of.Until):
			err = w.store.LeavePorts(ctx, of, of.Until)
		default:
			err = w.store.ForgetPorts(ctx, of.ServerID)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
