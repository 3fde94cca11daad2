package scheduler

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/internal/nova"
)

// with makes a scheduler of some weights.
func with(t testing.TB, weights Weights) *Scheduler {
	t.Helper()
	s, err := New(Options{Weights: weights})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var even = Weights{RAM: 1, CPU: 1, Disk: 1}

// host is an empty host of 8 CPUs, 8 GB and 100 GB, after the changes given.
func host(name string, changes ...func(*nova.Host)) nova.Host {
	h := nova.Host{
		Name: name, Node: name + "-node", Zone: "nova", Enabled: true, Up: true,
		VCPUs: 8, RAM: 8192, Disk: 100, CPURatio: 4, RAMRatio: 1, DiskRatio: 1,
	}
	for _, change := range changes {
		change(&h)
	}
	return h
}

func ramUsed(mb int) func(*nova.Host) { return func(h *nova.Host) { h.RAMUsed = mb } }

func zone(name string) func(*nova.Host) { return func(h *nova.Host) { h.Zone = name } }

func disabled(h *nova.Host) { h.Enabled = false }

func down(h *nova.Host) { h.Up = false }

func forcedDown(h *nova.Host) { h.ForcedDown = true }

func names(hosts []nova.Host) []string {
	var list []string
	for _, h := range hosts {
		list = append(list, h.Name)
	}
	return list
}

func TestChoose(t *testing.T) {
	t.Parallel()
	small := nova.Resources{Instances: 1, VCPUs: 1, RAM: 512, Disk: 1}
	const (
		silent = "No valid host was found. "
		few    = "No valid host was found. There are not enough hosts available."
	)
	tests := []struct {
		name  string
		r     Request
		hosts []nova.Host
		want  []string
		fault string
	}{
		{"most free memory first", Request{}, []nova.Host{host("a", ramUsed(4096)), host("b"), host("c", ramUsed(1024))}, []string{"b", "c", "a"}, ""},
		{"limit", Request{Limit: 1}, []nova.Host{host("a", ramUsed(4096)), host("b")}, []string{"b"}, ""},
		{"no hosts", Request{}, nil, nil, silent},
		{"disabled", Request{}, []nova.Host{host("a", disabled), host("b")}, []string{"b"}, ""},
		{"all disabled", Request{}, []nova.Host{host("a", disabled)}, nil, silent},
		{"down", Request{}, []nova.Host{host("a", down), host("b", forcedDown), host("c")}, []string{"c"}, ""},
		{"all down", Request{}, []nova.Host{host("a", down), host("b", forcedDown)}, nil, few},
		{"zone", Request{Zone: "east"}, []nova.Host{host("a"), host("b", zone("east"))}, []string{"b"}, ""},
		{"nothing in the zone", Request{Zone: "east"}, []nova.Host{host("a")}, nil, few},
		{"tried", Request{Exclude: []string{"a"}}, []nova.Host{host("a"), host("b")}, []string{"b"}, ""},
		{"all tried", Request{Exclude: []string{"a", "b"}}, []nova.Host{host("a"), host("b")}, nil, few},
		{"wanted host", Request{To: Target{Host: "b"}}, []nova.Host{host("a"), host("b")}, []string{"b"}, ""},
		{"wanted node", Request{To: Target{Node: "b-node"}}, []nova.Host{host("a"), host("b")}, []string{"b"}, ""},
		{"wanted host is down", Request{To: Target{Host: "a"}}, []nova.Host{host("a", down), host("b")}, nil, few},
		{"no such host", Request{To: Target{Host: "x"}}, []nova.Host{host("a")}, nil, silent + "No such host - host: x node: None "},
		{"no such node", Request{Force: Target{"a", "x"}}, []nova.Host{host("a")}, nil, silent + "No such host - host: a node: x "},
		{"no such node alone", Request{Force: Target{Node: "x"}}, []nova.Host{host("a")}, nil, silent + "No such host - host: None node: x "},
		{"forced past zone and heartbeat", Request{Zone: "east", Force: Target{Host: "a"}}, []nova.Host{host("a", down), host("b")}, []string{"a"}, ""},
		{"not forced past disabled", Request{Force: Target{Host: "a"}}, []nova.Host{host("a", disabled)}, nil, silent},
		{"not forced past room", Request{Force: Target{Host: "a"}}, []nova.Host{host("a", ramUsed(8000))}, nil, silent},
		{"not forced where it failed", Request{Force: Target{Host: "a"}, Exclude: []string{"a"}}, []nova.Host{host("a")}, nil, few},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.r.Needs = small
			before := slices.Clone(tt.hosts)
			got, report, err := with(t, even).Choose(tt.r, Cloud{Hosts: tt.hosts})
			if diff := cmp.Diff(tt.want, names(got)); diff != "" {
				t.Errorf("hosts (-want +got):\n%s", diff)
			}
			if nova.Message(err) != tt.fault {
				t.Errorf("fault = %q, want %q", nova.Message(err), tt.fault)
			}
			if (err != nil) != nova.Is(err, nova.Invalid) {
				t.Errorf("kind of %v = %v", err, nova.KindOf(err))
			}
			if report[0] != (Count{"hosts", len(tt.hosts)}) {
				t.Errorf("report starts with %v", report[0])
			}
			if diff := cmp.Diff(before, tt.hosts); diff != "" {
				t.Errorf("the hosts handed in have changed:\n%s", diff)
			}
		})
	}
}

