package fake_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
	"github.com/nova-api/nova-api/internal/virt/fake"
)

// patience is a clock that goes by itself whenever somebody waits, and knows
// for how long it was waited.
type patience struct{ waited time.Duration }

func (p *patience) after(d time.Duration) <-chan time.Time {
	p.waited += d
	passed := make(chan time.Time, 1)
	passed <- time.Time{}
	return passed
}

// paced opens a host with a time of its own for each verb.
func paced(t *testing.T, dir string) (*fake.Driver, *patience) {
	t.Helper()
	p := new(patience)
	return open(t, fake.Options{Dir: dir, After: p.after, Times: map[string]time.Duration{
		"boot_time": 1 * time.Second, "delete_time": 2 * time.Second, "start_time": 3 * time.Second, "stop_time": 4 * time.Second,
		"reboot_time": 5 * time.Second, "pause_time": 6 * time.Second, "unpause_time": 7 * time.Second, "suspend_time": 8 * time.Second,
		"resume_time": 9 * time.Second, "snapshot_time": 10 * time.Second, "upload_time": 11 * time.Second,
		"rescue_time": 12 * time.Second, "unrescue_time": 13 * time.Second,
	}}), p
}

// A verb is one with the context first.
type verb func(context.Context, *fake.Driver, nova.Server) error

func method(call func(*fake.Driver, context.Context, nova.Server) error) verb {
	return func(ctx context.Context, d *fake.Driver, s nova.Server) error { return call(d, ctx, s) }
}

// snapshot takes one and leaves it unread.
func snapshot(ctx context.Context, d *fake.Driver, s nova.Server) error {
	shot, err := d.Snapshot(ctx, s)
	if err == nil {
		err = shot.Data.Close()
	}
	return err
}

// upload takes a snapshot and reads it.
func upload(ctx context.Context, d *fake.Driver, s nova.Server) error {
	shot, err := d.Snapshot(ctx, s)
	if err != nil {
		return err
	}
	_, err = io.ReadAll(shot.Data)
	_ = shot.Data.Close()
	return err
}

func spawn(ctx context.Context, d *fake.Driver, s nova.Server) error {
	return d.Spawn(ctx, s, virt.Build{Image: imageOf("image")})
}

func rescue(ctx context.Context, d *fake.Driver, s nova.Server) error {
	return d.Rescue(ctx, s, virt.RescueDisk{ImageID: "rescue", Image: imageOf("image")})
}

func list(ctx context.Context, d *fake.Driver, _ nova.Server) error {
	_, err := d.List(ctx)
	return err
}

func TestTimes(t *testing.T) {
	t.Parallel()
	type call struct {
		do   verb
		took time.Duration
	}
	const second = time.Second
	tests := []struct {
		name     string
		metadata map[string]string
		faults   string
		calls    []call
	}{
		{"the pace's", nil, `{}`, []call{
			{spawn, 1 * second},
			{method((*fake.Driver).PowerOff), 4 * second},
			{method((*fake.Driver).PowerOn), 3 * second},
			{method((*fake.Driver).SoftReboot), 5 * second},
			{method((*fake.Driver).HardReboot), 5 * second},
			{method((*fake.Driver).Pause), 6 * second},
			{method((*fake.Driver).Unpause), 7 * second},
			{method((*fake.Driver).Suspend), 8 * second},
			{method((*fake.Driver).Resume), 9 * second},
			{rescue, 12 * second},
			{method((*fake.Driver).Unrescue), 13 * second},
			{snapshot, 10 * second},
			{upload, 21 * second},
			{list, 0},
			{method((*fake.Driver).Destroy), 2 * second},
		}},
		{"the server's own", map[string]string{"fake:boot_time": "20", "fake:reboot_time": "0.5", "fake:stop_time": "0"}, `{}`, []call{
			{spawn, 20 * second},
			{method((*fake.Driver).SoftReboot), second / 2},
			{method((*fake.Driver).PowerOff), 0},
			{method((*fake.Driver).PowerOn), 3 * second},
		}},
		{"times that are none", map[string]string{
			"fake:boot_time": "soon", "fake:stop_time": "-1", "fake:start_time": "301", "fake:reboot_time": "NaN", "fake:pause_time": "", "fake:unpause_time": "1e400",
		}, `{}`, []call{
			{spawn, 1 * second},
			{method((*fake.Driver).PowerOff), 4 * second},
			{method((*fake.Driver).PowerOn), 3 * second},
			{method((*fake.Driver).SoftReboot), 5 * second},
			{method((*fake.Driver).Pause), 6 * second},
			{method((*fake.Driver).Unpause), 7 * second},
		}},
		{"faults first", map[string]string{"fake:boot_time": "20"}, `{"spawn": {"delay_ms": 50}, "pause": {"after": true}}`, []call{
			{spawn, second / 20},
			{method((*fake.Driver).Pause), 6 * second},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			d, p := paced(t, dir)
			setFaults(t, dir, tt.faults)
			s := server(1)
			s.Metadata = tt.metadata
			for i, c := range tt.calls {
				p.waited = 0
				if err := c.do(t.Context(), d, s); err != nil || p.waited != c.took {
					t.Errorf("call %d took %v, %v, want %v", i, p.waited, err, c.took)
				}
			}
		})
	}
}

