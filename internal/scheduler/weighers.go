package scheduler

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
)

// Weights say how much each kind of free room counts. With a weight above
// zero servers spread, below zero they are packed; zero is indifference.
type Weights struct {
	RAM  float64
	CPU  float64
	Disk float64

	// How much a group's wish counts, beside free room.
	SoftAffinity     float64
	SoftAntiAffinity float64

	// How much counts what goes on at a host, and its version. Below zero, calm and
	// empty hosts are preferred.
	IOOps        float64
	NumInstances float64
	Version      float64
}

// A weigher prefers hosts with more of something. An aggregate's metadata of its
// name is the weight for the hosts in it.
type weigher struct {
	name   string
	weight func(Weights) float64
	amount func(*choice, *State) float64
}

// weighers measure free resources, a group's wishes and what goes on. Only CPUs
// are counted with their allocation ratio, as in Nova: a host is expected to share
// them.
var weighers = []weigher{
	{"ram_weight_multiplier", func(w Weights) float64 { return w.RAM }, func(_ *choice, h *State) float64 { return float64(h.RAM - h.RAMUsed) }},
	{"cpu_weight_multiplier", func(w Weights) float64 { return w.CPU }, func(_ *choice, h *State) float64 { return float64(h.VCPUs)*h.CPURatio - float64(h.VCPUsUsed) }},
	{"disk_weight_multiplier", func(w Weights) float64 { return w.Disk }, func(_ *choice, h *State) float64 { return float64(h.Disk - h.DiskUsed) }},
	{"soft_affinity_weight_multiplier", func(w Weights) float64 { return w.SoftAffinity }, members(nova.SoftAffinity, 1)},
	{"soft_anti_affinity_weight_multiplier", func(w Weights) float64 { return w.SoftAntiAffinity }, members(nova.SoftAntiAffinity, -1)},
	{"io_ops_weight_multiplier", func(w Weights) float64 { return w.IOOps }, func(_ *choice, h *State) float64 { return float64(h.IOOps) }},
	{"num_instances_weight_multiplier", func(w Weights) float64 { return w.NumInstances }, func(_ *choice, h *State) float64 { return float64(h.RunningVMs) }},
	{"hypervisor_version_weight_multiplier", func(w Weights) float64 { return w.Version }, func(_ *choice, h *State) float64 { return float64(h.Version) }},
}

// on is the weight for a host: the least that its aggregates say, or else the
// operator's for all. What is no number counts for nothing.
func (w weigher) on(h *State, all Weights) float64 {
	weight, told := 0.0, false
	for _, a := range h.Aggregates {
		if number, err := strconv.ParseFloat(strings.TrimSpace(a.Metadata[w.name]), 64); err == nil && (!told || number < weight) {
			weight, told = number, true
		}
	}
	if told {
		return weight
	}
	return w.weight(all)
}

// members measures how many members of the server's group run on a host, times
// a sign, if the group has the policy.
func members(policy nova.GroupPolicy, sign float64) func(*choice, *State) float64 {
	return func(c *choice, h *State) float64 {
		if c.Group == nil || c.Group.Policy != policy {
			return 0
		}
		return sign * float64(c.Group.Hosts[h.Name])
	}
}

// A candidate is a host with the score that decides, and a lot for a tie.
type candidate struct {
	host  *State
	score float64
	lot   uint64
}

// best puts the hosts in order and takes as many as are wanted. Any of the best
// few may come first, if the operator wants that.
func best(c *choice, hosts []*State) []nova.Host {
	candidates := make([]candidate, len(hosts))
	random := rand.New(rand.NewPCG(c.Seed, 0)) //nolint:gosec // nothing is secret about a tie
	for i, h := range hosts {
		candidates[i] = candidate{host: h, lot: random.Uint64()}
	}
	for _, w := range weighers {
		addScores(candidates, func(h *State) float64 { return w.on(h, c.o.Weights) }, func(h *State) float64 { return w.amount(c, h) })
	}
	slices.SortFunc(candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.lot, b.lot))
	})
	if subset := min(c.o.Subset, len(candidates)); subset > 1 {
		first := random.IntN(subset)
		candidates[0], candidates[first] = candidates[first], candidates[0]
	}
	if c.Limit > 0 && len(candidates) > c.Limit {
		candidates = candidates[:c.Limit]
	}
	chosen := make([]nova.Host, len(candidates))
	for i, one := range candidates {
		chosen[i] = *one.host.Host
	}
	return chosen
}

// addScores adds to each score as much as the weight for the host with the
// largest amount, nothing for the host with the smallest, and shares in between.
func addScores(candidates []candidate, weight, amount func(*State) float64) {
	least, most := amount(candidates[0].host), amount(candidates[0].host)
	for _, c := range candidates[1:] {
		least, most = min(least, amount(c.host)), max(most, amount(c.host))
	}
	if least == most {
		return
	}
	for i := range candidates {
		host := candidates[i].host
		if heavy := weight(host); heavy != 0 {
			candidates[i].score += heavy * (amount(host) - least) / (most - least)
		}
	}
}
