package compute_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

// TestChangePassword changes passwords while a process works, and reads back what
// the server remembers.
func TestChangePassword(t *testing.T) {
	t.Parallel()
	const bits = 2048
	private, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(&private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	eachSite(t, func(t *testing.T, s *site) {
		server := s.boot(s.as("demo"))
		stop := s.start()
		s.must(s.api.ChangePassword(s.as("demo"), server, "first"))
		if got := s.server(server.ID); got.AdminPassword != "" || states(got) != "active" {
			t.Errorf("%s, remembers %q without a key", states(got), got.AdminPassword)
		}
		server = s.put(server.ID, db.ServerChange{PublicKey: new(string(ssh.MarshalAuthorizedKey(key)))})
		s.must(s.api.ChangePassword(s.as("demo"), server, "s3cret"))
		raw, err := base64.StdEncoding.DecodeString(s.server(server.ID).AdminPassword)
		s.must(err)
		if text, err := rsa.DecryptPKCS1v15(nil, private, raw); err != nil || string(text) != "s3cret" { //nolint:staticcheck // it is what clients do
			t.Errorf("remembers %q, %v", text, err)
		}
		s.onConsole(server.ID, "the administrator's password was changed")
		s.must(s.api.ForgetPassword(s.as("demo"), server))
		if got := s.server(server.ID).AdminPassword; got != "" {
			t.Errorf("remembers %q", got)
		}
		s.wantRecord(server.ID, "create: compute__do_build_and_run_instance", "changePassword: compute_set_admin_password", "changePassword: compute_set_admin_password")
		s.must(stop())
		s.settled()
	})
}

// TestChangePassword_Fails is what a client is told, which never is the password,
// and that it is kept nowhere.
func TestChangePassword_Fails(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server := s.boot(s.as("demo"))
		stop := s.start()
		s.failOnce("set_password", errors.New("the guest takes no s3cret"))
		err := s.api.ChangePassword(s.as("demo"), server, "s3cret")
		wantRefusal(t, err, nova.Conflict, "Failed to set admin password on "+server.ID+" because error setting admin password")
		s.must(s.local.Driver(server.Host).PowerOff(t.Context(), server))
		err = s.api.ChangePassword(s.as("demo"), server, "s3cret")
		wantRefusal(t, err, nova.Conflict, "Failed to set admin password on "+server.ID+" because instance "+server.ID+" is not running")
		s.must(stop())
		s.wantStates(server.ID, "active")
		fault := s.server(server.ID).Fault
		if fault == nil || strings.Contains(fault.Message+fault.Details, "s3cret") {
			t.Errorf("fault %+v", fault)
		}
		for _, action := range s.actions(server.ID) {
			if strings.Contains(action.Args+action.Progress, "s3cret") {
				t.Errorf("an action remembers the password: %+v", action)
			}
		}
		s.settled()
	})
}

// TestCrashDump goes on beside what the server is at rest with: it is busy with
// nothing, and its state is another's affair.
func TestCrashDump(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		for _, first := range []compute.Verb{"", compute.Pause, compute.Rescue} {
			server := s.boot(s.as("demo"))
			s.first(server.ID, first)
			before := s.server(server.ID)
			s.must(s.do(s.as("demo"), before, compute.CrashDump))
			s.wantStates(server.ID, states(before))
			s.work()
			s.wantStates(server.ID, states(before))
			s.onConsole(server.ID, "Kernel panic")
			lines := s.record(server.ID)
			if last := lines[len(lines)-1]; last != "trigger_crash_dump: compute_trigger_crash_dump" {
				t.Errorf("record %q", last)
			}
			s.clear(server.ID)
		}
		server := s.boot(s.as("demo"))
		s.must(s.do(s.as("demo"), server, compute.CrashDump))
		s.failOnce("crash_dump", errors.New("boom"))
		s.work()
		s.wantStates(server.ID, "active")
		wantRefusal(t, s.do(s.as("demo"), s.put(server.ID, db.ServerChange{Host: new("")}), compute.CrashDump), nova.Conflict, "Instance "+server.ID+" is not ready")
	})
}

// TestInjectNetwork needs a server that nobody has locked, and leaves no trace.
func TestInjectNetwork(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server := s.begin(s.as("demo")) // in any state
		s.must(s.api.InjectNetwork(s.as("demo"), server))
		server = s.put(server.ID, db.ServerChange{LockedBy: new("owner")})
		wantRefusal(t, s.api.InjectNetwork(s.as("demo"), server), nova.Conflict, "Instance "+server.ID+" is locked")
		s.must(s.api.InjectNetwork(s.as("admin"), server))
		s.work()
		s.wantRecord(server.ID, "create: compute__do_build_and_run_instance")
	})
}
