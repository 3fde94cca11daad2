package compute_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

func TestCreate(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		ctx := s.as("demo")
		server := s.begin(ctx, onPrivate)
		s.wantStates(server.ID, "building scheduling")
		s.consistent()
		seen := s.watch()
		s.work()
		server = s.server(server.ID)
		s.wantStates(server.ID, "active")
		if diff := cmp.Diff([]string{"spawn: building spawning"}, *seen); diff != "" {
			t.Errorf("in the midst (-want +got):\n%s", diff)
		}
		s.wantRecord(server.ID, "create: compute__do_build_and_run_instance")
		if server.LaunchedAt == nil || !server.LaunchedAt.Equal(began) || server.PowerState != nova.Running || server.Host == "" {
			t.Errorf("launched at %v on %q, power state %d", server.LaunchedAt, server.Host, server.PowerState)
		}
		if len(server.Addresses) != 1 || server.Addresses[0].Network != "private" || server.Addresses[0].IP == "" || server.Addresses[0].Keep {
			t.Errorf("addresses %+v", server.Addresses)
		}
		if diff := cmp.Diff([]string{"default"}, server.SecurityGroups); diff != "" {
			t.Errorf("security groups (-want +got):\n%s", diff)
		}
		s.settled()
	})
}

// TestCreate_Fails has drivers fail, on some hosts or on all.
func TestCreate_Fails(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	const (
		built, failed = "compute__do_build_and_run_instance", "compute__do_build_and_run_instance failed"
		noHost        = "conductor_schedule_and_build_instances failed"
	)
	type testCase struct {
		flavor nova.Flavor
		spawn  func(tries int) error
		states string
		fault  string // with %s for the server's ID
		record []string
	}
	eachCase(t, map[string]testCase{
		"once": {tiny, func(tries int) error {
			if tries == 1 {
				return boom
			}
			return nil
		}, "active", "", []string{"create: " + failed + ", " + built}},
		"everywhere": {
			tiny, func(int) error { return boom }, "error",
			"Exceeded maximum number of retries. Exhausted all hosts available for retrying build failures for instance %s.",
			[]string{"create (Error): " + failed + ", " + failed + ", " + noHost},
		},
		"in a panic": {
			tiny, func(int) error { panic(boom) }, "error",
			"Exceeded maximum number of retries. Exhausted all hosts available for retrying build failures for instance %s.",
			[]string{"create (Error): " + failed + ", " + failed + ", " + noHost},
		},
		"as it would anywhere": {
			tiny, func(int) error { return nova.Errorf(nova.Invalid, "The image is too sour.") }, "error",
			"Build of instance %s aborted: The image is too sour.",
			[]string{"create (Error): " + failed},
		},
		"no host has the room": {
			nova.Flavor{ID: "9", Name: "huge", RAM: 9000, VCPUs: 1, Disk: 1},
			nil, "error", "No valid host was found. ",
			[]string{"create (Error): " + noHost},
		},
	}, func(t *testing.T, s *site, _ string, c testCase) {
		tries := 0
		s.hooks.set(func(h *hooks) {
			h.driver = func(_ context.Context, verb string, _ nova.Server) error {
				if verb != "spawn" {
					return nil
				}
				tries++
				return c.spawn(tries)
			}
		})
		server := s.begin(s.as("demo"), onPrivate, func(n *compute.ServerRequest) { n.FlavorID = s.flavor(c.flavor) })
		s.work()
		s.wantStates(server.ID, c.states)
		s.wantRecord(server.ID, c.record...)
		s.settled()
		server = s.server(server.ID)
		switch {
		case c.fault == "" && server.Fault != nil:
			t.Errorf("fault %+v", server.Fault)
		case c.fault != "" && (server.Fault == nil || server.Fault.Message != strings.ReplaceAll(c.fault, "%s", server.ID) || server.Fault.Code != 500):
			t.Errorf("fault %+v, want %q", server.Fault, c.fault)
		case c.fault != "" && (server.Host != "" || len(server.Addresses) > 0):
			t.Errorf("still on host %q, with addresses %v", server.Host, server.Addresses)
		}
		s.must(s.api.Delete(s.as("demo"), server))
		s.work()
		s.settled()
	})
}

