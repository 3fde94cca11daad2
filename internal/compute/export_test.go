package compute

import (
	"context"

	"github.com/nova-api/nova-api/internal/nova"
)

// BeginAttach is AttachInterface without the wait for the end.
func (a *Servers) BeginAttach(ctx context.Context, s nova.Server, wanted NIC) error {
	_, err := a.beginAttach(ctx, s, wanted, NetworkRights{})
	return err
}

// BeginAttachVolume is AttachVolume without the wait.
func (a *Servers) BeginAttachVolume(ctx context.Context, s nova.Server, wanted VolumeRequest) error {
	_, _, err := a.beginAttachVolume(ctx, s, wanted)
	return err
}

// BeginDetachVolume is DetachVolume without the wait.
func (a *Servers) BeginDetachVolume(ctx context.Context, s nova.Server, volumeID string) error {
	_, err := a.beginDetachVolume(ctx, s, volumeID)
	return err
}

// BeginSwapVolume is SwapVolume without the wait.
func (a *Servers) BeginSwapVolume(ctx context.Context, s nova.Server, volumeID, to string) error {
	_, err := a.beginSwapVolume(ctx, s, volumeID, to)
	return err
}

// BeginPassword is ChangePassword without the wait for the end.
func (a *Servers) BeginPassword(ctx context.Context, s nova.Server, password string) error {
	_, err := a.beginPassword(ctx, s, password)
	return err
}

// MarkOf is the mark on the port that an attachment makes.
var MarkOf = markOf

// HeldBy is what an action that has not ended holds for its server: a part of the
// quota, and room on a node.
func HeldBy(a nova.Action) (nova.Usage, string, nova.Resources, error) {
	p, err := progressOf(a)
	return p.Held.Usage, p.Held.On.Node, p.Held.Takes, err
}

// Rules are what the table of states says of a verb.
type Rules struct {
	From   []nova.VMState   // where it may begin; empty for anywhere
	Tasks  []nova.TaskState // that it may interrupt
	Then   nova.VMState     // where it leads to; empty for where it began
	Failed []nova.VMState   // where a failure may lead to, beside where it began
	Beside bool             // it leaves the state alone
	Varies bool             // success may lead to where it began, too
	Locked bool             // a lock forbids it
}

// RulesOf are the rules of a verb.
func RulesOf(verb Verb) Rules {
	t := transitions[verb]
	r := Rules{From: t.from, Tasks: t.tasks(), Then: t.then, Beside: t.beside, Locked: t.lock}
	if t.supersedes {
		r.Tasks = t.during // none is any
	}
	for _, state := range []nova.VMState{t.broken, t.runs} {
		if state != "" {
			r.Failed = append(r.Failed, state)
		}
	}
	for _, step := range t.steps {
		mends := step.name == "return" || step.name == "settle" // which leads nowhere else
		r.Varies = r.Varies || step.when != nil && !mends
	}
	return r
}
