// Package scheduler chooses the host that a server is to run on. It is a pure
// function over the states of the hosts: the caller claims the room on one of
// the hosts chosen, and takes the next if somebody else was faster.
package scheduler

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
)

// A Request is what a server needs of a host.
type Request struct {
	Needs   nova.Resources
	Zone    string   // the availability zone; empty for any
	Exclude []string // names of the hosts where it failed already
	To      Target   // where a caller would like the server to be, if it may be there
	Force   Target   // where an operator puts the server, whatever zone or heartbeat say

	Group *Group // the server group that the server is a member of; nil for none
	Hints Hints

	Weights Weights
	Seed    uint64 // decides between hosts of the same weight; a random number spreads servers
	Limit   int    // how many hosts are wanted at the most; 0 for all that fit
}

// A Target names a host, or a node of it, or both. Empty is any.
type Target struct {
	Host string
	Node string
}

// A Group is where the other members of a server group run.
type Group struct {
	Policy  nova.GroupPolicy
	PerHost int            // with AntiAffinity, how many members a host may have
	Hosts   map[string]int // the number of other members on each host that has any
}

// Hints are the wishes of whoever creates a server, once the servers that they
// name have been found on their hosts.
type Hints struct {
	SameHost      []string     // only these hosts will do; nil for no such hint
	DifferentHost []string     // none of these hosts will do
	Near          netip.Prefix // only hosts with an address in it will do; the zero value for no such hint
	Query         Query        // what a host must be; nil for no such hint
}

// A Report says how many hosts were left after each filter, in their order.
// It ends with the filter that left none.
type Report []Count

// A Count is a line of a Report.
type Count struct {
	Filter string
	Hosts  int
}

// String is the report as a line for the log.
func (r Report) String() string {
	var b strings.Builder
	for i, count := range r {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(count.Filter + " " + strconv.Itoa(count.Hosts))
	}
	return b.String()
}

// Choose finds the hosts that a server fits on, the best first. If there are
// none, the error says so in the words that the server's fault shows; it is of
// kind nova.Invalid, which is what a client is told that waits for the answer.
// The report is there in either case.
func Choose(r Request, hosts []nova.Host) ([]nova.Host, Report, error) {
	left := make([]*nova.Host, len(hosts))
	for i := range hosts {
		left[i] = &hosts[i]
	}
	report := Report{{"hosts", len(left)}}
	for _, f := range filtersFor(r) {
		left = slices.DeleteFunc(left, func(h *nova.Host) bool { return !f.pass(&r, h) })
		report = append(report, Count{f.name, len(left)})
		if len(left) == 0 {
			return nil, report, noValidHost(f.reason(r))
		}
	}
	return best(r, left), report, nil
}

// noValidHost ends in a space if there is no reason to give, as Nova's does.
func noValidHost(reason string) error {
	return nova.Errorf(nova.Invalid, "No valid host was found. %s", reason)
}
