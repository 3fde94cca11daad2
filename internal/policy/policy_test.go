package policy

import (
	"testing"

	"github.com/nova-api/nova-api/internal/nova"
)

const (
	project = "11111111111111111111111111111111"
	user    = "22222222222222222222222222222222"
)

// enforcer makes one with overrides, and with defaults for the rest.
func enforcer(t testing.TB, overrides string) *Enforcer {
	t.Helper()
	o := Defaults()
	o.Files = []File{{"policy.yaml", []byte(overrides)}}
	return must(t, o)
}

func must(t testing.TB, o Options) *Enforcer {
	t.Helper()
	e, _, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func caller(roles ...string) nova.Caller {
	return nova.Caller{UserID: user, ProjectID: project, Roles: roles}
}

func TestEnforcer_Check(t *testing.T) {
	t.Parallel()
	e := must(t, Defaults())
	target := Target{ProjectID: project}
	if err := e.Check(ServerShow, caller("reader"), target); err != nil {
		t.Errorf("reader: %v", err)
	}
	err := e.Check(CreateBackup, caller("reader"), target)
	if !nova.Is(err, nova.Forbidden) {
		t.Errorf("kind of %v is not Forbidden", err)
	}
	want := "Policy doesn't allow os_compute_api:os-create-backup to be performed."
	if got := nova.Message(err); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := e.Check("no:such:rule", caller("admin"), target); !nova.Is(err, nova.Forbidden) {
		t.Errorf("an unknown rule: %v", err)
	}
	if e.Known("no:such:rule") || !e.Known(ServerShow) {
		t.Error("Known is wrong")
	}
}

// TestEnforcer_language asks the evaluator one check at a time.
func TestEnforcer_language(t *testing.T) {
	t.Parallel()
	me := nova.Caller{
		UserID: "u", ProjectID: "p", UserDomainID: "ud", ProjectDomainID: "pd",
		Roles: []string{"member", "Reader"},
	}
	admin := nova.Caller{UserID: "a", ProjectID: "ap", Roles: []string{"ADMIN"}}
	mine := Target{ProjectID: "p", UserID: "u"}
	for _, tt := range []struct {
		check  string
		caller nova.Caller
		target Target
		want   bool
	}{
		{"", me, mine, true},
		{"@", me, mine, true},
		{"!", me, mine, false},
		{"not !", me, mine, true},
		{"role:member", me, mine, true},
		{"role:READER", me, mine, true},
		{"role:admin", me, mine, false},
		{"role:", me, mine, false},
		{"role:member and role:reader", me, mine, true},
		{"role:member and role:admin", me, mine, false},
		{"role:member or role:admin", me, mine, true},
		{"role:member and not role:admin", me, mine, true},
		{"role:admin or role:member and !", me, mine, false},
		{"(role:admin or role:member) and not !", me, mine, true},
		{"rule:context_is_admin", me, mine, false},
		{"rule:context_is_admin", admin, mine, true},
		{"is_admin:True", admin, mine, true},
		{"is_admin:False", admin, mine, false},
		{"is_admin:False", me, mine, true},
		{"is_admin:1", admin, mine, false},
		{"user_id:%(user_id)s", me, mine, true},
		{"user_id:%(user_id)s", me, Target{UserID: "other"}, false},
		{"user_id:%(user_id)s", me, Target{}, false},
		{"user_id:%(user_id)s", nova.Caller{}, Target{}, false},
		{"project_id:%(project_id)s", me, mine, true},
		{"project_id:%(project_id)s", me, Target{ProjectID: "P"}, false},
		{"project_id:%(project_id)s", nova.Caller{}, Target{}, false},
		{"tenant:%(tenant_id)s", me, mine, true},
		{"project_id:p", me, Target{}, true},
		{"project_id:", nova.Caller{}, Target{}, false},
		{"'p':%(project_id)s", me, mine, true},
		{"'p':%(project_id)s", me, Target{ProjectID: "q"}, false},
		{"'p-u':%(project_id)s-%(user_id)s", me, mine, true},
		{"'p-u':%(project_id)s-%(user_id)s", me, Target{ProjectID: "p"}, false},
		{"role:m%(no_such)s", me, mine, false},
		{"100:100", me, mine, true},
		{"True:True", me, mine, true},
		{"None:False", me, mine, false},
		{"roles:member", me, mine, true},
		{"roles:reader", me, mine, false},
		{"user_domain_id:ud and project_domain_id:pd", me, mine, true},
		{"domain_id:ud", me, mine, false},
		{"system_scope:all", me, mine, false},
		{"token.project.id:p", me, mine, false},
		{"not no_such:p", me, mine, true},
	} {
		t.Run(tt.check, func(t *testing.T) {
			t.Parallel()
			e := enforcer(t, "x: \""+tt.check+"\"")
			if got := e.Can("x", tt.caller, tt.target); got != tt.want {
				t.Errorf("%v may %q to %v: got %v", tt.caller, tt.check, tt.target, got)
			}
		})
	}
}

func TestEnforcer_scope(t *testing.T) {
	t.Parallel()
	system := nova.Caller{UserID: user, System: "all", Roles: []string{"admin", "member", "reader"}}
	domain := nova.Caller{UserID: user, DomainID: "default", Roles: []string{"admin", "member", "reader"}}
	strict := must(t, Defaults())
	loose := must(t, Options{EnforceNewDefaults: true})
	for _, c := range []nova.Caller{system, domain} {
		for _, entry := range scoped() {
			if err := strict.Check(entry.Rule, c, Own(c)); !nova.Is(err, nova.Forbidden) {
				t.Errorf("%s: %v", entry.Rule, err)
			}
		}
		if !loose.Can(FlavorCreate, c, Own(c)) {
			t.Error("scope is enforced in spite of the option")
		}
		if !strict.Can(ContextIsAdmin, c, Own(c)) {
			t.Error("a base rule asks for a scope")
		}
	}
}

// TestEnforcer_isAdmin holds that being an administrator is what the rule
// context_is_admin says, wherever it is asked.
func TestEnforcer_isAdmin(t *testing.T) {
	t.Parallel()
	e := enforcer(t, `
context_is_admin: role:boss or is_admin:True
os_compute_api:servers:start: is_admin:True
`)
	for _, rule := range []Rule{ContextIsAdmin, Start, FlavorCreate, AdminAPI} {
		if !e.Can(rule, caller("boss"), Target{}) {
			t.Errorf("the boss may not %s", rule)
		}
		if e.Can(rule, caller("admin"), Target{}) {
			t.Errorf("an administrator of old may %s", rule)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	e := must(b, Defaults())
	target := Target{ProjectID: project}
	for _, bb := range []struct {
		name   string
		rule   Rule
		caller nova.Caller
	}{
		{"reader", ServerShow, caller("reader", "member")},
		{"member", CreateBackup, caller("reader", "member")},
		{"admin", FlavorCreate, caller("reader", "member", "manager", "admin")},
		{"anyone", Limits, caller("reader")},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := e.Check(bb.rule, bb.caller, target); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("refused", func(b *testing.B) {
		b.ReportAllocs()
		c := caller("reader", "member")
		for b.Loop() {
			if e.Can(ExtendedServerAttributes, c, target) {
				b.Fatal("allowed")
			}
		}
	})
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		must(b, Defaults())
	}
}

// TestEnforcer_noAllocations holds what the benchmark measures: deciding
// costs no memory. It is not parallel: the allocations of others would count.
func TestEnforcer_noAllocations(t *testing.T) {
	e := must(t, Defaults())
	c, target := caller("reader", "member", "admin"), Target{ProjectID: project}
	for _, rule := range []Rule{ServerShow, CreateBackup, FlavorCreate, KeypairCreate} {
		if n := testing.AllocsPerRun(100, func() { e.Can(rule, c, target) }); n != 0 {
			t.Errorf("%s: %v allocations", rule, n)
		}
	}
}
