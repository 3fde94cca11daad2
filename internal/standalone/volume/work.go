package volume

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/nova"
)

// What is done to data.
const (
	taskCreate         = "create"
	taskDelete         = "delete"
	taskExtend         = "extend"
	taskUpload         = "upload"
	taskReimage        = "reimage"
	taskRevert         = "revert to snapshot"
	taskSnapshot       = "create snapshot"
	taskDeleteSnapshot = "delete snapshot"
	taskTell           = "tell" // the servers that have the volume
)

// A work is how a verb is done. Both functions may run again after a crash at any
// point.
type work struct {
	// do changes files. It runs without a transaction, while the data is claimed.
	do func(s *Service, ctx context.Context, t volumedb.Task) error
	// done writes the outcome, in the transaction that ends the task.
	done func(s *Service, ctx context.Context, tx *volumedb.Store, t volumedb.Task) error
	// failed is what becomes of the volume if do has failed.
	failed func(s *Service, ctx context.Context, tx *volumedb.Store, t volumedb.Task, cause error) error
	// message is what the users of the project are told of a failure.
	message complaint
}

// works are all verbs.
var works = map[string]work{
	taskCreate: {
		do:      (*Service).makeData,
		done:    becomes(available),
		failed:  fails(failed),
		message: complaint{ofVolume, "008", "012"},
	},
	taskDelete: {
		do:     (*Service).removeVolume,
		done:   (*Service).forget,
		failed: fails(errorDeleting),
	},
	taskExtend: {
		do: (*Service).extendData,
		done: func(s *Service, ctx context.Context, tx *volumedb.Store, t volumedb.Task) error {
			return s.extended(ctx, tx, t, nil)
		},
		failed:  (*Service).extended,
		message: complaint{ofVolume, "007", "010"},
	},
	taskUpload: {
		do: (*Service).upload,
		done: func(_ *Service, ctx context.Context, tx *volumedb.Store, t volumedb.Task) error {
			return returns(ctx, tx, t)
		},
		failed: func(_ *Service, ctx context.Context, tx *volumedb.Store, t volumedb.Task, _ error) error {
			return returns(ctx, tx, t)
		},
		message: complaint{ofVolume, "003", "004"},
	},
	taskReimage: {
		do:      (*Service).rewriteData,
		done:    (*Service).reimaged,
		failed:  fails(failed),
		message: complaint{ofVolume, "016", "028"},
	},
	taskRevert: {
		do:   (*Service).rewriteData,
		done: reverted(available),
		failed: func(s *Service, ctx context.Context, tx *volumedb.Store, t volumedb.Task, _ error) error {
			return reverted(failed)(s, ctx, tx, t)
		},
	},
	taskSnapshot: {
		do:      (*Service).makeSnapshot,
		done:    snapshotBecomes(available, "100%"),
		failed:  snapshotFails(failed),
		message: complaint{ofSnapshot, "009", "013"},
	},
	taskDeleteSnapshot: {
		do:      (*Service).removeData,
		done:    (*Service).forgetSnapshot,
		failed:  snapshotFails(errorDeleting),
		message: complaint{ofSnapshot, "010", "016"},
	},
	taskTell: {
		do:      (*Service).tell,
		done:    func(*Service, context.Context, *volumedb.Store, volumedb.Task) error { return nil },
		failed:  func(*Service, context.Context, *volumedb.Store, volumedb.Task, error) error { return nil },
		message: complaint{ofVolume, "007", "009"},
	},
}

const (
	workers   = 4                // tasks that a process works on at once
	lookEvery = time.Minute      // bounds how long a task waits whose process has died
	giveUpIn  = 10 * time.Second // how long the end of a task may take while the process ends
)

// Run works on the tasks of the service's folder until the context ends. Other
// processes with the same folder do so, too; each task is done by one of them.
func (s *Service) Run(ctx context.Context) error {
	woken, unsubscribe := s.Store.Subscribe(s.folder)
	defer unsubscribe()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if err := errors.Join(s.Work(ctx), s.Store.ExpireMessages(ctx)); err != nil && ctx.Err() == nil {
			s.Log.Warn().Err(err).Msg("volumes can't be worked on")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-woken:
		case <-tick.C:
		}
	}
}

// Work does all tasks that there are, and returns when nothing is left that it can
// do: what is left is being done by somebody else, or has failed in a way that may
// pass.
func (s *Service) Work(ctx context.Context) error {
	tried := map[int64]bool{}
	for {
		tasks, err := s.Store.RunnableTasks(ctx, s.folder, pageLimit)
		if err != nil {
			return err
		}
		todo := tasks[:0]
		for _, t := range tasks {
			if !tried[t.Serial] {
				todo = append(todo, t)
			}
			tried[t.Serial] = true
		}
		if err := ctx.Err(); err != nil || len(todo) == 0 {
			return err
		}
		s.workOn(ctx, todo)
	}
}

