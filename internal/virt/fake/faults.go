package fake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/nova-api/nova-api/internal/nova"
)

// A Fault is what shall go wrong with a verb. The file of faults is a JSON
// object of them by verb, or "*" for every verb:
//
//	{"spawn": {"delay_ms": 300, "error": "boom", "times": 1}}
//
// It is read again when it has changed, from the first time on; write it
// elsewhere and rename it. The verbs are nodes, list, power_state, spawn,
// destroy, power_on, power_off, soft_reboot, hard_reboot, pause, unpause,
// suspend, resume, rescue, unrescue, migrate_out, migrate_in,
// confirm_migration, revert_migration, send_live, receive_live, set_password, crash_dump, snapshot, upload,
// console_output, diagnostics, read_disk,
// read_config_drive, attach_interface, detach_interface, interfaces, attach_volume,
// detach_volume, extend_volume, swap_volume, rename_volume, volumes and open_volume. An upload
// begins when the data of a snapshot is first read.
type Fault struct {
	Server  string `json:"server"`   // the name or the ID of the server; empty for any
	DelayMS int    `json:"delay_ms"` // how long the verb takes; 0 for what metadata and pace say
	Error   string `json:"error"`    // how it fails; empty if it is only slow
	Times   int    `json:"times"`    // how often, in one process; 0 for always
	After   bool   `json:"after"`    // the work is done all the same

	delay time.Duration // the same as DelayMS, or what metadata and pace say
}

// verbs are what a fault can be told to hit.
var verbs = []string{
	"*", "nodes", "list", "power_state", spawn, destroy, powerOn, powerOff, softReboot, hardReboot,
	pause, unpause, suspend, resume, rescue, unrescue,
	migrateOut, migrateIn, confirmMigration, revertMigration, setPassword, crashDump, snapshot, upload, "console_output", "diagnostics",
	"read_disk", "read_config_drive",
	sendLive, receiveLive, attach, detach, "interfaces", attachVolume, detachVolume, extendVolume, swapVolume, "rename_volume", "volumes", "open_volume",
}

// strike lets the fault happen.
func (d *Driver) strike(ctx context.Context, f Fault) error {
	if err := d.wait(ctx, f.delay); err != nil {
		return err
	}
	if f.Error != "" {
		return errors.New(f.Error)
	}
	return nil
}

// concerns reports whether a fault is meant for a server.
func (f Fault) concerns(s nova.Server) bool {
	return f.Server == "" || f.Server == s.ID || f.Server == s.Name
}

// faults are what the file says, and how often it has come true.
type faults struct {
	path string

	mu     sync.Mutex
	read   fs.FileInfo // of the file that the rest was read from; nil for none
	byVerb map[string]Fault
	struck map[string]int
	broken error // why the file can't be understood
}

// next finds the fault that shall happen now: the zero Fault if none.
func (f *faults) next(verb string, s nova.Server) (Fault, error) {
	info, err := os.Stat(f.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Fault{}, fmt.Errorf("look for faults: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !same(f.read, info) {
		f.load(info)
	}
	if f.broken != nil {
		return Fault{}, f.broken
	}
	for _, key := range []string{verb, "*"} {
		fault, ok := f.byVerb[key]
		if !ok || !fault.concerns(s) || (fault.Times > 0 && f.struck[key] >= fault.Times) {
			continue
		}
		f.struck[key]++
		return fault, nil
	}
	return Fault{}, nil
}

// same reports whether a file is still the one that was read, by its time and
// size.
func same(a, b fs.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

// load reads the file anew. A file that can't be understood fails every verb:
// a test that believes in its faults should hear of it.
func (f *faults) load(info fs.FileInfo) {
	f.read, f.byVerb, f.struck, f.broken = info, nil, map[string]int{}, nil
	if info == nil {
		return
	}
	text, err := os.ReadFile(f.path)
	if err != nil {
		f.read, f.broken = nil, fmt.Errorf("read faults: %w", err)
		return
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&f.byVerb); err != nil {
		f.broken = fmt.Errorf("read faults: %s: %w", f.path, err)
		return
	}
	for verb := range f.byVerb {
		if !slices.Contains(verbs, verb) {
			f.broken = fmt.Errorf("read faults: %s: there is no verb %q", f.path, verb)
		}
	}
}
