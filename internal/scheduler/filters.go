package scheduler

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"github.com/nova-api/nova-api/internal/nova"
)

// A filter tells which hosts a server may go to. A hard one holds even for a
// host that an operator forces a server to.
type filter struct {
	name   string
	hard   bool
	pass   func(*Request, *nova.Host) bool
	reason func(Request) string // why there is no host, if this filter leaves none
}

// filters are tried in this order. The untold ones Nova leaves to its placement
// service, which doesn't say why it found nothing.
var filters = []filter{
	{"target", true, isTarget, noSuchHost},
	{"enabled", true, isEnabled, untold},
	{"ram", true, hasRAM, untold},
	{"vcpu", true, hasVCPUs, untold},
	{"disk", true, hasDisk, untold},
	{"not tried", true, isUntried, notEnough},
	{"up", false, isUp, notEnough},
	{"zone", false, inZone, notEnough},
	{"server group", true, keepsGroup, notEnough},
	{"same host", false, isSameHost, notEnough},
	{"different host", false, isDifferentHost, notEnough},
	{"near", false, isNear, notEnough},
	{"query", false, answersQuery, notEnough},
}

// filtersFor are the filters for a request. An operator who forces a server to a
// host means the soft ones not to count, as in Nova; the server must still fit.
func filtersFor(r Request) []filter {
	if r.Force == (Target{}) {
		return filters
	}
	return slices.DeleteFunc(slices.Clone(filters), func(f filter) bool { return !f.hard })
}

// A filter's name says what a host must be to pass: the target of a request that
// names one, enabled by its operator, alive, not tried before by this server, in
// the zone asked for, with room for what the server needs.
func isTarget(r *Request, h *nova.Host) bool  { return r.To.is(h) && r.Force.is(h) }
func isEnabled(_ *Request, h *nova.Host) bool { return h.Enabled }
func isUp(_ *Request, h *nova.Host) bool      { return h.Up && !h.ForcedDown }
func isUntried(r *Request, h *nova.Host) bool { return !slices.Contains(r.Exclude, h.Name) }
func inZone(r *Request, h *nova.Host) bool    { return r.Zone == "" || r.Zone == h.Zone }
func hasRAM(r *Request, h *nova.Host) bool    { return fits(r.Needs.RAM, h.RAM, h.RAMUsed, h.RAMRatio) }

// hasDisk counts root, ephemeral and swap disks, in GB.
func hasDisk(r *Request, h *nova.Host) bool {
	return fits(r.Needs.Disk, h.Disk, h.DiskUsed, h.DiskRatio)
}

// hasVCPUs lets no server have more processors than the host really has, whatever
// the ratio.
func hasVCPUs(r *Request, h *nova.Host) bool {
	return fits(r.Needs.VCPUs, h.VCPUs, h.VCPUsUsed, h.CPURatio)
}

// keepsGroup holds even for forced hosts: a group's promise is to its members.
func keepsGroup(r *Request, h *nova.Host) bool { return r.Group.Allows(h.Name) }

// Allows reports whether a group's policy lets one more member run on a host.
// The first member of an affinity group may go anywhere, and all others where a
// member runs. A server that is in no group may go anywhere.
func (g *Group) Allows(host string) bool {
	switch {
	case g == nil:
		return true
	case g.Policy == nova.Affinity:
		return len(g.Hosts) == 0 || g.Hosts[host] > 0
	case g.Policy == nova.AntiAffinity:
		return g.Hosts[host] < g.PerHost
	}
	return true
}

// isSameHost passes the hosts of the servers that the hint same_host names. Nil is
// no such hint; an empty list, of servers that have no host, passes none.
func isSameHost(r *Request, h *nova.Host) bool {
	return r.Hints.SameHost == nil || slices.Contains(r.Hints.SameHost, h.Name)
}

// isDifferentHost passes all other hosts than those of the servers that the hint
// different_host names.
func isDifferentHost(r *Request, h *nova.Host) bool {
	return !slices.Contains(r.Hints.DifferentHost, h.Name)
}

// isNear passes hosts whose address is in the network of the hints
// build_near_host_ip and cidr.
func isNear(r *Request, h *nova.Host) bool {
	if r.Hints.Near == (netip.Prefix{}) {
		return true
	}
	address, err := netip.ParseAddr(h.IP)
	return err == nil && r.Hints.Near.Contains(address)
}

// answersQuery passes hosts for which the hint query is true.
func answersQuery(r *Request, h *nova.Host) bool { return r.Hints.Query == nil || r.Hints.Query(h) }

// is reports whether a host is the target. What the target leaves open fits any
// host.
func (t Target) is(h *nova.Host) bool {
	return (t.Host == "" || t.Host == h.Name) && (t.Node == "" || t.Node == h.Node)
}

// fits tells whether there is room for some more. A ratio lets servers share
// what the host has, but none may want more than there really is.
func fits(want, total, used int, ratio float64) bool {
	return want == 0 || want <= total && used+want <= int(float64(total)*ratio)
}

// untold leaves the reason to the general sentence, "No valid host was found.".
func untold(Request) string { return "" }

// notEnough is what Nova says wherever one of its own filters has left no host.
func notEnough(Request) string { return "There are not enough hosts available." }

// noSuchHost names the host that was asked for, in the words of
// resources_from_request_spec in nova/scheduler/utils.py.
func noSuchHost(r Request) string {
	t := cmp.Or(r.Force, r.To)
	if t == (Target{}) {
		return ""
	}
	return fmt.Sprintf("No such host - host: %s node: %s ", cmp.Or(t.Host, "None"), cmp.Or(t.Node, "None"))
}