// TestCreate_TriesThreeHosts stops there, though there are more.
func TestCreate_TriesThreeHosts(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		s.addHost("fake-3")
		s.addHost("fake-4")
		var tried []string
		s.hooks.set(func(h *hooks) {
			h.driver = func(ctx context.Context, verb string, server nova.Server) error {
				if verb != "spawn" {
					return nil
				}
				tried = append(tried, s.server(server.ID).Host)
				return errors.New("boom")
			}
		})
		server := s.begin(s.as("demo"))
		s.work()
		slices.Sort(tried)
		s.wantStates(server.ID, "error")
		if len(tried) != 3 || len(slices.Compact(tried)) != 3 {
			t.Errorf("tried %v", tried)
		}
		s.settled()
	})
}

// TestCreate_Many makes as many servers as the quota allows, between the
// fewest and the most that were asked for.
func TestCreate_Many(t *testing.T) {
	t.Parallel()
	big := nova.Flavor{ID: "4", Name: "m1.large", RAM: 1024, VCPUs: 4, Disk: 1}
	type testCase struct {
		flavor   nova.Flavor
		min, max int
		ofUser   int // instances of the user's; 0 for as many as the project's
		made     int
		refusal  string
	}
	eachCase(t, map[string]testCase{
		"one":                     {tiny, 1, 1, 0, 1, ""},
		"all":                     {tiny, 3, 3, 0, 3, ""},
		"as many as fit":          {tiny, 2, 20, 0, 10, ""},
		"as cores allow":          {big, 1, 8, 0, 5, ""},
		"as the user's allow":     {tiny, 1, 8, 4, 4, ""},
		"just the fewest":         {tiny, 10, 11, 0, 10, ""},
		"more than the quota":     {tiny, 11, 11, 0, 0, "Quota exceeded for instances: Requested 11, but already used 0 of 10 instances"},
		"more than the user's":    {tiny, 5, 8, 4, 0, "Quota exceeded for instances: Requested 5-8, but already used 0 of 4 instances"},
		"more cores than allowed": {big, 6, 7, 0, 0, "Quota exceeded for cores: Requested 28, but already used 0 of 20 cores"},
	}, func(t *testing.T, s *site, _ string, c testCase) {
		ctx := s.as("demo")
		caller := nova.CallerOf(ctx)
		s.must(s.store.ResetQuota(ctx, caller.ProjectID, ""))
		if c.ofUser > 0 {
			s.must(s.store.SetUserQuota(ctx, caller.ProjectID, caller.UserID, nova.Quota{nova.QuotaInstances: c.ofUser}))
		}
		created, err := s.api.Create(ctx, request(func(n *compute.ServerRequest) {
			n.Min, n.Max, n.FlavorID = c.min, c.max, s.flavor(c.flavor)
		}))
		wantRefusal(t, err, nova.OverQuota, c.refusal)
		if len(created.Servers) != c.made {
			t.Errorf("made %d servers, want %d", len(created.Servers), c.made)
		}
		for i, server := range created.Servers {
			name := "web"
			if c.made > 1 {
				name = fmt.Sprintf("web-%d", i+1)
			}
			if server.Name != name || server.Hostname != name || server.LaunchIndex != i || server.ReservationID != created.Servers[0].ReservationID {
				t.Errorf("server %d: name %s, hostname %s, index %d", i, server.Name, server.Hostname, server.LaunchIndex)
			}
		}
		s.consistent()
		for _, server := range created.Servers {
			s.must(s.api.Delete(s.as("demo"), server))
		}
		s.settled()
	}, func(o *compute.Options) {
		o.Quota = nova.Quota{nova.QuotaInstances: 10, nova.QuotaCores: 20, nova.QuotaRAM: 51200}
	})
}

// TestCreate_Bound is for projects without a quota, which one request must not
// fill the store for.
func TestCreate_Bound(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		_, err := s.api.Create(s.as("demo"), request(func(r *compute.ServerRequest) { r.Min, r.Max = 1001, 1001 }))
		const text = "Quota exceeded for instances: Requested 1001, but already used 0 of 1000 instances"
		if !nova.Is(err, nova.OverQuota) || nova.Message(err) != text {
			t.Errorf("%v, want %s", err, text)
		}
	}, func(o *compute.Options) { o.Quota = nova.Quota{} })
}

