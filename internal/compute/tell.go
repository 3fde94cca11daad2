package compute

import (
	"context"
	"slices"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/notify"
	"github.com/nova-api/nova-api/internal/nova"
)

// Notifications are a column of the table of verbs (states.go): each step names those
// that it is a part of, the widest first, so that steps in a row that share one are
// told of with one start and one end. What has been told of as begun is in the
// action's progress. That is written in the same transaction as the notification, so
// that whoever takes over from a worker that died tells nothing twice.

// toldWhenDone are the notifications without phases: they tell of what has been done.
var toldWhenDone = map[string]bool{"rebuild_scheduled": true}

// toldAsFailed are the notifications that Nova tells the failure of, and the name that
// it has for the failure. Others are left without an end.
var toldAsFailed = map[string]string{
	"create": "create", "reboot": "reboot", "rebuild": "rebuild", "resize_prep": "resize", "resize": "resize",
	"interface_attach": "interface_attach", "volume_attach": "volume_attach", "volume_swap": "volume_swap",
}

// telling is a notification to be told: its name, and its phase.
type telling struct{ name, phase string }

// turnWords is for an action that comes to a step: the ends of what it has begun and
// the step is no part of, and the starts of what the step is a part of, unless others
// are to take it, who tell that they have begun. The action's progress has what is
// begun then.
func (w *Worker) turnWords(to *action) (ends, starts []telling) {
	if w.notify == nil {
		return nil, nil
	}
	wanted, told := to.step().tells, to.progress.Told
	if to.back() {
		wanted = to.step().untells
	}
	to.progress.Told = nil
	for _, name := range slices.Backward(told) {
		if !slices.Contains(wanted, name) {
			ends = append(ends, ended(name)...)
		}
	}
	for _, name := range wanted {
		begun := slices.Contains(told, name)
		if !begun && !w.serves(to.Queue) {
			continue
		}
		if !begun && !toldWhenDone[name] {
			starts = append(starts, telling{name, notify.Start})
		}
		to.progress.Told = append(to.progress.Told, name)
	}
	return ends, starts
}

// ended tells that something has ended well.
func ended(name string) []telling {
	if toldWhenDone[name] {
		return []telling{{name, ""}}
	}
	return []telling{{name, notify.End}}
}

// failuresOf tells that what was begun has failed, as far as Nova tells of that.
func failuresOf(told []string) (words []telling) {
	for _, name := range slices.Backward(told) {
		if as := toldAsFailed[name]; as != "" {
			words = append(words, telling{as, notify.Error})
		}
	}
	return words
}

// lastWords are for an action that ends: what it has begun has ended, well or not.
func (a *action) lastWords() (words []telling) {
	if a.back() && (a.at < 0 || a.step().untells == nil) {
		return failuresOf(a.progress.Told)
	}
	for _, name := range slices.Backward(a.progress.Told) {
		words = append(words, ended(name)...)
	}
	return words
}

// tell writes notifications about an action, with its server as it is in the
// transaction. A task, if there is one, is shown instead of the server's.
func (w *Worker) tell(ctx context.Context, tx *db.Store, a *action, task *nova.TaskState, words []telling) error {
	if len(words) == 0 {
		return nil
	}
	s, err := serverToTell(ctx, tx, a.server)
	if err != nil {
		return err
	}
	if task != nil && !a.transition.beside {
		s.TaskState = *task
	}
	for _, one := range words {
		about, err := aboutOf(ctx, tx, a, one.name)
		if err != nil {
			return err
		}
		e := notify.Event{Action: one.name, Phase: one.phase, From: w.publisher(a, one.name), By: a.initiator()}
		if err := w.notify.Server(ctx, tx, e, s, about); err != nil {
			return err
		}
	}
	return nil
}

// tellTurn tells that an action has come from one step to another: of its server's
// change, of what has ended, while the server was still busy with the step, and of what
// begins.
func (w *Worker) tellTurn(ctx context.Context, tx *db.Store, from, to *action, ends, starts []telling) error {
	if err := w.tellChange(ctx, tx, from); err != nil {
		return err
	}
	before := *from
	before.progress.Failure = to.progress.Failure
	if err := w.tell(ctx, tx, &before, &from.server.TaskState, ends); err != nil {
		return err
	}
	return w.tell(ctx, tx, to, nil, starts)
}

