package fake_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
	"github.com/nova-api/nova-api/internal/virt/fake"
)

// setFaults replaces the file of faults as a test from outside would.
func setFaults(t *testing.T, dir, text string) {
	t.Helper()
	name := filepath.Join(dir, "faults.json")
	if err := os.WriteFile(name+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		t.Fatal(err)
	}
}

// text is what an error says: empty for none.
func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestFaults(t *testing.T) {
	t.Parallel()
	web := nova.Server{ID: "11111111-2222-3333-4444-555555555555", Name: "web"}
	type call struct {
		do   func(virt.Driver, context.Context, nova.Server) error
		want string
	}
	off, on := virt.Driver.PowerOff, virt.Driver.PowerOn
	tests := []struct {
		name   string
		faults string
		calls  []call
		power  nova.PowerState
	}{
		{"none", `{}`, []call{{off, ""}}, nova.Shutdown},
		{"always", `{"power_off": {"error": "boom"}}`, []call{{off, "boom"}, {off, "boom"}, {on, ""}}, nova.Running},
		{"once", `{"power_off": {"error": "boom", "times": 1}}`, []call{{off, "boom"}, {off, ""}}, nova.Shutdown},
		{"every verb", `{"*": {"error": "boom", "times": 2}}`, []call{{off, "boom"}, {on, "boom"}, {off, ""}}, nova.Shutdown},
		{"own fault before every verb's", `{"*": {"error": "any"}, "power_off": {"error": "own", "times": 1}}`, []call{{off, "own"}, {off, "any"}}, nova.Running},
		{"this server by name", `{"power_off": {"error": "boom", "server": "web"}}`, []call{{off, "boom"}}, nova.Running},
		{"this server by ID", `{"power_off": {"error": "boom", "server": "11111111-2222-3333-4444-555555555555"}}`, []call{{off, "boom"}}, nova.Running},
		{"another server", `{"power_off": {"error": "boom", "server": "db"}}`, []call{{off, ""}}, nova.Shutdown},
		{"after the work", `{"power_off": {"error": "boom", "after": true}}`, []call{{off, "boom"}}, nova.Shutdown},
		{"slow", `{"power_off": {"delay_ms": 1}}`, []call{{off, ""}}, nova.Shutdown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			d := open(t, fake.Options{Dir: dir})
			if err := d.Spawn(t.Context(), web, virt.Build{}); err != nil {
				t.Fatal(err)
			}
			setFaults(t, dir, tt.faults)
			for i, c := range tt.calls {
				if got := text(c.do(d, t.Context(), web)); got != c.want {
					t.Errorf("call %d: %q, want %q", i, got, c.want)
				}
			}
			setFaults(t, dir, `{}`)
			if got, err := d.PowerState(t.Context(), web); got != tt.power || err != nil {
				t.Errorf("power state = %d, %v, want %d", got, err, tt.power)
			}
		})
	}
}

func TestFaults_FileThatMakesNoSense(t *testing.T) {
	t.Parallel()
	for _, broken := range []string{`{`, `[]`, `{"spwan": {"error": "boom"}}`, `{"spawn": {"eror": "boom"}}`} {
		dir := t.TempDir()
		d := open(t, fake.Options{Dir: dir})
		setFaults(t, dir, broken)
		for range 2 {
			if _, err := d.List(t.Context()); err == nil {
				t.Errorf("%s was taken for a file of faults", broken)
			}
		}
		if err := os.Remove(filepath.Join(dir, "faults.json")); err != nil {
			t.Fatal(err)
		}
		if _, err := d.List(t.Context()); err != nil {
			t.Errorf("without the file: %v", err)
		}
	}
}

// A delay ends when its context does: were it to last, so would the test.
func TestFaults_DelayHeedsContext(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := open(t, fake.Options{Dir: dir})
	setFaults(t, dir, `{"list": {"delay_ms": 3600000}}`)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := d.List(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("list: %v, want the context's error", err)
	}
}

func TestOptions_Before(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	var heard []string
	d := open(t, fake.Options{Dir: t.TempDir(), Before: func(_ context.Context, verb string, s nova.Server) error {
		heard = append(heard, verb+" "+s.Name)
		if verb == "pause" {
			return boom
		}
		return nil
	}})
	s := nova.Server{ID: "11111111-2222-3333-4444-555555555555", Name: "web"}
	if err := d.Spawn(t.Context(), s, virt.Build{}); err != nil {
		t.Fatal(err)
	}
	if err := d.Pause(t.Context(), s); !errors.Is(err, boom) {
		t.Errorf("pause: %v, want %v", err, boom)
	}
	if len(heard) != 2 || heard[0] != "spawn web" || heard[1] != "pause web" {
		t.Errorf("heard %q", heard)
	}
}
