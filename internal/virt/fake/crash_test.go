package fake_test

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
	"github.com/nova-api/nova-api/internal/virt/fake"
)

// crashDir is set for the process that is to be killed: TestCrash starts it.
const crashDir = "FAKE_CRASH_DIR"

const crashServers = 5

// TestCrashVictim is the process that TestCrash kills. It goes through all the
// verbs over and over, and says so.
func TestCrashVictim(t *testing.T) {
	dir := os.Getenv(crashDir)
	if dir == "" {
		t.Parallel() // nobody wants to kill it
		return
	}
	d := open(t, fake.Options{Dir: dir})
	ctx := t.Context()
	for n := 0; ; n = (n + 1) % crashServers {
		s := crashServer(n)
		for _, err := range []error{
			d.Spawn(ctx, s, virt.Build{Image: imageOf(crashImage), Files: crashFiles}), d.PowerOff(ctx, s), d.PowerOn(ctx, s), d.Pause(ctx, s),
			d.Unpause(ctx, s), d.Suspend(ctx, s), d.Resume(ctx, s),
			d.Rescue(ctx, s, virt.RescueDisk{ImageID: "rescue", Image: imageOf(crashImage)}), d.Unrescue(ctx, s), d.HardReboot(ctx, s), d.Destroy(ctx, s),
		} {
			if err != nil {
				t.Fatal(err)
			}
			fmt.Println("did it")
		}
	}
}

// crashServer is a server with all that a driver can give it.
func crashServer(n int) nova.Server {
	s := server(n)
	s.ConfigDrive = true
	return s
}

var crashFiles = []virt.File{{Path: "/etc/motd", Data: []byte(crashImage)}}

var crashImage = strings.Repeat("image", 50_000)

// TestCrash kills a process in the middle of its work, again and again, and
// finds each server whole or not there at all.
func TestCrash(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for range 5 {
		kill(t, dir)
		d := open(t, fake.Options{Dir: dir})
		ids, err := d.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for n := range crashServers {
			s := crashServer(n)
			state, err := d.PowerState(t.Context(), s)
			listed := strings.Contains(strings.Join(ids, " "), s.ID)
			if nova.Is(err, nova.NotFound) && !listed {
				continue
			}
			if err != nil || !listed || state == nova.NoState {
				t.Errorf("server %d after the crash: state %d, %v, listed %t", n, state, err, listed)
			}
			if err := d.Spawn(t.Context(), s, virt.Build{Image: imageOf(crashImage), Files: crashFiles}); err != nil {
				t.Errorf("spawn after the crash: %v", err)
			}
			if !strings.HasSuffix(read(t, d, s), "\n"+crashImage) {
				t.Errorf("server %d has half a disk", n)
			}
			given, err := d.Files(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			if motd, err := fs.ReadFile(given, "etc/motd"); err != nil || string(motd) != crashImage {
				t.Errorf("server %d has half a file, or none: %v", n, err)
			}
			if _, err := d.ConfigDrive(t.Context(), s); err != nil {
				t.Errorf("config drive of server %d: %v", n, err)
			}
		}
	}
}

// kill starts the victim and kills it after some of its work.
func kill(t *testing.T, dir string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCrashVictim$")
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for range 1 + rand.IntN(200) {
		if !lines.Scan() {
			t.Fatal("the victim died before its time")
		}
		if line := lines.Text(); line != "did it" {
			t.Fatalf("the victim said %q", line)
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, out)
	_ = cmd.Wait()
}
