package compute

import (
	"context"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
)

const (
	// leftoverGrace is how long a request that creates an image may be on its
	// way after the making of the image has been broken off.
	leftoverGrace = 5 * time.Second
	sweepEvery    = time.Second
)

// leaveImages notes, in the transaction that breaks actions off, the images
// that these were making: whoever may still be at work, and whatever is killed
// now, those without data go in the end.
func leaveImages(ctx context.Context, tx *db.Store, ended []nova.Action) error {
	return tx.LeaveImages(ctx, imagesOf(ended), tx.Now().Add(leftoverGrace))
}

// sweep removes what is left of images, until the context ends.
func (w *Worker) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := w.SweepImages(ctx); err != nil && ctx.Err() == nil {
			w.log.Warn().Err(err).Msg("unfinished images can't be removed")
		}
	}
}

// SweepImages removes the images without data whose making was broken off
// some time ago. Those that it can't remove it leaves for later.
func (w *Worker) SweepImages(ctx context.Context) error {
	ids, err := w.store.LeftImages(ctx)
	if err != nil {
		return err
	}
	for i, id := range ids {
		if err := w.dropUnfinished(ctx, []string{id}); err != nil {
			_ = w.store.LeaveImages(ctx, ids[i:], w.store.Now().Add(leftoverGrace)) // they are due anyway
			return err
		}
		if err := w.store.ForgetImage(ctx, id); err != nil {
			return err
		}
	}
	return nil
}
