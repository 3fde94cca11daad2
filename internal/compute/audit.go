package compute

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
)

// An Audit compares what is counted with what there is: the usage of projects and
// users, the room that hosts have given away, whether somebody is at work on each server
// that is busy, and which volumes are attached. It may run beside everything else.
type Audit struct {
	Store *db.Store
	// Looks is how often it looks, and Pause the time between: only what is wrong
	// each time is wrong, since servers change between two queries of one look.
	Looks int
	Pause time.Duration
	// Attachments finds what the block storage service has attached. Nil leaves that out.
	Attachments func(ctx context.Context) ([]nova.VolumeAttachment, error)
	// Told is called now and then with the number of servers read. It may be nil.
	Told func(servers int)
}

// A Finding is how much was looked at, and what is wrong with it: sentences.
type Finding struct {
	Servers int
	Hosts   int
	Wrong   []string
}

// Run looks as often as it should. It returns only errors of the store.
func (a Audit) Run(ctx context.Context) (Finding, error) {
	finding, err := a.look(ctx)
	for range a.Looks - 1 {
		if err != nil || len(finding.Wrong) == 0 {
			return finding, err
		}
		select {
		case <-ctx.Done():
			return finding, ctx.Err()
		case <-time.After(a.Pause):
		}
		earlier := finding.Wrong
		if finding, err = a.look(ctx); err == nil {
			finding.Wrong = slices.DeleteFunc(finding.Wrong, func(s string) bool { return !slices.Contains(earlier, s) })
		}
	}
	return finding, err
}

// auditPage is how many servers are read at once.
const auditPage = 1000

// look looks once.
func (a Audit) look(ctx context.Context) (f Finding, err error) {
	unfinished, err := a.Store.Unfinished(ctx)
	if err != nil {
		return f, err
	}
	underWay := map[string][]nova.Action{}
	for _, action := range unfinished {
		underWay[action.ServerID] = append(underWay[action.ServerID], action)
	}
	volumes, err := a.attachments(ctx)
	if err != nil {
		return f, err
	}
	is, page := newSums(), nova.Page{Limit: auditPage}
	for {
		servers, err := a.Store.Servers(ctx, db.ServerFilter{Deleted: new(false), SoftDeleted: new(true)}, page)
		if err != nil {
			return f, err
		}
		for _, s := range servers {
			if err := is.add(s, underWay[s.ID]); err != nil {
				return f, err
			}
			if (s.TaskState != nova.Idle || s.VMState == nova.Building) && len(underWay[s.ID]) == 0 {
				f.Wrong = append(f.Wrong, fmt.Sprintf("server %s is %s, busy with %q, and nothing is under way", s.ID, s.VMState, s.TaskState))
			}
			if a.Attachments != nil {
				f.Wrong = append(f.Wrong, volumes.compareServer(s, len(underWay[s.ID]) > 0)...)
			}
		}
		f.Servers += len(servers)
		if a.Told != nil {
			a.Told(f.Servers)
		}
		if len(servers) < auditPage {
			break
		}
		page.Marker = servers[len(servers)-1].ID
	}
	usages, err := a.Store.Usages(ctx)
	if err != nil {
		return f, err
	}
	hosts, err := a.Store.Hosts(ctx, time.Minute)
	if err != nil {
		return f, err
	}
	f.Hosts = len(hosts)
	left, err := volumes.compareRest(ctx, a.Store)
	f.Wrong = slices.Concat(f.Wrong, is.compareUsages(usages), is.compareHosts(hosts), left)
	return f, err
}

// sums are what servers, and what is under way on them, add up to.
type sums struct {
	usages map[[2]string]nova.Usage // by project, and by project and user
	hosts  map[string]nova.Resources
}

func newSums() sums {
	return sums{map[[2]string]nova.Usage{}, map[string]nova.Resources{}}
}

// add counts a server, with what actions hold for it.
func (s sums) add(server nova.Server, underWay []nova.Action) error {
	var held holding
	for _, action := range underWay {
		p, err := progressOf(action)
		if err != nil {
			return err
		}
		if action.Exclusive { // others hold nothing
			held = p.Held
		}
	}
	has := accountsOf(server, held)
	for _, user := range []string{"", server.UserID} {
		key := [2]string{server.ProjectID, user}
		s.usages[key] = s.usages[key].Plus(has.usage)
	}
	for node, takes := range has.hosts {
		s.hosts[node] = s.hosts[node].Plus(takes)
	}
	return nil
}

// compareUsages tells where the quota's accounts differ from the sums.
func (s sums) compareUsages(counted []db.Counted) (wrong []string) {
	left := maps.Clone(s.usages)
	for _, c := range counted {
		key := [2]string{c.ProjectID, c.UserID}
		is := nova.Usage{Instances: c.Instances, Cores: c.Cores, RAM: c.RAM}
		if is != left[key] {
			wrong = append(wrong, describeUsage(key, is, left[key]))
		}
		delete(left, key)
	}
	for key, want := range left {
		if want != (nova.Usage{}) {
			wrong = append(wrong, describeUsage(key, nova.Usage{}, want))
		}
	}
	slices.Sort(wrong)
	return wrong
}

func describeUsage(of [2]string, is, want nova.Usage) string {
	who := "project " + of[0]
	if of[1] != "" {
		who = "user " + of[1] + " in " + who
	}
	return fmt.Sprintf("%s is counted with %d servers, %d cores and %d MB, and has %d, %d and %d", who,
		is.Instances, is.Cores, is.RAM, want.Instances, want.Cores, want.RAM)
}

// compareHosts tells where the hosts' accounts differ from the sums.
func (s sums) compareHosts(hosts []nova.Host) (wrong []string) {
	known := map[string]bool{}
	for _, h := range hosts {
		known[h.Node] = true
		is := nova.Resources{Instances: h.RunningVMs, VCPUs: h.VCPUsUsed, RAM: h.RAMUsed, Disk: h.DiskUsed}
		if want := s.hosts[h.Node]; is != want {
			wrong = append(wrong, fmt.Sprintf("host %s has given away %d places, %d VCPUs, %d MB and %d GB, and what is on it takes %d, %d, %d and %d",
				h.Node, is.Instances, is.VCPUs, is.RAM, is.Disk, want.Instances, want.VCPUs, want.RAM, want.Disk))
		}
	}
	for _, node := range slices.Sorted(maps.Keys(s.hosts)) {
		if !known[node] {
			wrong = append(wrong, fmt.Sprintf("servers are on %s, which is no host", node))
		}
	}
	return wrong
}