func TestNew_RefusesStrangeTimes(t *testing.T) {
	t.Parallel()
	d, err := fake.New(fake.Options{Dir: t.TempDir(), Times: map[string]time.Duration{"coffee_time": time.Hour}})
	if err == nil || d != nil {
		t.Errorf("a host with a coffee_time: %v, %v", d, err)
	}
}

func TestFailsByMetadata(t *testing.T) {
	t.Parallel()
	off := method((*fake.Driver).PowerOff)
	for _, tt := range []struct {
		fail  string
		do    verb
		fails bool
	}{
		{"power_off", off, true},
		{"pause, power_off", off, true},
		{"pause,power_off,resume", off, true},
		{"pause", off, false},
		{"", off, false},
		{"*", off, false},
		{"snapshot", snapshot, true},
		{"upload", snapshot, false},
		{"upload", upload, true},
		{"destroy", method((*fake.Driver).Destroy), false},
		{"list", list, false},
	} {
		d := open(t, fake.Options{Dir: t.TempDir()})
		s := server(1)
		if err := spawn(t.Context(), d, s); err != nil {
			t.Fatal(err)
		}
		s.Metadata = map[string]string{"fake:fail": tt.fail}
		err := tt.do(t.Context(), d, s)
		if (err != nil) != tt.fails || tt.fails && !strings.Contains(err.Error(), "fake:fail") {
			t.Errorf("fake:fail = %q: %v, want a failure: %t", tt.fail, err, tt.fails)
		}
		other := server(2)
		if err := spawn(t.Context(), d, other); err != nil {
			t.Errorf("fake:fail = %q: another server: %v", tt.fail, err)
		}
	}
}

// An upload that failed once may be tried again, and reads all of the disk.
func TestUpload_AfterFailure(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := open(t, fake.Options{Dir: dir})
	s := server(1)
	if err := spawn(t.Context(), d, s); err != nil {
		t.Fatal(err)
	}
	setFaults(t, dir, `{"upload": {"error": "boom", "times": 1}}`)
	shot, err := d.Snapshot(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = shot.Data.Close() }()
	if _, err := io.ReadAll(shot.Data); text(err) != "boom" {
		t.Errorf("first read: %v, want boom", err)
	}
	if data, err := io.ReadAll(shot.Data); err != nil || int64(len(data)) != shot.Size {
		t.Errorf("read %d bytes, %v, want %d", len(data), err, shot.Size)
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[string][]int{
		"20": {10, 20, 30, 40, 50, 60, 70, 80, 90, 100}, "0.6": {33, 66, 100}, "0.1": {100}, "0": nil,
	} {
		p := new(patience)
		d := open(t, fake.Options{Dir: t.TempDir(), After: p.after})
		s := server(1)
		s.Metadata = map[string]string{"fake:boot_time": seconds}
		var told []int
		ctx := virt.WithProgress(t.Context(), func(percent int) { told = append(told, percent) })
		if err := spawn(ctx, d, s); err != nil || !slices.Equal(told, want) {
			t.Errorf("%s s: told %v, %v, want %v", seconds, told, err, want)
		}
		whole, _ := time.ParseDuration(seconds + "s")
		if p.waited != whole {
			t.Errorf("%s s: waited %v", seconds, p.waited)
		}
	}
}

// A wait ends when its context does: were it to last, so would the test.
func TestTimes_HeedContext(t *testing.T) {
	t.Parallel()
	d := open(t, fake.Options{Dir: t.TempDir(), Times: map[string]time.Duration{"boot_time": time.Hour}})
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := spawn(ctx, d, server(1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("spawn: %v, want the context's error", err)
	}
}
