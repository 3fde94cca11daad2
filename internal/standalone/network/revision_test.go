package network_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// revision reads the revision of a thing.
func (c cloud) revision(path string) string {
	c.t.Helper()
	got := c.want(200, "", "admin", "GET "+path, "")
	for _, thing := range got.body {
		shown, _ := thing.(map[string]any)
		number, _ := shown["revision_number"].(json.Number)
		return number.String()
	}
	return ""
}

// Every kind of thing can be changed and deleted on the condition that it is
// at a revision, and every change makes a new one.
func TestRevisions(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		fill := c.things()
		rule := c.make("demo", "security_group_rule", fill.Replace(`{"security_group_id":"$demoGroup;","direction":"ingress"}`))
		idle := c.make("demo", "router", `{}`)
		n := c.make("demo", "network", `{}`)
		subnet := c.make("demo", "subnet", `{"network_id":"`+n+`","ip_version":4,"cidr":"10.31.0.0/24"}`)
		for _, path := range []string{ // in an order in which they can go
			"/ports/$demoPort;", "/floatingips/$demoFloating;", "/security-group-rules/" + rule, "/security-groups/$demoGroup;",
			"/routers/" + idle, "/subnets/" + subnet, "/networks/" + n,
		} {
			path = fill.Replace(path)
			one := strings.ReplaceAll(strings.TrimSuffix(strings.Split(path, "/")[1], "s"), "-", "_")
			body := `{"` + one + `":{"description":"x"}}`
			before := c.revision(path)
			next, err := strconv.Atoi(before)
			if err != nil {
				t.Fatalf("%s: revision %q", path, before)
			}
			after := strconv.Itoa(next + 1)
			for _, s := range []struct {
				call, body, match string
				status            int
				part              string
			}{
				{"PUT " + path, body, "revision_number=" + after, 412, `"message":"Constrained to ` + after + ", but current revision is " + before + `","type":"RevisionNumberConstraintFailed"`},
				{"PUT " + path, body, "revision_number=" + before, 200, `"revision_number":` + after},
				{"PUT " + path, body, "revision_number=" + before, 412, "but current revision is " + after},
				{"PUT " + path, body, "revision_number=x", 400, "Bad if-match request: Revision number etag must be in the format of revision_number=<int>."},
				{"PUT " + path, body, "revision_number=1,revision_number=2", 400, "Multiple revision_number etags are not supported."},
				{"DELETE " + path, "", "revision_number=" + before, 412, "but current revision is " + after},
				{"DELETE " + path, "", `"revision_number=` + after + `"`, 204, ""},
				{"PUT " + path, body, "revision_number=" + after, 404, "NotFound"},
			} {
				got := c.doIfMatch("demo", s.call, s.body, s.match)
				if got.status != s.status || !strings.Contains(got.text, s.part) {
					t.Errorf("%s if %s: got %d %s, want %d %s", s.call, s.match, got.status, got.text, s.status, s.part)
				}
			}
		}
		if got := c.doIfMatch("demo", "PUT "+fill.Replace("/networks/$demoNet;"), `{"network":{"name":"n"}}`, "*, other"); got.status != 200 {
			t.Errorf("tags of other kinds: got %d %s", got.status, got.text)
		}
	})
}

// Of many who change a port that they have all seen at one revision, one does.
func TestRevisions_Parallel(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		path := "/ports/" + c.make("demo", "port", `{"network_id":"`+privateID+`"}`)
		match := "revision_number=" + c.revision(path)
		const callers = 8
		statuses := make([]int, callers)
		var group sync.WaitGroup
		for i := range callers {
			group.Go(func() {
				statuses[i] = c.doIfMatch("demo", "PUT "+path, `{"port":{"device_id":"`+strconv.Itoa(i)+`"}}`, match).status
			})
		}
		group.Wait()
		counts := map[int]int{}
		for _, status := range statuses {
			counts[status]++
		}
		if counts[200] != 1 || counts[412] != callers-1 {
			t.Errorf("statuses: %v", counts)
		}
	})
}