// workOn does some tasks, several at once.
func (s *Service) workOn(ctx context.Context, tasks []volumedb.Task) {
	var group sync.WaitGroup
	slots := make(chan struct{}, workers)
	for _, t := range tasks {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			if err := s.perform(ctx, t); err != nil && ctx.Err() == nil {
				s.Log.Warn().Err(err).Str("volume", t.ResourceID).Str("task", t.Verb).Msg("a task is put off")
			}
		})
	}
	group.Wait()
}

// perform does one task, unless somebody else does or has done it.
func (s *Service) perform(ctx context.Context, t volumedb.Task) error {
	w, ok := works[t.Verb]
	if !ok { // of a later release
		return fmt.Errorf("there is no work %q", t.Verb)
	}
	release, ok, err := s.files.claim(t.ResourceID)
	if err != nil || !ok {
		return err
	}
	defer release()
	pending, err := s.Store.TaskPending(ctx, t.Serial)
	if err != nil || !pending {
		return err
	}
	cause := w.do(s, ctx, t)
	if nova.Is(cause, nova.Gone) {
		return s.files.drop(t.ResourceID)
	}
	if cause != nil && (ctx.Err() != nil || nova.Is(cause, nova.Unavailable)) {
		return cause // it is tried again
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveUpIn)
	defer cancel()
	if err := s.end(ctx, w, t, cause); !nova.Is(err, nova.Gone) { // what superseded it cleans up
		return err
	}
	return nil
}

// end ends a task with its outcome.
func (s *Service) end(ctx context.Context, w work, t volumedb.Task, cause error) error {
	if cause != nil {
		s.Log.Error().Err(cause).Str("volume", t.ResourceID).Str("task", t.Verb).Msg("a task has failed")
	}
	return s.Store.Tx(ctx, func(tx *volumedb.Store) error {
		if err := tx.EndTask(ctx, t.Serial); err != nil {
			return err
		}
		if cause != nil {
			message := w.message
			if errors.Is(cause, errNoBackend) {
				message = complaint{ofVolume, "001", "003"}
			}
			if err := s.complain(ctx, tx, message, t); err != nil {
				return err
			}
			return w.failed(s, ctx, tx, t, cause)
		}
		return w.done(s, ctx, tx, t)
	})
}

// goesOn returns a function that returns Gone once a task is superseded, and the
// reason if the process ends.
func (s *Service) goesOn(ctx context.Context, t volumedb.Task) func() error {
	return func() error {
		if err := ctx.Err(); err != nil {
			return err
		}
		pending, err := s.Store.TaskPending(ctx, t.Serial)
		if err == nil && !pending {
			return nova.Errorf(nova.Gone, "The task is superseded.")
		}
		return err
	}
}

// becomes gives a volume the status that its work ends in.
func becomes(status string) func(*Service, context.Context, *volumedb.Store, volumedb.Task) error {
	return func(_ *Service, ctx context.Context, tx *volumedb.Store, t volumedb.Task) error {
		_, err := tx.Volumes.Change(ctx, t.ResourceID, func(_ *volumedb.Store, v *volumedb.Volume) error {
			v.Status = status
			return nil
		})
		return err
	}
}

// fails gives a volume the status that tells of a failure.
func fails(status string) func(*Service, context.Context, *volumedb.Store, volumedb.Task, error) error {
	return func(s *Service, ctx context.Context, tx *volumedb.Store, t volumedb.Task, _ error) error {
		return becomes(status)(s, ctx, tx, t)
	}
}

// removeData removes the data of a snapshot. That there is none any more is as good.
func (s *Service) removeData(_ context.Context, t volumedb.Task) error {
	return s.files.remove(t.ResourceID)
}

// removeVolume removes the data of a volume. The tasks of snapshots that go with it
// come first; one that is left has failed, and the volume must stay with it: it holds
// what the snapshot was made of, and the project's quota counts both.
func (s *Service) removeVolume(ctx context.Context, t volumedb.Task) error {
	left, err := s.Store.SnapshotsOf(ctx, t.ResourceID)
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("volume %s still has %d snapshots", t.ResourceID, len(left))
	}
	if err != nil {
		return err
	}
	return s.files.remove(t.ResourceID)
}

// forget removes a volume, and gives its quota back.
func (s *Service) forget(ctx context.Context, tx *volumedb.Store, t volumedb.Task) error {
	return tx.Volumes.Delete(ctx, t.ResourceID)
}

