package scheduler

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/nova-api/nova-api/internal/nova"
)

// hostNames is made anew for each host: a generator that parallel tests share is a race.
func hostNames() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"})
}

func drawHost(t *rapid.T) nova.Host {
	amount, ratios := rapid.IntRange(0, 200), rapid.Float64Range(0.1, 16)
	hostNames, zoneNames := hostNames(), rapid.SampledFrom([]string{"nova", "east"})
	return nova.Host{
		Name: hostNames.Draw(t, "name"), Node: hostNames.Draw(t, "node"), Zone: zoneNames.Draw(t, "zone"),
		Enabled: rapid.Bool().Draw(t, "enabled"), Up: rapid.Bool().Draw(t, "up"), ForcedDown: rapid.Bool().Draw(t, "forced down"),
		VCPUs: amount.Draw(t, "vcpus"), VCPUsUsed: amount.Draw(t, "vcpus used"), CPURatio: ratios.Draw(t, "cpu ratio"),
		RAM: amount.Draw(t, "ram"), RAMUsed: amount.Draw(t, "ram used"), RAMRatio: ratios.Draw(t, "ram ratio"),
		Disk: amount.Draw(t, "disk"), DiskUsed: amount.Draw(t, "disk used"), DiskRatio: ratios.Draw(t, "disk ratio"),
	}
}

func drawRequest(t *rapid.T) Request {
	amount := rapid.IntRange(0, 50)
	return Request{
		Needs:   nova.Resources{VCPUs: amount.Draw(t, "vcpus"), RAM: amount.Draw(t, "ram"), Disk: amount.Draw(t, "disk")},
		Zone:    rapid.SampledFrom([]string{"", "nova", "east"}).Draw(t, "zone"),
		Exclude: rapid.SliceOfN(hostNames(), 0, 2).Draw(t, "exclude"),
		Seed:    rapid.Uint64().Draw(t, "seed"),
		Limit:   rapid.IntRange(0, 3).Draw(t, "limit"),
	}
}

func drawWeights(t *rapid.T) Weights {
	weight := rapid.Float64Range(-2, 2)
	return Weights{RAM: weight.Draw(t, "ram weight"), CPU: weight.Draw(t, "cpu weight"), Disk: weight.Draw(t, "disk weight")}
}

// suits says anew, in other words than the filters, what a host must be.
func suits(r Request, h nova.Host) bool {
	if slices.Contains(r.Exclude, h.Name) || (r.Zone != "" && r.Zone != h.Zone) {
		return false
	}
	room := func(want, total, used int, ratio float64) bool {
		capacity := math.Floor(float64(total) * ratio)
		return want == 0 || (want <= total && float64(want) <= capacity-float64(used))
	}
	return h.Enabled && h.Up && !h.ForcedDown &&
		room(r.Needs.VCPUs, h.VCPUs, h.VCPUsUsed, h.CPURatio) &&
		room(r.Needs.RAM, h.RAM, h.RAMUsed, h.RAMRatio) &&
		room(r.Needs.Disk, h.Disk, h.DiskUsed, h.DiskRatio)
}

func TestChoose_ExactlyTheHostsThatSuit(t *testing.T) {
	t.Parallel()
	outer := t
	rapid.Check(t, func(t *rapid.T) {
		r := drawRequest(t)
		hosts := rapid.SliceOfN(rapid.Custom(drawHost), 0, 12).Draw(t, "hosts")
		want := 0
		for _, h := range hosts {
			if suits(r, h) {
				want++
			}
		}
		if r.Limit > 0 {
			want = min(want, r.Limit)
		}
		got, report, err := with(outer, drawWeights(t)).Choose(r, Cloud{Hosts: hosts})
		if len(got) != want || (err == nil) != (want > 0) {
			t.Fatalf("%d hosts and %v, want %d hosts: %s", len(got), err, want, report)
		}
		for _, h := range got {
			if !suits(r, h) {
				t.Fatalf("%+v doesn't suit", h)
			}
		}
		for i := 1; i < len(report); i++ {
			if report[i].Hosts > report[i-1].Hosts {
				t.Fatalf("a filter added hosts: %s", report)
			}
		}
	})
}

func TestChoose_OrderIsByWeight(t *testing.T) {
	t.Parallel()
	outer := t
	rapid.Check(t, func(t *rapid.T) {
		weights, r := drawWeights(t), Request{Seed: rapid.Uint64().Draw(t, "tie")}
		hosts := rapid.SliceOfN(rapid.Custom(drawHost), 1, 12).Draw(t, "hosts")
		for i := range hosts {
			hosts[i].Enabled, hosts[i].Up, hosts[i].ForcedDown = true, true, false
		}
		got, _, err := with(outer, weights).Choose(r, Cloud{Hosts: hosts})
		if err != nil || len(got) != len(hosts) {
			t.Fatalf("%d of %d hosts, %v", len(got), len(hosts), err)
		}
		share := func(free func(nova.Host) float64) func(nova.Host) float64 {
			least, most := math.Inf(1), math.Inf(-1)
			for _, h := range hosts {
				least, most = math.Min(least, free(h)), math.Max(most, free(h))
			}
			if least == most {
				return func(nova.Host) float64 { return 0 }
			}
			return func(h nova.Host) float64 { return (free(h) - least) / (most - least) }
		}
		ram := share(func(h nova.Host) float64 { return float64(h.RAM - h.RAMUsed) })
		cpu := share(func(h nova.Host) float64 { return float64(h.VCPUs)*h.CPURatio - float64(h.VCPUsUsed) })
		disk := share(func(h nova.Host) float64 { return float64(h.Disk - h.DiskUsed) })
		score := func(h nova.Host) float64 {
			return weights.RAM*ram(h) + weights.CPU*cpu(h) + weights.Disk*disk(h)
		}
		const noise = 1e-9
		for i := 1; i < len(got); i++ {
			if score(got[i]) > score(got[i-1])+noise {
				t.Fatalf("host %d weighs %g, the one before it %g", i, score(got[i]), score(got[i-1]))
			}
		}
	})
}