func TestChoose_Room(t *testing.T) {
	t.Parallel()
	h := host("a", func(h *nova.Host) {
		h.VCPUsUsed, h.RAMUsed, h.DiskUsed = 20, 6144, 40
		h.RAMRatio, h.DiskRatio = 1.5, 0.5
	})
	tests := []struct {
		name  string
		needs nova.Resources
		fits  bool
	}{
		{"nothing", nova.Resources{}, true},
		{"the last memory", nova.Resources{RAM: 6144}, true},
		{"a megabyte more", nova.Resources{RAM: 6145}, false},
		{"the last disk", nova.Resources{Disk: 10}, true},
		{"a gigabyte more", nova.Resources{Disk: 11}, false},
		{"all real CPUs", nova.Resources{VCPUs: 8}, true},
		{"more CPUs than are real", nova.Resources{VCPUs: 9}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := with(t, even).Choose(Request{Needs: tt.needs}, Cloud{Hosts: []nova.Host{h}})
			if (err == nil) != tt.fits {
				t.Errorf("Choose: %v, want room: %t", err, tt.fits)
			}
		})
	}
}

func TestChoose_Report(t *testing.T) {
	t.Parallel()
	hosts := []nova.Host{host("a", disabled), host("b", ramUsed(8192)), host("c", down)}
	_, report, err := with(t, even).Choose(Request{Needs: nova.Resources{RAM: 1}}, Cloud{Hosts: hosts})
	if err == nil {
		t.Fatal("a host was found")
	}
	const want = "hosts 3, target 3, enabled 2, ram 1, vcpu 1, disk 1, inventory 1, not tried 1, ComputeFilter 0"
	if report.String() != want {
		t.Errorf("report = %q, want %q", report, want)
	}
}

func TestChoose_TiesSpread(t *testing.T) {
	t.Parallel()
	hosts := []nova.Host{host("a"), host("b"), host("c"), host("d")}
	first, s := map[string]int{}, with(t, even)
	for seed := range uint64(400) {
		r := Request{Seed: seed}
		got, _, err := s.Choose(r, Cloud{Hosts: hosts})
		if err != nil {
			t.Fatal(err)
		}
		again, _, _ := s.Choose(r, Cloud{Hosts: hosts})
		if diff := cmp.Diff(names(got), names(again)); diff != "" {
			t.Fatalf("seed %d gives two orders:\n%s", seed, diff)
		}
		first[got[0].Name]++
	}
	for _, h := range hosts {
		if first[h.Name] < 50 {
			t.Errorf("%s came first %d times of 400", h.Name, first[h.Name])
		}
	}
}