// forgetSnapshot removes a snapshot, and gives its quota back.
func (s *Service) forgetSnapshot(ctx context.Context, tx *volumedb.Store, t volumedb.Task) error {
	return tx.Snapshots.Delete(ctx, t.ResourceID)
}

// makeSnapshot copies the data of a volume.
func (s *Service) makeSnapshot(ctx context.Context, t volumedb.Task) error {
	return s.files.make(t.ResourceID, 0, func(file *os.File) error { return s.fill(ctx, t, file) })
}

// snapshotBecomes gives a snapshot the status that its work ends in.
func snapshotBecomes(status, progress string) func(*Service, context.Context, *volumedb.Store, volumedb.Task) error {
	return func(_ *Service, ctx context.Context, tx *volumedb.Store, t volumedb.Task) error {
		_, err := tx.Snapshots.Change(ctx, t.ResourceID, func(_ *volumedb.Store, one *volumedb.Snapshot) error {
			one.Status = status
			if progress != "" {
				one.Progress = progress
			}
			return nil
		})
		return err
	}
}

// snapshotFails gives a snapshot the status that tells of a failure.
func snapshotFails(status string) func(*Service, context.Context, *volumedb.Store, volumedb.Task, error) error {
	return func(s *Service, ctx context.Context, tx *volumedb.Store, t volumedb.Task, _ error) error {
		return snapshotBecomes(status, "")(s, ctx, tx, t)
	}
}

// extendData makes the data of a volume larger, by a hole at its end: it takes no room
// before a server writes there.
func (s *Service) extendData(ctx context.Context, t volumedb.Task) error {
	v, err := s.Store.Volumes.Get(ctx, t.ResourceID)
	if err != nil {
		return err
	}
	return s.files.extend(v.ID, (v.Size+v.Reserved)*s.gigabyte)
}

// extended ends an extension, whether it was possible or not. Servers that have the volume
// are told.
func (s *Service) extended(ctx context.Context, tx *volumedb.Store, t volumedb.Task, cause error) error {
	_, err := tx.Volumes.Change(ctx, t.ResourceID, func(tx *volumedb.Store, v *volumedb.Volume) error {
		if cause == nil {
			v.Size += v.Reserved
			v.Status = v.PreviousStatus
		} else {
			v.Status = errorExtending
		}
		v.Reserved = 0
		if v.Status == inUse {
			return s.announce(ctx, tx, t, nova.EventVolumeExtended)
		}
		return nil
	})
	return err
}

// reimaged ends that an image is written over a volume. The server that it is reserved for
// waits to be told.
func (s *Service) reimaged(ctx context.Context, tx *volumedb.Store, t volumedb.Task) error {
	if err := returns(ctx, tx, t); err != nil {
		return err
	}
	v, err := tx.Volumes.Get(ctx, t.ResourceID)
	if err == nil && v.Status == reservedStatus {
		err = s.announce(ctx, tx, t, nova.EventVolumeReimaged)
	}
	return err
}

// returns gives a volume the status that it had before its work, whatever the work
// has come to. A status that it got meanwhile stays: it may have been reserved.
func returns(ctx context.Context, tx *volumedb.Store, t volumedb.Task) error {
	_, err := tx.Volumes.Change(ctx, t.ResourceID, func(_ *volumedb.Store, v *volumedb.Volume) error {
		if v.Status == "uploading" || v.Status == "downloading" {
			v.Status = v.PreviousStatus
		}
		return nil
	})
	return err
}

// reverted ends the return of a volume to its snapshot, whether it was possible or
// not: the snapshot can be used again. It may have been deleted by force.
func reverted(status string) func(*Service, context.Context, *volumedb.Store, volumedb.Task) error {
	return func(s *Service, ctx context.Context, tx *volumedb.Store, t volumedb.Task) error {
		_, err := tx.Snapshots.Change(ctx, t.NeedsID, func(_ *volumedb.Store, one *volumedb.Snapshot) error {
			if one.Status == restoring {
				one.Status = available
			}
			return nil
		})
		if err != nil && !nova.Is(err, nova.NotFound) {
			return err
		}
		return becomes(status)(s, ctx, tx, t)
	}
}

// rewriteData writes an image or a snapshot over the data of a volume.
func (s *Service) rewriteData(ctx context.Context, t volumedb.Task) error {
	v, err := s.Store.Volumes.Get(ctx, t.ResourceID)
	if err != nil {
		return err
	}
	return s.files.replace(v.ID, v.Size*s.gigabyte, func(file *os.File) error { return s.fill(ctx, t, file) })
}