// tellEnd tells that an action has ended: of its server's last change, and of what has
// ended with it.
func (w *Worker) tellEnd(ctx context.Context, tx *db.Store, a *action, words []telling) error {
	if err := w.tellChange(ctx, tx, a); err != nil {
		return err
	}
	return w.tell(ctx, tx, a, nil, words)
}

// lockToTell keeps an action's server as it is, so that what is told of it is in
// order, for a transaction that doesn't write the server. Lost if it is gone.
func (w *Worker) lockToTell(ctx context.Context, tx *db.Store, a *action) error {
	if w.notify == nil {
		return nil
	}
	_, err := tx.LockServer(ctx, a.ServerID)
	if nova.Is(err, nova.NotFound) {
		return db.ErrLost
	}
	return err
}

// tellChange tells that an action has changed its server.
func (w *Worker) tellChange(ctx context.Context, tx *db.Store, a *action) error {
	if !w.notify.TellsOfChanges() {
		return nil
	}
	return tellChange(ctx, tx, w.notify, w.publisher(a, "update"), a.initiator(), a.server)
}

// tellChange tells that a transaction has changed a server, if that shows.
func tellChange(ctx context.Context, tx *db.Store, n *notify.Notifier, from notify.Publisher, by notify.Initiator, before nova.Server) error {
	if !n.TellsOfChanges() {
		return nil
	}
	from.Source = notify.SourceCompute // whoever changes it, as send_update in nova/notifications/base.py has it
	after, err := serverToTell(ctx, tx, before)
	if err != nil || !shows(before, after) {
		return err
	}
	return n.ServerChanged(ctx, tx, from, by, before, after)
}

// shows reports whether a server was changed in what Nova writes into the instance.
func shows(before, after nova.Server) bool {
	return before.VMState != after.VMState || before.TaskState != after.TaskState || before.PowerState != after.PowerState ||
		before.Host != after.Host || before.Flavor.ID != after.Flavor.ID || before.Name != after.Name || before.LockedBy != after.LockedBy
}

// serverToTell is a server as it is in a transaction. One that is deleted is shown with
// the metadata that it had, which the store forgets.
func serverToTell(ctx context.Context, tx *db.Store, before nova.Server) (nova.Server, error) {
	s, err := tx.AnyServer(ctx, before.ID)
	if s.DeletedAt != nil {
		s.Metadata = before.Metadata
	}
	return s, err
}

// publisher is who tells of an action: the host that takes the step, or the conductor
// for what no host does.
func (w *Worker) publisher(a *action, name string) notify.Publisher {
	switch {
	case a.Queue == nova.QueueSchedule || a.Queue == "":
		return notify.Publisher{Source: notify.SourceConductor, Host: w.host}
	case name == "live_migration_post": // the old host's part
		return notify.Publisher{Source: notify.SourceCompute, Host: a.progress.Source.Host}
	}
	return notify.Publisher{Source: notify.SourceCompute, Host: a.Queue}
}

// initiator is whose request an action carries out.
func (a *action) initiator() notify.Initiator {
	return notify.Initiator{RequestID: a.RequestID, UserID: a.UserID, ProjectID: a.ProjectID}
}

// aboutOf is what a notification about an action shows beside the server.
func aboutOf(ctx context.Context, tx *db.Store, a *action, name string) (about notify.About, err error) {
	if f := a.progress.Failure; f != nil {
		about.Failure = &notify.Failure{Step: a.Step, Message: f.Message, Details: f.Details}
	}
	switch name {
	case "create":
		about.KeyPair, err = keyPairToTell(ctx, tx, a.server)
	case "rescue":
		var args rescueArgs
		args, err = decodeArgs[rescueArgs](a.Action)
		about.ImageID = args.ImageID
	case "snapshot":
		var args imageArgs
		args, err = decodeArgs[imageArgs](a.Action)
		about.ImageID = args.Image.ID
	case "resize_prep":
		var args resizeArgs
		args, err = decodeArgs[resizeArgs](a.Action)
		about.NewFlavor = args.Flavor
	case "volume_swap":
		var args swapArgs
		args, err = decodeArgs[swapArgs](a.Action)
		about.VolumeID, about.NewVolumeID = args.VolumeID, args.To
	case "volume_attach", "volume_detach":
		var args volumeArgs
		args, err = decodeArgs[volumeArgs](a.Action)
		about.VolumeID = args.VolumeID
	}
	return about, err
}

