package scheduler

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"github.com/nova-api/nova-api/internal/nova"
)

// A filter tells which hosts a server may go to. A hard one holds even for a
// host that an operator forces a server to. An optional one has the name by which
// an operator enables it.
type filter struct {
	name     string
	optional bool
	hard     bool
	pass     func(*choice, *State) bool
	reason   func(Request) string // why there is no host, if this filter leaves none
}

// Filters that are named elsewhere too.
const (
	computeFilter      = "ComputeFilter"
	capabilitiesFilter = "ComputeCapabilitiesFilter"
	imageFilter        = "ImagePropertiesFilter"
	affinityFilter     = "ServerGroupAffinityFilter"
	antiAffinityFilter = "ServerGroupAntiAffinityFilter"
)

// filters are tried in this order. The untold ones Nova leaves to its placement
// service, which doesn't say why it found nothing; they are always enabled, and so
// is the zone.
var filters = []filter{
	{"target", false, true, isTarget, noSuchHost},
	{"enabled", false, true, isEnabled, untold},
	{"ram", false, true, hasRAM, untold},
	{"vcpu", false, true, hasVCPUs, untold},
	{"disk", false, true, hasDisk, untold},
	{"inventory", false, true, hasInventory, untold},
	{"not tried", false, true, isUntried, notEnough},
	{computeFilter, true, false, isUp, notEnough},
	{"zone", false, false, inZone, notEnough},
	{affinityFilter, true, true, keepsAffinity, notEnough},
	{antiAffinityFilter, true, true, keepsAntiAffinity, notEnough},
	{"SameHostFilter", true, false, isSameHost, notEnough},
	{"DifferentHostFilter", true, false, isDifferentHost, notEnough},
	{"SimpleCIDRAffinityFilter", true, false, isNear, notEnough},
	{"JsonFilter", true, false, answersQuery, notEnough},
	{capabilitiesFilter, true, false, hasCapabilities, notEnough},
	{imageFilter, true, false, suitsImage, notEnough},
	{"AggregateInstanceExtraSpecsFilter", true, false, aggregatesMatchExtraSpecs, notEnough},
	{"AggregateImagePropertiesIsolation", true, false, aggregatesMatchImage, notEnough},
	{"AggregateMultiTenancyIsolation", true, false, aggregatesAdmitProject, notEnough},
	{"AggregateTypeAffinityFilter", true, false, aggregatesAdmitFlavor, notEnough},
	{"IoOpsFilter", true, false, isCalm, notEnough},
	{"AggregateIoOpsFilter", true, false, isCalmInAggregates, notEnough},
	{"NumInstancesFilter", true, false, hasFewServers, notEnough},
	{"AggregateNumInstancesFilter", true, false, hasFewServersInAggregates, notEnough},
	{"IsolatedHostsFilter", true, false, keepsIsolation, notEnough},
}

// A filter's name says what a host must be to pass: the target of a request that
// names one, enabled by its operator, alive, not tried before by this server, in
// the zone asked for, with room for what the server needs.
func isTarget(c *choice, h *State) bool  { return c.To.is(h) && c.Force.is(h) }
func isEnabled(_ *choice, h *State) bool { return h.Enabled }
func isUp(_ *choice, h *State) bool      { return h.Up && !h.ForcedDown }
func isUntried(c *choice, h *State) bool { return !slices.Contains(c.Exclude, h.Name) }
func inZone(c *choice, h *State) bool    { return c.Zone == "" || c.Zone == h.Zone }
func hasRAM(c *choice, h *State) bool    { return fits(c.Needs.RAM, h.RAM, h.RAMUsed, h.RAMRatio) }

// hasDisk counts root, ephemeral and swap disks, in GB.
func hasDisk(c *choice, h *State) bool {
	return fits(c.Needs.Disk, h.Disk, h.DiskUsed, h.DiskRatio)
}

// hasVCPUs lets no server have more processors than the host really has, whatever
// the ratio.
func hasVCPUs(c *choice, h *State) bool {
	return fits(c.Needs.VCPUs, h.VCPUs, h.VCPUsUsed, h.CPURatio)
}

// The groups' filters hold even for forced hosts: a group's promise is to its
// members.
func keepsAffinity(c *choice, h *State) bool {
	return c.Group == nil || c.Group.Policy != nova.Affinity || c.Group.Allows(h.Name)
}

func keepsAntiAffinity(c *choice, h *State) bool {
	return c.Group == nil || c.Group.Policy != nova.AntiAffinity || c.Group.Allows(h.Name)
}

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
func isSameHost(c *choice, h *State) bool {
	return c.Hints.SameHost == nil || slices.Contains(c.Hints.SameHost, h.Name)
}

// isDifferentHost passes all other hosts than those of the servers that the hint
// different_host names.
func isDifferentHost(c *choice, h *State) bool {
	return !slices.Contains(c.Hints.DifferentHost, h.Name)
}

// isNear passes hosts whose address is in the network of the hints
// build_near_host_ip and cidr.
func isNear(c *choice, h *State) bool {
	if c.Hints.Near == (netip.Prefix{}) {
		return true
	}
	address, err := netip.ParseAddr(h.IP)
	return err == nil && c.Hints.Near.Contains(address)
}

// answersQuery passes hosts for which the hint query is true.
func answersQuery(c *choice, h *State) bool { return c.Hints.Query == nil || c.Hints.Query(h) }

// is reports whether a host is the target. What the target leaves open fits any
// host.
func (t Target) is(h *State) bool {
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
