package api

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// list finds the servers that a list asks for.
func (c *Servers) list(ctx context.Context, r *rest.Request, allProjects policy.Rule) ([]views.Server, error) {
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
		return []views.Server{}, nil
	}
	servers, err := c.store.Servers(ctx, filter, page)
	if err != nil {
		return nil, err
	}
	return c.wholes(ctx, servers)
}

// checkLimit refuses a limit that is none: where there is a schema for it, that
// has done so.
func checkLimit(r *rest.Request) error {
	text := strings.TrimSpace(r.Query().Get("limit"))
	if text == "" {
		return nil
	}
	limit, err := strconv.Atoi(text)
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

const never = 1 << 10 // no version

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

// unfilterable are names that filters were never meant to reach.
var unfilterable = []string{
	"block_device_mapping", "services", "metadata", "system_metadata", "info_cache", "security_groups", "pci_devices",
}

// serverFilter reads a list's filters. none tells that nothing can fit.
func serverFilter(r *rest.Request, allProjects policy.Rule) (f db.ServerFilter, none bool, err error) {
	q := r.Query()
	all := r.Can(policy.ServerAllFilters)
	f = db.ServerFilter{Exact: map[string][]string{}, Matches: map[string][]string{}, Deleted: new(false)}
	if err := checkFilterNames(q, all); err != nil {
		return f, false, err
	}
	for _, p := range filterParams {
		values, ok := q[p.name]
		if !ok || !all && !r.AtLeast(p.since) {
			continue
		}
		if p.pattern {
			f.Matches[p.column] = append(f.Matches[p.column], values...)
		} else {
			f.Exact[p.column] = values
		}
	}
	if err := filterProject(r, q, all, allProjects, &f); err != nil {
		return f, false, err
	}
	if err := filterTimes(q, &f); err != nil {
		return f, false, err
	}
	if err := filterMore(r, q, all, &f); err != nil {
		return f, false, err
	}
	none, err = filterStatus(r, q, &f)
	return f, none, err
}

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

// filterProject keeps a list to the caller's project, unless it may see all.
func filterProject(r *rest.Request, q url.Values, all bool, allProjects policy.Rule, f *db.ServerFilter) error {
	f.ProjectID = r.Caller.ProjectID
	everybody := false
	if q.Has("all_tenants") {
		value, ok := boolean(orElse(q.Get("all_tenants"), "true"))
		if !ok {
			return nova.Errorf(nova.Invalid, "Unrecognized value '%s', acceptable values are: %s", q.Get("all_tenants"), booleanWords)
		}
		everybody = value
	}
	if !everybody {
		return nil
	}
	if err := r.EnforceOwn(allProjects); err != nil {
		return err
	}
	f.ProjectID = ""
	if project := orElse(q.Get("tenant_id"), q.Get("project_id")); project != "" && all {
		f.ProjectID = project
	}
	return nil
}

// booleanWords is how a refusal lists what is understood.
const booleanWords = "'0', '1', 'f', 'false', 'n', 'no', 'off', 'on', 't', 'true', 'y', 'yes'"

func filterTimes(q url.Values, f *db.ServerFilter) error {
	var err error
	if f.ChangedSince, err = timeParam(q, "changes-since"); err != nil {
		return err
	}
	if f.ChangedBefore, err = timeParam(q, "changes-before"); err != nil {
		return err
	}
	if f.ChangedSince != nil && f.ChangedBefore != nil && f.ChangedSince.After(*f.ChangedBefore) {
		return nova.Errorf(nova.Invalid, "The value of changes-since must be less than or equal to changes-before.")
	}
	if f.ChangedSince != nil || f.ChangedBefore != nil {
		f.Deleted = nil // whoever asks what has changed wants to know what has gone
	}
	return nil
}

func timeParam(q url.Values, name string) (*time.Time, error) {
	text := q.Get(name)
	if text == "" {
		return nil, nil //nolint:nilnil // no filter is an answer
	}
	at, err := schema.ParseTime(text)
	if err != nil {
		return nil, nova.Errorf(nova.Invalid, "Invalid filter: %s '%s' is not a date", name, text)
	}
	return &at, nil
}

// filterMore is what doesn't fit the table.
func filterMore(r *rest.Request, q url.Values, all bool, f *db.ServerFilter) error {
	if all && q.Has("deleted") {
		value, _ := boolean(q.Get("deleted"))
		f.Deleted = &value
	}
	if r.AtLeast(26) {
		f.AllTags, f.AnyTags = tagsParam(q, "tags"), tagsParam(q, "tags-any")
		f.NotAllTags, f.NotAnyTags = tagsParam(q, "not-tags"), tagsParam(q, "not-tags-any")
	}
	f.IP = append(f.IP, q["ip"]...)
	if all || r.AtLeast(5) {
		f.IP = append(f.IP, q["ip6"]...)
	}
	if q.Has("locked") && r.AtLeast(73) {
		text := q.Get("locked")
		value, ok := boolean(text)
		if !ok {
			return nova.Errorf(nova.Invalid, "Unrecognized value '%s', acceptable values are: %s", text, booleanWords)
		}
		f.Locked = &value
	}
	return nil
}

func tagsParam(q url.Values, name string) []string {
	if q.Get(name) == "" {
		return nil
	}
	return unique(strings.Split(q.Get(name), ","))
}

// filterStatus turns statuses into the states behind them.
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
	if slices.Contains(f.States, nova.Deleted) {
		if !r.IsAdmin() {
			return false, nova.Errorf(nova.Forbidden, "Only administrators may list deleted instances")
		}
		f.Deleted = new(true)
	}
	return false, nil
}
