package scheduler

import (
	"cmp"
	"math/rand/v2"
	"slices"

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
}

// A weigher prefers hosts with more of something.
type weigher struct {
	weight func(Weights) float64
	amount func(*Request, *nova.Host) float64
}

// weighers measure free resources and a group's wishes. Only CPUs are counted
// with their allocation ratio, as in Nova: a host is expected to share them.
var weighers = []weigher{
	{func(w Weights) float64 { return w.RAM }, func(_ *Request, h *nova.Host) float64 { return float64(h.RAM - h.RAMUsed) }},
	{func(w Weights) float64 { return w.CPU }, func(_ *Request, h *nova.Host) float64 { return float64(h.VCPUs)*h.CPURatio - float64(h.VCPUsUsed) }},
	{func(w Weights) float64 { return w.Disk }, func(_ *Request, h *nova.Host) float64 { return float64(h.Disk - h.DiskUsed) }},
	{func(w Weights) float64 { return w.SoftAffinity }, members(nova.SoftAffinity, 1)},
	{func(w Weights) float64 { return w.SoftAntiAffinity }, members(nova.SoftAntiAffinity, -1)},
}

// members measures how many members of the server's group run on a host, times
// a sign, if the group has the policy.
func members(policy nova.GroupPolicy, sign float64) func(*Request, *nova.Host) float64 {
	return func(r *Request, h *nova.Host) float64 {
		if r.Group == nil || r.Group.Policy != policy {
			return 0
		}
		return sign * float64(r.Group.Hosts[h.Name])
	}
}

// A candidate is a host with the score that decides, and a lot for a tie.
type candidate struct {
	host  *nova.Host
	score float64
	lot   uint64
}

// best puts the hosts in order and takes as many as are wanted.
func best(r Request, hosts []*nova.Host) []nova.Host {
	candidates := make([]candidate, len(hosts))
	random := rand.New(rand.NewPCG(r.Seed, 0)) //nolint:gosec // nothing is secret about a tie
	for i, h := range hosts {
		candidates[i] = candidate{host: h, lot: random.Uint64()}
	}
	for _, w := range weighers {
		addScores(candidates, w.weight(r.Weights), func(h *nova.Host) float64 { return w.amount(&r, h) })
	}
	slices.SortFunc(candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.lot, b.lot))
	})
	if r.Limit > 0 && len(candidates) > r.Limit {
		candidates = candidates[:r.Limit]
	}
	chosen := make([]nova.Host, len(candidates))
	for i, c := range candidates {
		chosen[i] = *c.host
	}
	return chosen
}

// addScores adds to each score as much as the weight for the host with the
// largest amount, nothing for the host with the smallest, and shares in between.
func addScores(candidates []candidate, weight float64, amount func(*nova.Host) float64) {
	least, most := amount(candidates[0].host), amount(candidates[0].host)
	for _, c := range candidates[1:] {
		least, most = min(least, amount(c.host)), max(most, amount(c.host))
	}
	if weight == 0 || least == most {
		return
	}
	for i := range candidates {
		candidates[i].score += weight * (amount(candidates[i].host) - least) / (most - least)
	}
}
