package compute

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/internal/nova"
)

var update = flag.Bool("update", false, "print docs/states.md anew")

const document = "../../docs/states.md"

// AllVerbs are the verbs, in order, for tests from outside.
var AllVerbs = slices.Sorted(maps.Keys(transitions))

// The rows and columns of the grid, in order.
var (
	verbs = []Verb{
		Create, Delete, SoftDelete, Restore, Start, Stop, SoftReboot, HardReboot, Pause, Unpause, Suspend, Resume, Rescue, Unrescue, Rebuild, ChangePassword, CrashDump,
		Snapshot, Backup, BackupInstance, Resize, Migrate, Evacuate, ConfirmResize, RevertResize, Shelve, ShelveOffload, Unshelve,
		PoweredOn, PoweredOff, AttachInterface, DetachInterface, AttachVolume, DetachVolume, SwapVolume, ExtendVolume, LiveMigrate,
	}
	columns = []nova.VMState{
		nova.Building, nova.Active, nova.Paused, nova.Suspended, nova.Stopped, nova.Rescued, nova.Resized, nova.SoftDeleted,
		nova.Errored, nova.Shelved, nova.ShelvedOffloaded,
	}
	tasks = []nova.TaskState{
		nova.Scheduling, nova.Networking, nova.Spawning, nova.PoweringOff, nova.PoweringOn, nova.Rebooting, nova.RebootingHard,
		nova.Pausing, nova.Unpausing, nova.Rescuing, nova.Unrescuing, nova.Rebuilding, nova.RebuildBlockDeviceMapping, nova.RebuildSpawning, nova.UpdatingPassword,
		nova.ImageSnapshotPending, nova.ImageBackup, nova.ImagePendingUpload, nova.ImageUploading, nova.Deleting, nova.SoftDeleting, nova.Restoring,
		nova.ResizePrep, nova.ResizeMigrating, nova.ResizeFinish, nova.ResizeConfirming, nova.ResizeReverting,
		nova.Shelving, nova.ShelvingImagePendingUpload, nova.ShelvingImageUploading, nova.ShelvingOffloading, nova.Unshelving,
	}
	words = map[Verb]string{SoftDelete: "delete (soft)", SoftReboot: "reboot (soft)", HardReboot: "reboot (hard)"}
)

func word(v Verb) string {
	if text, ok := words[v]; ok {
		return text
	}
	return string(v)
}

// TestStates_Document holds docs/states.md to the table that it is printed from.
func TestStates_Document(t *testing.T) {
	t.Parallel()
	want := states()
	if *update {
		if err := os.WriteFile(document, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s is out of date: make docs (-want +got):\n%s", document, diff)
	}
}

// TestStates_Transitions holds the table to what the engine makes of it.
func TestStates_Transitions(t *testing.T) {
	t.Parallel()
	if len(verbs) != len(transitions) {
		t.Errorf("the document shows %d verbs of %d", len(verbs), len(transitions))
	}
	for verb, r := range transitions {
		switch {
		case len(r.steps) == 0:
			t.Errorf("%s has no steps", verb)
			continue
		case r.action == "" || r.word == "":
			t.Errorf("%s has no name for its action or its refusal", verb)
		case r.runs != "" && r.broken == "":
			t.Errorf("%s leaves a server that runs otherwise than one that doesn't, but no state for that", verb)
		case len(r.during) > 0 && !slices.Contains(r.during, nova.Idle):
			t.Errorf("%s can't be done to a server at rest", verb)
		case len(r.during) > 0 && !r.supersedes:
			t.Errorf("%s interrupts tasks without superseding the actions", verb)
		case r.hosts > 0 && r.steps[0].undo == nil:
			t.Errorf("%s is tried on several hosts, but isn't taken off the first", verb)
		}
		names := map[string]bool{}
		for _, step := range r.steps {
			if step.name == "" || names[step.name] || step.queue == nil || step.do == nil || step.event == "" && !step.answers {
				t.Errorf("%s: step %q is not whole, or there are two of the name", verb, step.name)
			}
			if (step.task == nova.Idle) != r.beside {
				t.Errorf("%s: step %s keeps the server busy with %q", verb, step.name, step.task)
			}
			names[step.name] = true
		}
	}
}

// states is the document.
func states() string {
	var b strings.Builder
	b.WriteString(`# The life of a server

Printed from the table in internal/compute/states.go by ` + "`make docs`" + `; don't edit it.

## Which verbs a state allows

A verb that a state doesn't allow is refused with the status shown. The server has a host, has run before, is not locked, and is busy
with nothing.

`)
	grid(&b)
	b.WriteString(`
## What a busy server allows

The server would allow the verb if it were at rest.

`)
	busyGrid(&b)
	b.WriteString(`
## What a verb does

| verb | by the steps | then it is | after a failure | a lock holds it off | needs a host |
|---|---|---|---|---|---|
`)
	for _, verb := range verbs {
		r := transitions[verb]
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n",
			word(verb), stepsOf(r), orBefore(r.then), failed(r), yes(r.lock), yes(r.host))
	}
	b.WriteString("\n## As a picture\n\n")
	chart(&b)
	return b.String()
}

