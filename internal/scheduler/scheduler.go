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
	Needs     nova.Resources
	ProjectID string
	Flavor    nova.Flavor       // what the server is or is to be, for its name and extra specs
	ImageID   string            // what it is made of; empty for a volume
	Image     map[string]string // the properties of its image

	Zone    string   // the availability zone; empty for any
	Exclude []string // names of the hosts where it failed already
	To      Target   // where a caller would like the server to be, if it may be there
	Force   Target   // where an operator puts the server, whatever zone or heartbeat say

	Group *Group // the server group that the server is a member of; nil for none
	Hints Hints

	Seed  uint64 // decides between hosts of the same weight; a random number spreads servers
	Limit int    // how many hosts are wanted at the most; 0 for all that fit
}

// A Cloud is what the scheduler knows of all hosts.
type Cloud struct {
	Hosts      []nova.Host
	Aggregates []nova.Aggregate
	IOOps      map[string]int // by host: for how many servers data is being moved
}

// A State is a host as filters and weighers see it.
type State struct {
	*nova.Host
	Aggregates []*nova.Aggregate // that the host is in
	IOOps      int
}

// states are those of all hosts of a cloud.
func (c Cloud) states() []*State {
	of := map[string][]*nova.Aggregate{}
	for i := range c.Aggregates {
		for _, host := range c.Aggregates[i].Hosts {
			of[host] = append(of[host], &c.Aggregates[i])
		}
	}
	states, pointers := make([]State, len(c.Hosts)), make([]*State, len(c.Hosts))
	for i := range c.Hosts {
		name := c.Hosts[i].Name
		states[i] = State{&c.Hosts[i], of[name], c.IOOps[name]}
		pointers[i] = &states[i]
	}
	return pointers
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

// A Scheduler chooses as an operator has decided.
type Scheduler struct {
	o       Options
	filters []filter // those that are enabled, and those that always are
	forced  []filter // what is left of them for hosts that a server is forced to
}

// New makes a scheduler. The error names a filter that there is not, or that is
// not available.
func New(o Options) (*Scheduler, error) {
	enabled, err := o.enabled()
	if err != nil {
		return nil, err
	}
	s := &Scheduler{o: o}
	for _, f := range filters {
		if f.optional && !slices.Contains(enabled, f.name) {
			continue
		}
		s.filters = append(s.filters, f)
		if f.hard {
			s.forced = append(s.forced, f)
		}
	}
	return s, nil
}

// Plain is a scheduler with the default filters, to which all hosts that fit are
// alike.
func Plain() *Scheduler {
	s, err := New(Options{})
	if err != nil {
		panic(err) //nolint:forbidigo // the table of filters is wrong
	}
	return s
}

// A choice is a request, and what the operator has decided.
type choice struct {
	Request
	o *Options
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
//
// An operator who forces a server to a host means the soft filters not to count,
// as in Nova; the server must still fit.
func (s *Scheduler) Choose(r Request, cloud Cloud) ([]nova.Host, Report, error) {
	if err := s.knowsPolicy(r.Group); err != nil {
		return nil, nil, err
	}
	use := s.filters
	if r.Force != (Target{}) {
		use = s.forced
	}
	left := cloud.states()
	c := choice{r, &s.o}
	report := Report{{"hosts", len(left)}}
	for _, f := range use {
		left = slices.DeleteFunc(left, func(h *State) bool { return !f.pass(&c, h) })
		report = append(report, Count{f.name, len(left)})
		if len(left) == 0 {
			return nil, report, noValidHost(f.reason(r))
		}
	}
	return best(&c, left), report, nil
}

// knowsPolicy refuses a server of a group whose policy nothing enforces, in the
// words of nova/scheduler/utils.py.
func (s *Scheduler) knowsPolicy(g *Group) error {
	if g == nil {
		return nil
	}
	name := map[nova.GroupPolicy]string{nova.Affinity: affinityFilter, nova.AntiAffinity: antiAffinityFilter}[g.Policy]
	if name == "" || slices.ContainsFunc(s.filters, func(f filter) bool { return f.name == name }) {
		return nil
	}
	return nova.Errorf(nova.Invalid, "ServerGroup policy is not supported: %s not configured", name)
}

// noValidHost ends in a space if there is no reason to give, as Nova's does.
func noValidHost(reason string) error {
	return nova.Errorf(nova.Invalid, "No valid host was found. %s", reason)
}