// TestCreate_Refused is for what a client is told at once.
func TestCreate_Refused(t *testing.T) {
	t.Parallel()
	zero, key := 0, "nobody's"
	type testCase struct {
		change func(n *compute.ServerRequest)
		kind   nova.Kind
		text   string
	}
	eachCase(t, map[string]testCase{
		"more than one request may ask for": {
			func(n *compute.ServerRequest) { n.Min, n.Max = 1001, 2_000_000_000 }, nova.OverQuota,
			"Quota exceeded for cores, instances, ram: Requested 2000000000, 1001-2000000000, 1024000000000, " +
				"but already used 0, 0, 0 of 200, 100, 51200 cores, instances, ram",
		},
		"unknown image": {
			func(n *compute.ServerRequest) { n.ImageID = "00000000-0000-4000-8000-000000000000" },
			nova.Invalid, "Can not find requested image",
		},
		"unknown flavor": {
			func(n *compute.ServerRequest) { n.FlavorID = "nobody's" }, nova.Invalid, "Flavor nobody's could not be found.",
		},
		"flavor without a disk": {
			func(n *compute.ServerRequest) { n.FlavorID = "0" },
			nova.Forbidden, "Only volume-backed servers are allowed for flavors with zero disk.",
		},
		"unknown key": {func(n *compute.ServerRequest) { n.KeyName = &key }, nova.Invalid, "Invalid key_name provided."},
		"one hostname for several": {
			func(n *compute.ServerRequest) { n.Max, n.Hostname = 2, "web" },
			nova.Invalid, "Unable to allocate a single hostname to multiple instances",
		},
		"a volume that isn't there": {
			func(n *compute.ServerRequest) {
				n.Devices = []compute.BlockDevice{{Source: "volume", Destination: "volume", ID: "v", BootIndex: &zero}}
			},
			nova.Invalid, "Volume v could not be found.",
		},
		"too much metadata": {
			func(n *compute.ServerRequest) {
				n.Metadata = map[string]string{}
				for i := range 129 {
					n.Metadata[strconv.Itoa(i)] = ""
				}
			},
			nova.OverQuota, "Maximum number of metadata items exceeds 128",
		},
		"unknown security group": {
			func(n *compute.ServerRequest) { n.SecurityGroups = []string{"nobody's"} },
			nova.Invalid, "Unable to find security_group with name or id 'nobody's'",
		},
		"unknown network": {
			func(n *compute.ServerRequest) {
				n.Networks = compute.Networks{List: []compute.NIC{{NetworkID: "00000000-0000-4000-8000-000000000000"}}}
			},
			nova.Invalid, "Network 00000000-0000-4000-8000-000000000000 could not be found.",
		},
		"unknown port": {
			func(n *compute.ServerRequest) {
				n.Networks = compute.Networks{List: []compute.NIC{{PortID: "00000000-0000-4000-8000-000000000000"}}}
			},
			nova.Invalid, "Port id 00000000-0000-4000-8000-000000000000 could not be found.",
		},
		"one address for several": {
			func(n *compute.ServerRequest) {
				n.Max = 2
				n.Networks = compute.Networks{List: []compute.NIC{{NetworkID: private, FixedIP: "10.0.0.9"}}}
			},
			nova.Invalid, "Failed to launch instances: max_count cannot be greater than 1 if an fixed_ip is specified.",
		},
		"one port for several": {
			func(n *compute.ServerRequest) {
				n.Max = 2
				n.Networks = compute.Networks{List: []compute.NIC{{PortID: "p"}}}
			},
			nova.Invalid, "Failed to launch instances: Unable to launch multiple instances with a single configured port ID. " +
				"Please launch your instance one by one with different ports.",
		},
	}, func(t *testing.T, s *site, _ string, c testCase) {
		ctx := s.as("demo")
		s.flavor(nova.Flavor{ID: "0", Name: "zero", RAM: 512, VCPUs: 1})
		_, err := s.api.Create(ctx, request(c.change))
		wantRefusal(t, err, c.kind, strings.ReplaceAll(c.text, "PROJECT", nova.CallerOf(ctx).ProjectID))
		if left := s.servers(true); len(left) != 0 {
			t.Errorf("made %d servers", len(left))
		}
		s.settled()
	})
}

func TestCreate_Password(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		ctx, chosen := s.as("demo"), "let me in"
		for _, c := range []struct {
			chosen *string
			length int
		}{{nil, 12}, {&chosen, len(chosen)}} {
			created, err := s.api.Create(ctx, request(func(n *compute.ServerRequest) { n.Password = c.chosen }))
			s.must(err)
			if len(created.Password) != c.length || (c.chosen != nil && created.Password != chosen) {
				t.Errorf("password %q", created.Password)
			}
		}
	})
}
