package api

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/pattern"
	"github.com/nova-api/nova-api/internal/policy"
)

// A lister reads a page of servers from the store: names only, or all of each
// server.
type lister func(context.Context, db.ServerFilter, nova.Page) ([]nova.Server, error)

// list finds the page of servers that a list asks for. It does not ask the
// store if no server can fit.
func (c *Servers) list(ctx context.Context, r *rest.Request, allProjects policy.Rule, read lister) ([]nova.Server, error) {
	if err := checkLimit(r); err != nil {
		return nil, err
	}
	filter, none, err := serverFilter(r, allProjects)
	if err != nil {
		return nil, err
	}
	sort, noSort, err := serverSort(r)
	if err != nil {
		return nil, err
	}
	page := r.Page()
	page.Sort = sort
	if none || noSort || page.Limit == 0 {
		return nil, nil
	}
	return read(ctx, filter, page)
}

// checkLimit refuses a limit that is no number. The schema has done so at all
// versions but /v2, which has no schema for lists.
func checkLimit(r *rest.Request) error {
	if !r.Has("limit") {
		return nil
	}
	limit, err := strconv.Atoi(strings.TrimSpace(r.Last("limit")))
	switch {
	case errors.Is(err, strconv.ErrRange):
		return nil
	case err != nil:
		return nova.Errorf(nova.Invalid, "Invalid input received: limit must be an integer")
	case limit < 0:
		return nova.Errorf(nova.Invalid, "Invalid input received: limit must be >= 0")
	}
	return nil
}

// A filterParam is a query parameter that servers are filtered by.
type filterParam struct {
	name    string
	column  string // as the store calls it
	since   int    // the version from which everybody may use it; 0 is always, never is administrators only
	pattern bool   // whether it is a regular expression
}

// never stands for no version at all: only administrators may use the filter.
const never = 1 << 10 // no version

// filterParams are the filters that compare one column. The others are in
// filterMore, filterTimes, filterStatus and filterProject.
var filterParams = []filterParam{
	{"name", "name", 0, true},
	{"display_name", "name", never, true},
	{"image", "image", 0, false},
	{"image_ref", "image", never, false},
	{"flavor", "flavor", 0, false},
	{"reservation_id", "reservation_id", 0, true},
	{"availability_zone", "availability_zone", 83, true},
	{"config_drive", "config_drive", 83, true},
	{"key_name", "key_name", 83, true},
	{"created_at", "created_at", 83, true},
	{"launched_at", "launched_at", 83, true},
	{"terminated_at", "terminated_at", 83, true},
	{"power_state", "power_state", 83, true},
	{"progress", "progress", 83, true},
	{"task_state", "task_state", 83, false},
	{"vm_state", "vm_state", 83, false},
	{"user_id", "user_id", 83, false},
	{"hostname", "hostname", 90, true},
	{"host", "host", never, false},
	{"uuid", "uuid", never, false},
	{"node", "node", never, true},
	{"kernel_id", "kernel_id", never, true},
	{"ramdisk_id", "ramdisk_id", never, true},
	{"launch_index", "launch_index", never, true},
	{"locked_by", "locked_by", never, true},
	{"root_device_name", "root_device_name", never, true},
	{"access_ip_v4", "access_ip_v4", never, true},
	{"access_ip_v6", "access_ip_v6", never, true},
	{"auto_disk_config", "auto_disk_config", never, true},
	{"display_description", "display_description", never, true},
}

// unfilterable are names that the schema lets through and that no filter
// answers to: attributes of Nova's own object.
var unfilterable = []string{
	"block_device_mapping", "services", "metadata", "system_metadata", "info_cache", "security_groups", "pci_devices",
}

// serverFilter reads a list's filters. A caller who may use all filters has
// those of administrators; others have the filters of the version, and the rest
// is passed over. none reports that no server can fit.
func serverFilter(r *rest.Request, allProjects policy.Rule) (f db.ServerFilter, none bool, err error) {
	q := r.Query()
	all := r.Can(policy.ServerAllFilters)
	f = db.ServerFilter{Exact: map[string][]string{}, Matches: map[string][]pattern.Pattern{}, Deleted: new(false)}
	if err := checkFilterNames(q, all); err != nil {
		return f, false, err
	}
	for _, p := range filterParams {
		values, ok := q[p.name]
		if !ok || !all && !r.AtLeast(p.since) {
			continue
		}
		value := values[len(values)-1] // of several, the last one counts
		if !p.pattern {
			f.Exact[p.column] = []string{value}
			continue
		}
		matches, err := parsePattern(pattern.Parse, p.name, value)
		if err != nil {
			return f, false, err
		}
		f.Matches[p.column] = append(f.Matches[p.column], matches)
	}
	if err := filterProject(r, all, allProjects, &f); err != nil {
		return f, false, err
	}
	if err := filterTimes(r, all || r.AtLeast(66), &f); err != nil {
		return f, false, err
	}
	if err := filterMore(r, q, all, &f); err != nil {
		return f, false, err
	}
	none, err = filterStatus(r, q, &f)
	return f, none, err
}