// keyPairToTell is the key pair of a server: nil for none. One that was deleted since
// is known by what the server keeps of it.
func keyPairToTell(ctx context.Context, tx *db.Store, s nova.Server) (*nova.KeyPair, error) {
	if s.KeyName == nil {
		return nil, nil //nolint:nilnil // a server need not have one
	}
	pair, err := tx.KeyPair(ctx, s.UserID, *s.KeyName)
	if nova.Is(err, nova.NotFound) {
		return &nova.KeyPair{UserID: s.UserID, Name: *s.KeyName, Type: nova.KeyPairSSH, PublicKey: s.PublicKey}, nil
	}
	return &pair, err
}

// lockToTell is a server before a transaction of the API changes it, if changes are
// told of. Else it is as the caller has it, and is not locked.
func (a *Servers) lockToTell(ctx context.Context, tx *db.Store, s nova.Server) (nova.Server, error) {
	if !a.notify.TellsOfChanges() {
		return s, nil
	}
	return tx.LockServer(ctx, s.ID)
}

// tellNew tells that a server is to be made, which its client's transaction has
// written.
func (a *Servers) tellNew(ctx context.Context, tx *db.Store, s nova.Server) error {
	before := s
	before.TaskState = nova.Idle
	from := notify.Publisher{Source: notify.SourceCompute, Host: a.notify.API().Host}
	return a.notify.ServerChanged(ctx, tx, from, notify.InitiatorOf(ctx), before, s)
}

// computeOf is who tells of what is done to a server at once, and Nova has its host do.
func computeOf(s nova.Server) notify.Publisher {
	return notify.Publisher{Source: notify.SourceCompute, Host: s.Host}
}

// tellAtOnce tells of something that the API has done to a server at once.
func (a *Servers) tellAtOnce(ctx context.Context, tx *db.Store, before nova.Server, name string) error {
	if err := a.tellChange(ctx, tx, before); err != nil {
		return err
	}
	return a.tell(ctx, tx, before, a.notify.API(), telling{name, ""})
}

// tellChange tells that a transaction of the API has changed a server.
func (a *Servers) tellChange(ctx context.Context, tx *db.Store, before nova.Server) error {
	return tellChange(ctx, tx, a.notify, a.notify.API(), notify.InitiatorOf(ctx), before)
}

// tell tells of what the API has done to a server, which is shown as it is in the
// transaction.
func (a *Servers) tell(ctx context.Context, tx *db.Store, before nova.Server, from notify.Publisher, words ...telling) error {
	if a.notify == nil {
		return nil
	}
	s, err := serverToTell(ctx, tx, before)
	if err != nil {
		return err
	}
	for _, one := range words {
		e := notify.Event{Action: one.name, Phase: one.phase, From: from, By: notify.InitiatorOf(ctx)}
		if err := a.notify.Server(ctx, tx, e, s, notify.About{}); err != nil {
			return err
		}
	}
	return nil
}

// tellSuperseded tells that actions were broken off in the midst of what they had begun.
func (a *Servers) tellSuperseded(ctx context.Context, tx *db.Store, s nova.Server, record nova.Action, told []string) error {
	if a.notify == nil {
		return nil
	}
	for _, one := range failuresOf(told) {
		about, err := aboutOf(ctx, tx, &action{Action: record, server: s}, one.name)
		if err != nil {
			return err
		}
		about.Failure = &notify.Failure{Step: record.Step, Message: "The action was superseded by another one."}
		e := notify.Event{
			Action: one.name, Phase: one.phase, From: notify.Publisher{Source: notify.SourceCompute, Host: record.Queue},
			By: notify.Initiator{RequestID: record.RequestID, UserID: record.UserID, ProjectID: record.ProjectID},
		}
		if err := a.notify.Server(ctx, tx, e, s, about); err != nil {
			return err
		}
	}
	return nil
}