func grid(b *strings.Builder) {
	heads := make([]string, len(columns))
	for i, state := range columns {
		heads[i] = strings.ReplaceAll(string(state), "_", " ")
	}
	fmt.Fprintf(b, "| | %s |\n|---|%s\n", strings.Join(heads, " | "), strings.Repeat(":-:|", len(columns)))
	for _, verb := range verbs {
		if verb == Create { // makes the server
			continue
		}
		fmt.Fprintf(b, "| %s |", word(verb))
		for _, state := range columns {
			fmt.Fprintf(b, " %s |", allowed(verb, state, nova.Idle))
		}
		b.WriteString("\n")
	}
}

func busyGrid(b *strings.Builder) {
	fmt.Fprintf(b, "| |%s\n|---|%s\n", heads(verbs[1:]), strings.Repeat(":-:|", len(verbs)-1))
	for _, task := range tasks {
		fmt.Fprintf(b, "| %s |", task)
		for _, verb := range verbs[1:] {
			state := nova.Active
			if from := transitions[verb].from; len(from) > 0 {
				state = from[0]
			}
			fmt.Fprintf(b, " %s |", allowed(verb, state, task))
		}
		b.WriteString("\n")
	}
}

func heads(verbs []Verb) string {
	var b strings.Builder
	for _, verb := range verbs {
		b.WriteString(" " + word(verb) + " |")
	}
	return b.String()
}

// allowed asks the check itself.
func allowed(verb Verb, state nova.VMState, task nova.TaskState) string {
	launched := time.Time{}
	s := nova.Server{ID: "s", Host: "h", VMState: state, TaskState: task, LaunchedAt: &launched}
	if verb == Delete || verb == SoftDelete || transitions[verb].check(context.Background(), s) == nil {
		return "."
	}
	return "409"
}

// stepsOf are a verb's steps, each with what it keeps the server busy with.
func stepsOf(r transition) string {
	var all []string
	for _, step := range r.steps {
		all = append(all, fmt.Sprintf("%s (%s)", step.name, step.task))
	}
	return strings.Join(all, ", ")
}

func orBefore(state nova.VMState) string {
	if state == "" {
		return "as before"
	}
	return string(state)
}

func failed(r transition) string {
	if r.runs != "" {
		return fmt.Sprintf("%s if it runs, else %s", r.runs, r.broken)
	}
	return orBefore(r.broken)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

// chart draws who leads where: what may begin in any state is drawn once, and
// what changes nothing not at all.
func chart(b *strings.Builder) {
	b.WriteString("```mermaid\nstateDiagram-v2\n    [*] --> building\n")
	labels, edges := map[[2]nova.VMState][]string{}, [][2]nova.VMState{}
	add := func(from, to nova.VMState, label string) {
		edge := [2]nova.VMState{from, to}
		if labels[edge] == nil {
			edges = append(edges, edge)
		}
		if !slices.Contains(labels[edge], label) {
			labels[edge] = append(labels[edge], label)
		}
	}
	for _, verb := range verbs {
		r := transitions[verb]
		for _, from := range r.from {
			if r.then != "" && r.then != from {
				add(from, r.then, r.action)
			}
			if r.broken != "" && r.broken != from {
				add(from, r.broken, r.action+" fails")
			}
		}
	}
	for _, edge := range edges {
		fmt.Fprintf(b, "    %s --> %s: %s\n", edge[0], edge[1], strings.Join(labels[edge], ", "))
	}
	b.WriteString("    note right of error: delete leads from every state to the end, and to error if it fails.\n```\n")
}