// parsePattern reads the pattern of a query parameter. At the legacy API, where
// there is no schema, it refuses what a schema would, in the same words.
func parsePattern(parse func(string) (pattern.Pattern, error), name, text string) (pattern.Pattern, error) {
	p, err := parse(text)
	if err != nil {
		return p, nova.Because(err, nova.Invalid, "%s", schema.NotRegexp(name, text))
	}
	return p, nil
}

// checkFilterNames refuses names that only a caller who may use all filters
// gets this far with.
func checkFilterNames(q url.Values, all bool) error {
	if !all {
		return nil
	}
	for name := range q {
		if slices.Contains(unfilterable, name) || strings.HasPrefix(name, "_") {
			return nova.Errorf(nova.Invalid, "Invalid filter field: %s.", name)
		}
	}
	return nil
}

// filterProject keeps a list to the caller's project. With all_tenants, which
// has a rule of its own, it is of all projects or of the one that is named.
func filterProject(r *rest.Request, all bool, allProjects policy.Rule, f *db.ServerFilter) error {
	f.ProjectID = r.Caller.ProjectID
	if everybody, err := allTenants(r); err != nil || !everybody {
		return err
	}
	if err := r.EnforceOwn(allProjects); err != nil {
		return err
	}
	f.ProjectID = ""
	if project := cmp.Or(r.Last("project_id"), r.Last("tenant_id")); project != "" && all {
		f.ProjectID = project
	}
	return nil
}

// allTenants reports whether a list is asked for of all projects. The parameter
// without a value is a yes.
func allTenants(r *rest.Request) (bool, error) {
	if r.Has("all_tenants") && r.Last("all_tenants") == "" {
		return true, nil
	}
	if !r.Has("all_tenants") {
		return false, nil
	}
	return r.Bool("all_tenants")
}

// filterTimes reads when servers may have changed. A client that asks for that
// is told of deleted servers, too.
func filterTimes(r *rest.Request, before bool, f *db.ServerFilter) (err error) {
	if f.ChangedSince, err = r.Time("changes-since"); err != nil {
		return err
	}
	if before {
		if f.ChangedBefore, err = r.Time("changes-before"); err != nil {
			return err
		}
	}
	if f.ChangedSince != nil && f.ChangedBefore != nil && f.ChangedSince.After(*f.ChangedBefore) {
		return nova.Errorf(nova.Invalid, "The value of changes-since must be less than or equal to changes-before.")
	}
	if f.ChangedSince != nil || f.ChangedBefore != nil {
		f.Deleted = nil
	}
	return nil
}

// filterMore reads the filters that do not compare one column: deleted servers,
// tags, addresses and locks.
func filterMore(r *rest.Request, q url.Values, all bool, f *db.ServerFilter) error {
	if all && q.Has("deleted") {
		deleted, _ := r.Bool("deleted") // any other word is a no
		f.Deleted = &deleted
	}
	if all && q.Has("soft_deleted") {
		f.SoftDeleted = new(r.Last("soft_deleted") != "") // any word is a yes, even "false"
	}
	if r.AtLeast(26) {
		f.AllTags, f.AnyTags = r.Commas("tags"), r.Commas("tags-any")
		f.NotAllTags, f.NotAnyTags = r.Commas("not-tags"), r.Commas("not-tags-any")
	}
	for _, name := range []string{"ip", "ip6"} {
		if !q.Has(name) || name == "ip6" && !all && !r.AtLeast(5) {
			continue
		}
		starts, err := parsePattern(pattern.ParseLine, name, r.Last(name))
		if err != nil {
			return err
		}
		f.IP = append(f.IP, starts)
	}
	if q.Has("locked") && (all || r.AtLeast(73)) { // where there is a schema, it knows the parameter since 2.73
		locked, err := r.Bool("locked")
		if err != nil {
			return err
		}
		f.Locked = &locked
	}
	return nil
}

// filterStatus turns statuses into the states and tasks behind them. A status
// that does not exist fits no server before 2.38, and is Invalid since. Only
// administrators may list by the status of deleted servers. A status takes the
// place of vm_state, and of task_state if not all tasks show it.
func filterStatus(r *rest.Request, q url.Values, f *db.ServerFilter) (none bool, err error) {
	statuses, ok := q["status"]
	if !ok {
		return false, nil
	}
	anyTask := false
	for _, status := range statuses {
		states, tasks := nova.StatesOf(strings.ToUpper(status))
		f.States, f.Tasks = append(f.States, states...), append(f.Tasks, tasks...)
		anyTask = anyTask || len(states) > 0 && len(tasks) == 0
	}
	if anyTask {
		f.Tasks = nil
	}
	if len(f.States) == 0 {
		if r.AtLeast(38) {
			return false, nova.Errorf(nova.Invalid, "Invalid status value")
		}
		return true, nil
	}
	f.States = slices.Compact(f.States)
	delete(f.Exact, "vm_state")
	if len(f.Tasks) > 0 {
		delete(f.Exact, "task_state")
	}
	if slices.Equal(f.States, []nova.VMState{nova.Deleted}) {
		if !r.IsAdmin() {
			return false, nova.Errorf(nova.Forbidden, "Only administrators may list deleted instances")
		}
		f.Deleted = new(true)
	}
	return false, nil
}
