package api

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/internal/policy"
)

// ruleless are the operations that name no rule of policy, with the reason.
var ruleless = map[string]string{
	"GET /flavors":        "everybody may see the flavors that they may use",
	"GET /flavors/detail": "everybody may see the flavors that they may use",
	"GET /flavors/{id}":   "everybody may see the flavors that they may use",
	"POST /os-keypairs":   "the user whose rule is asked is in the body",
	"POST /servers/{id}/action (os-getRDPConsole)": refusedForAll,

	"POST /os-baremetal-nodes":                                refusedForAll,
	"DELETE /os-baremetal-nodes/{id}":                         refusedForAll,
	"POST /os-baremetal-nodes/{id}/action (add_interface)":    refusedForAll,
	"POST /os-baremetal-nodes/{id}/action (remove_interface)": refusedForAll,

	"GET /images":                             imageRules,
	"GET /images/detail":                      imageRules,
	"GET /images/{id}":                        imageRules,
	"DELETE /images/{id}":                     imageRules,
	"GET /images/{image_id}/metadata":         imageRules,
	"POST /images/{image_id}/metadata":        imageRules,
	"PUT /images/{image_id}/metadata":         imageRules,
	"GET /images/{image_id}/metadata/{id}":    imageRules,
	"PUT /images/{image_id}/metadata/{id}":    imageRules,
	"DELETE /images/{image_id}/metadata/{id}": imageRules,

	"POST /servers/{id}/action (migrate)":        hostRules,
	"POST /servers/{id}/action (os-migrateLive)": hostRules,

	"PUT /servers/{server_id}/os-volume_attachments/{id}": "one of two rules is asked, depending on whether the client names another volume",
}

const refusedForAll = "it is refused for everybody"

const hostRules = "one of two rules is asked, depending on whether the client names a host"

const imageRules = "the image service has rules of its own"

// TestRoutes_InPolicy holds the tables of controllers to the table of rules: each
// operation has a rule or a reason to have none, and the rule's row, which
// operators read in the sample file, names the operation.
func TestRoutes_InPolicy(t *testing.T) {
	t.Parallel()
	rows := map[policy.Rule]policy.Entry{}
	for _, entry := range policy.Table() {
		rows[entry.Rule] = entry
	}
	o := Options{Site: &rest.Site{Policy: defaultPolicy(t)}}
	all := o.Site.Routes(func(m rest.Mapper) { routes(m, o) })
	if len(all) == 0 {
		t.Fatal("there are no routes")
	}
	found := map[string]bool{}
	for _, r := range all {
		operation := r.Method + " " + strings.Replace(r.Path, "/os-volumes_boot", "/servers", 1) // its other name
		if r.Action != "" {
			operation += " (" + r.Action + ")"
		}
		found[operation] = true
		_, listed := ruleless[operation]
		switch {
		case r.Gone && r.Rule == "":
		case r.Rule == "" && !listed:
			t.Errorf("%s has no rule, and no reason to have none", operation)
		case r.Rule != "" && listed:
			t.Errorf("%s has a rule after all", operation)
		case r.Rule != "" && !slices.Contains(rows[r.Rule].Operations, operation):
			t.Errorf("%s needs %s, whose row names only %q", operation, r.Rule, rows[r.Rule].Operations)
		}
	}
	for operation := range ruleless {
		if !found[operation] {
			t.Errorf("there is no %s", operation)
		}
	}
}

// notInCrashTest are the actions on servers that the crash test leaves out, with
// the reason.
var notInCrashTest = map[string]string{
	"evacuate":            "all hosts are up as long as the process is",
	"restore":             "servers that can be restored are not gone, which is what the test counts",
	"addSecurityGroup":    "it is done at once, by the network service",
	"removeSecurityGroup": "it is done at once, by the network service",
	"addFixedIp":          "it is done at once, by the network service",
	"removeFixedIp":       "it is done at once, by the network service",
	"addFloatingIp":       "it is done at once, by the network service",
	"removeFloatingIp":    "it is done at once, by the network service",
	"injectNetworkInfo":   "it changes nothing about the server",
	"os-getVNCConsole":    "it changes nothing about the server",
	"os-getSPICEConsole":  "it changes nothing about the server",
	"os-getSerialConsole": "it changes nothing about the server",
	"os-getRDPConsole":    refusedForAll,
}

// TestRoutes_ServerActions holds the actions on servers to the tests that each of
// them must have: requests in this package, and a deed in the crash test.
func TestRoutes_ServerActions(t *testing.T) {
	t.Parallel()
	var tests strings.Builder
	paths, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		tests.WriteString(read(t, path))
	}
	deeds := read(t, filepath.Join("..", "e2e", "crash_deeds_test.go"))
	o := Options{Site: &rest.Site{Policy: defaultPolicy(t)}}
	served := map[string]bool{}
	for _, r := range o.Site.Routes(func(m rest.Mapper) { routes(m, o) }) {
		if r.Path != "/servers/{id}/action" || r.Gone {
			continue
		}
		served[r.Action] = true
		if !strings.Contains(tests.String(), `{"`+r.Action+`"`) {
			t.Errorf("%s: no test in api sends it", r.Action)
		}
		_, left := notInCrashTest[r.Action]
		if inTest := strings.Contains(deeds, `act("`+r.Action+`"`); inTest == left {
			t.Errorf("%s: either a deed in e2e/crash_deeds_test.go, or a reason to have none, is missing or too much", r.Action)
		}
	}
	for action := range notInCrashTest {
		if !served[action] {
			t.Errorf("%s is not served", action)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func defaultPolicy(t *testing.T) *policy.Enforcer {
	t.Helper()
	enforcer, _, err := policy.New(policy.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	return enforcer
}
