package compute_test

import (
	"context"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

// group makes a server group of the caller's project.
func (s *site) group(ctx context.Context, policy nova.GroupPolicy, perHost *int) string {
	s.t.Helper()
	caller := nova.CallerOf(ctx)
	group, err := s.store.CreateServerGroup(ctx, nova.ServerGroup{
		ID: uuid.NewString(), Name: "g", Policy: policy, MaxServerPerHost: perHost, ProjectID: caller.ProjectID, UserID: caller.UserID,
	}, nil, nil)
	s.must(err)
	return group.ID
}

func hinted(name string, values ...string) func(*compute.ServerRequest) {
	return func(r *compute.ServerRequest) { r.Hints = map[string][]string{name: values} }
}

// Any number of members are placed at once, by several workers, and the policy
// of their group holds.
func TestPlace_Groups(t *testing.T) {
	t.Parallel()
	const members, workers = 6, 3
	type testCase struct {
		policy  nova.GroupPolicy // empty: the group is deleted before its members are placed
		perHost *int
		active  int // how many find a host
		most    int // on one host
	}
	eachCase(t, map[string]testCase{
		"affinity":        {nova.Affinity, nil, members, members},
		"anti-affinity":   {nova.AntiAffinity, nil, 2, 1},
		"two on a host":   {nova.AntiAffinity, new(2), 4, 2},
		"soft affinity":   {nova.SoftAffinity, nil, members, members},
		"a deleted group": {"", nil, members, members},
	}, func(t *testing.T, s *site, name string, c testCase) {
		ctx := s.as("demo")
		policy := c.policy
		if policy == "" {
			policy = nova.AntiAffinity
		}
		group := s.group(ctx, policy, c.perHost)
		var servers []nova.Server
		for range members {
			servers = append(servers, s.begin(ctx, hinted("group", group)))
		}
		if c.policy == "" {
			s.must(s.store.DeleteServerGroup(ctx, group))
		}
		var group3 sync.WaitGroup
		for range workers {
			group3.Go(func() { s.workWith(s.newWorker()) })
		}
		group3.Wait()
		s.work()
		active, on := 0, map[string]int{}
		for _, server := range servers {
			server = s.server(server.ID)
			switch server.VMState {
			case nova.Active:
				active++
				on[server.Host]++
			case nova.Errored:
				if want := "No valid host was found. There are not enough hosts available."; server.Fault.Message != want {
					t.Errorf("%s: fault %q, want %q", name, server.Fault.Message, want)
				}
			default:
				t.Errorf("%s: server is %s", name, server.VMState)
			}
			s.must(s.api.Delete(ctx, server))
		}
		if active != c.active {
			t.Errorf("%d servers are active, want %d", active, c.active)
		}
		if c.policy == nova.Affinity && len(on) != 1 {
			t.Errorf("the members are on %v", on)
		}
		for host, number := range on {
			if number > c.most {
				t.Errorf("%s has %d members, want %d at the most", host, number, c.most)
			}
		}
		s.work()
	})
}

func TestPlace_Hints(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		ctx := s.as("demo")
		first := s.boot(ctx)
		for name, c := range map[string]struct {
			hint, value string
			same        bool
		}{
			"same host":      {"same_host", first.ID, true},
			"different host": {"different_host", first.ID, false},
			"query":          {"query", `["=", "$host", "` + first.Host + `"]`, true},
		} {
			server := s.boot(ctx, hinted(c.hint, c.value))
			if (server.Host == first.Host) != c.same {
				t.Errorf("%s: on %s, the other is on %s", name, server.Host, first.Host)
			}
		}
		s.boot(ctx, hinted("build_near_host_ip", "127.0.0.9"))
		for name, value := range map[string]string{
			"build_near_host_ip": "192.0.2.1", "same_host": uuid.NewString(), "query": `["=", "$host", "elsewhere"]`,
		} {
			server := s.begin(ctx, hinted(name, value))
			s.work()
			if server = s.server(server.ID); server.VMState != nova.Errored || server.Fault.Message != "No valid host was found. There are not enough hosts available." {
				t.Errorf("%s: %s, %+v", name, server.VMState, server.Fault)
			}
		}
	})
}