func BenchmarkChoose(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{10, 1000, 10000} {
		hosts := make([]nova.Host, n)
		for i := range hosts {
			hosts[i] = host(fmt.Sprintf("host-%05d", i), ramUsed(random.IntN(8192)))
		}
		for _, limit := range []int{0, 5} {
			b.Run(fmt.Sprintf("hosts=%d/limit=%d", n, limit), func(b *testing.B) {
				b.ReportAllocs()
				s := with(b, even)
				r := Request{Needs: nova.Resources{VCPUs: 1, RAM: 512, Disk: 1}, Zone: "nova", Limit: limit}
				for b.Loop() {
					if _, _, err := s.Choose(r, Cloud{Hosts: hosts}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func TestChoose_GroupsAndHints(t *testing.T) {
	t.Parallel()
	on := func(policy nova.GroupPolicy, perHost int, hosts map[string]int) *Group {
		return &Group{Policy: policy, PerHost: perHost, Hosts: hosts}
	}
	query := func(text string) Hints {
		q, err := ParseQuery(text)
		if err != nil {
			t.Fatal(err)
		}
		return Hints{Query: q}
	}
	hosts := []nova.Host{host("a", address("10.0.0.1")), host("b", address("10.0.1.1")), host("c", address(""))}
	for _, tt := range []struct {
		name string
		r    Request
		want []string // in any order, unless the name says first
	}{
		{"affinity, no member yet", Request{Group: on(nova.Affinity, 0, nil)}, []string{"a", "b", "c"}},
		{"affinity", Request{Group: on(nova.Affinity, 0, map[string]int{"b": 2})}, []string{"b"}},
		{"affinity with a host that is not there", Request{Group: on(nova.Affinity, 0, map[string]int{"x": 2})}, nil},
		{"anti-affinity", Request{Group: on(nova.AntiAffinity, 1, map[string]int{"b": 1})}, []string{"a", "c"}},
		{"two on a host", Request{Group: on(nova.AntiAffinity, 2, map[string]int{"a": 2, "b": 1})}, []string{"b", "c"}},
		{"anti-affinity, all taken", Request{Group: on(nova.AntiAffinity, 1, map[string]int{"a": 1, "b": 1, "c": 1})}, nil},
		{"soft affinity first", Request{Group: on(nova.SoftAffinity, 0, map[string]int{"b": 1}), Limit: 1}, []string{"b"}},
		{"soft anti-affinity first", Request{Group: on(nova.SoftAntiAffinity, 0, map[string]int{"a": 2, "b": 1, "c": 3}), Limit: 1}, []string{"b"}},
		{"same host", Request{Hints: Hints{SameHost: []string{"c"}}}, []string{"c"}},
		{"same host, nowhere", Request{Hints: Hints{SameHost: []string{}}}, nil},
		{"different host", Request{Hints: Hints{DifferentHost: []string{"a", "b"}}}, []string{"c"}},
		{"near", Request{Hints: Hints{Near: netip.MustParsePrefix("10.0.0.0/24")}}, []string{"a"}},
		{"query", Request{Hints: query(`["or", ["=", "$host", "a"], ["in", "$nodename", "x", "c-node"]]`)}, []string{"a", "c"}},
		{"query for more than there is", Request{Hints: query(`["and", [">=", "$free_ram_mb", 8192], [">", "$vcpus_total", 8]]`)}, nil},
		{"query for what hosts don't have", Request{Hints: query(`["=", "$colour", "red"]`)}, nil},
		{"inverse query", Request{Hints: query(`["not", ["=", "$host", "a"]]`)}, []string{"b", "c"}},
		{"query of unlike things", Request{Hints: query(`["<", "$host", 5]`)}, nil},
		{"empty query", Request{Hints: query(`[]`)}, []string{"a", "b", "c"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, _, err := with(t, Weights{SoftAffinity: 1, SoftAntiAffinity: 1}).Choose(tt.r, Cloud{Hosts: hosts})
			if diff := cmp.Diff(tt.want, slices.Sorted(slices.Values(names(got)))); diff != "" {
				t.Errorf("hosts (-want +got):\n%s", diff)
			}
			if (err == nil) != (len(tt.want) > 0) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestParseQuery_Refused(t *testing.T) {
	t.Parallel()
	for name, hint := range map[string]any{
		"no JSON":          `["=",`,
		"unknown operator": `["~", "$host", "a"]`,
		"no operator":      `[1, 2]`,
		"nested too deep":  strings.Repeat(`["not", `, 100) + "1" + strings.Repeat("]", 100),
	} {
		if _, err := ParseQuery(hint); !nova.Is(err, nova.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func address(ip string) func(*nova.Host) { return func(h *nova.Host) { h.IP = ip } }
