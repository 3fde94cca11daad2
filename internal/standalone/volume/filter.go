package volume

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/python"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// listKeys are the parameters of a list that are no filters.
var listKeys = strings.Fields("limit marker offset sort sort_key sort_dir all_tenants with_count")

// A filter says how a list is filtered by one parameter.
type filter struct {
	column string
	since  version
	admin  bool // only administrators may filter by it
	// where makes the condition; nil for a text that the column equals.
	where func(column, value string) (volumedb.Condition, error)
}

// pageOf reads which page of a list is wanted, and in which order.
func pageOf(r *http.Request) (volumedb.Filter, error) {
	query := r.URL.Query()
	f := volumedb.Filter{Page: nova.Page{Limit: pageLimit, Marker: query.Get("marker")}}
	if text := query.Get("limit"); query.Has("limit") {
		limit, err := strconv.Atoi(text)
		if err != nil {
			return f, nova.Errorf(nova.Invalid, "limit param must be an integer")
		}
		if limit < 0 {
			return f, nova.Errorf(nova.Invalid, "limit param must be positive")
		}
		f.Page.Limit = min(limit, pageLimit)
	}
	if text := query.Get("offset"); query.Has("offset") {
		offset, err := strconv.Atoi(text)
		switch {
		case err != nil:
			return f, nova.Errorf(nova.Invalid, "offset must be an integer.")
		case offset < 0:
			return f, nova.Errorf(nova.Invalid, "offset must be >= 0")
		case offset > maxInt:
			return f, nova.Errorf(nova.Invalid, "offset must be <= %d", maxInt)
		}
		f.Offset = offset
	}
	var err error
	f.Page.Sort, err = sortsOf(query)
	return f, err
}

// sortsOf reads sort=key:dir,… or one pair of sort_key and sort_dir. A direction
// that isn't given is descending.
func sortsOf(query url.Values) ([]nova.Sort, error) {
	terms := []string{}
	switch {
	case query.Has("sort") && (query.Has("sort_key") || query.Has("sort_dir")):
		return nil, nova.Errorf(nova.Invalid, "The 'sort_key' and 'sort_dir' parameters are deprecated and cannot be used with the 'sort' parameter.")
	case query.Has("sort"):
		terms = strings.Split(strings.TrimSpace(query.Get("sort")), ",")
	case query.Has("sort_key"):
		terms = append(terms, query.Get("sort_key")+":"+query.Get("sort_dir"))
	case query.Has("sort_dir"):
		terms = append(terms, "created_at:"+query.Get("sort_dir"))
	}
	var sorts []nova.Sort
	for _, term := range terms {
		key, dir, _ := strings.Cut(term, ":")
		key, dir = strings.TrimSpace(key), strings.TrimSpace(dir)
		if dir != "" && dir != "asc" && dir != "desc" {
			return nil, invalidInput("Unknown sort direction, must be one of: asc, desc")
		}
		if key == "display_name" {
			key = "name"
		}
		sorts = append(sorts, nova.Sort{Key: key, Desc: dir != "asc"})
	}
	return sorts, nil
}

// filtersOf reads the conditions of a list from its query. Up to 3.30, filters
// that the caller may not use are passed over; then they are refused. From 3.34
// on, name~ looks for a part of a name.
func filtersOf(r *http.Request, known map[string]filter) ([]volumedb.Condition, error) {
	asked, admin := versionOf(r), isAdmin(nova.CallerOf(r.Context()))
	var conditions []volumedb.Condition
	var unknown []string
	query := r.URL.Query()
	for _, name := range sortedNames(query) {
		if slices.Contains(listKeys, name) {
			continue
		}
		plain, like := name, false
		if asked >= 34 {
			plain, like = strings.CutSuffix(name, "~")
		}
		f, ok := known[plain]
		switch {
		case (!ok || f.admin) && !admin:
			unknown = append(unknown, name)
			continue
		case !ok: // an administrator may ask for anything, and finds nothing that has it
			conditions = append(conditions, volumedb.Nothing())
			continue
		case asked < f.since:
			continue
		}
		condition, err := f.condition(query.Get(name), like)
		if err != nil {
			return nil, err
		}
		conditions = append(conditions, condition)
	}
	if len(unknown) > 0 && asked >= 31 {
		return nil, nova.Errorf(nova.Invalid, "Invalid filters %s are found in query options.", strings.Join(unknown, ","))
	}
	return conditions, nil
}

// condition is what a value asks for, or a part of it if like.
func (f filter) condition(value string, like bool) (volumedb.Condition, error) {
	switch {
	case like && f.where == nil:
		return volumedb.Contains(f.column, value), nil
	case f.where != nil:
		return f.where(f.column, value)
	}
	return volumedb.Equal(f.column, value), nil
}

// sortedNames are the parameters of a query in one order, so that of several errors
// the same one is told each time.
func sortedNames(query url.Values) []string {
	names := make([]string, 0, len(query))
	for name := range query {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// volumeFilters are the filters of lists of volumes.
var volumeFilters = map[string]filter{
	"name":              {column: "name"},
	"display_name":      {column: "name", admin: true},
	"status":            {column: "status"},
	"availability_zone": {column: "availability_zone"},
	"migration_status":  {column: "migration_status"},
	"bootable":          {column: "bootable", where: equalBool},
	"multiattach":       {column: "multiattach", where: equalBool, admin: true},
	"size":              {column: "size", where: equalNumber},
	"metadata":          {where: allOf(volumedb.HasMetadata)},
	"glance_metadata":   {where: allOf(volumedb.HasImageMetadata), since: 4},
	"group_id":          {where: none, since: 10},
	"created_at":        {column: "created_at", where: compareTimes, since: 60},
	"updated_at":        {column: "updated_at", where: compareTimes, since: 60},
	"consumes_quota":    {where: isTrue, since: 65},
	"id":                {column: "id", admin: true},
	"project_id":        {column: "project_id", admin: true},
	"user_id":           {column: "user_id", admin: true},
	"snapshot_id":       {column: "snapshot_id", admin: true},
	"source_volid":      {column: "source_id", admin: true},
	"volume_type_id":    {column: "type_id", admin: true},
	"attach_status":     {column: "attach_status", admin: true},
}

// equalBool compares with true or false, in one of the words for them.
func equalBool(column, value string) (volumedb.Condition, error) {
	b, ok := boolOf(value)
	if !ok {
		return volumedb.Condition{}, invalidInput("'%s = %s'", column, value)
	}
	return volumedb.Equal(column, b), nil
}

// equalNumber compares with a number; what isn't one fits nothing.
func equalNumber(column, value string) (volumedb.Condition, error) {
	n, ok := numberOf(value)
	if !ok {
		return volumedb.Nothing(), nil
	}
	return volumedb.Equal(column, n), nil
}

// none is for what nothing here has.
func none(_, _ string) (volumedb.Condition, error) { return volumedb.Nothing(), nil }

// isTrue is for what is true of everything here.
func isTrue(_, value string) (volumedb.Condition, error) {
	if b, ok := boolOf(value); ok && !b {
		return volumedb.Nothing(), nil
	}
	return volumedb.Everything(), nil
}

// dictPattern finds the keys and values of a dictionary as Python's or JSON's
// clients write it, each in quotes of either kind.
var dictPattern = regexp.MustCompile(`(?:u?'([^']*)'|"([^"]*)")\s*:\s*(?:u?'([^']*)'|"([^"]*)")`)

// allOf reads {'key': 'value', …}, all of which must hold.
func allOf(has func(name, value string) volumedb.Condition) func(column, value string) (volumedb.Condition, error) {
	return func(_, value string) (volumedb.Condition, error) {
		pairs := dictPattern.FindAllStringSubmatch(value, -1)
		if len(pairs) == 0 {
			return volumedb.Nothing(), nil
		}
		conditions := make([]volumedb.Condition, len(pairs))
		for i, p := range pairs {
			conditions[i] = has(p[1]+p[2], p[3]+p[4])
		}
		return volumedb.All(conditions), nil
	}
}

// comparisons are the operators that may stand before a time.
var comparisons = map[string]string{"eq": "=", "neq": "!=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}

// compareTimes reads gt:2026-11-22T10:00:00,lte:…, all of which must hold.
func compareTimes(column, value string) (volumedb.Condition, error) {
	var conditions []volumedb.Condition
	for term := range strings.SplitSeq(value, ",") {
		op, text, ok := strings.Cut(term, ":")
		if !ok || comparisons[op] == "" {
			return volumedb.Condition{}, nova.Errorf(nova.Invalid, "Invalid %s operator", op)
		}
		at, ok := parseTime(text)
		if !ok {
			return volumedb.Condition{}, nova.Errorf(nova.Invalid, "Invalid %s value", text)
		}
		condition, err := volumedb.Compare(column, comparisons[op], at)
		if err != nil {
			return condition, err
		}
		conditions = append(conditions, condition)
	}
	return volumedb.All(conditions), nil
}

// parseTime reads a time in ISO 8601, from the date on.
func parseTime(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateTime, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}

// ofCaller restricts a list to the caller's project, unless an administrator asks
// for all of them.
func ofCaller(r *http.Request) []volumedb.Condition {
	caller := nova.CallerOf(r.Context())
	if isAdmin(caller) && queryBool(r, "all_tenants") {
		return nil
	}
	return []volumedb.Condition{volumedb.Equal("project_id", caller.ProjectID)}
}

// listVolumes shows the names of volumes, detailVolumes all of them.
func (s *Service) listVolumes(r *http.Request) (kit.Reply, error) {
	return s.listOfVolumes(r, "volumes", inTurn(func(v volumedb.Volume) object {
		return object{"id": v.ID, "name": v.Name, "links": s.links(r, "volumes", v.ID)}
	}))
}

func (s *Service) detailVolumes(r *http.Request) (kit.Reply, error) {
	return s.listOfVolumes(r, "volumes/detail", func(found []volumedb.Volume) ([]object, error) { return s.volumeDetails(r, found) })
}

// listOfVolumes finds the volumes of one page. See listPage for its parameters
// and errors.
func (s *Service) listOfVolumes(r *http.Request, path string, view func([]volumedb.Volume) ([]object, error)) (kit.Reply, error) {
	caller := nova.CallerOf(r.Context())
	if err := mayRead(caller, caller.ProjectID, "volume:get_all"); err != nil {
		return kit.Reply{}, err
	}
	return listPage(s, r, listing[volumedb.Volume]{
		table: s.Store.Volumes, filters: volumeFilters, path: path, key: "volumes", counted: true, view: view,
		find: func(ctx context.Context, id string) error { _, err := s.findVolume(ctx, id); return err },
	})
}

// A listing is what lists of different things have of their own.
type listing[T any] struct {
	table     volumedb.Table[T]
	filters   map[string]filter
	path, key string                                     // of links, and of the body
	counted   bool                                       // whether with_count adds the number on all pages, from 3.45 on
	find      func(ctx context.Context, id string) error // whether the caller may see the marker
	view      func(found []T) ([]object, error)          // shows a page
	beside    []volumedb.Condition                       // restricts the list further
	nobodys   bool                                       // they belong to no project
	order     []nova.Sort                                // unless the client says another
}

// inTurn is the view of a listing whose things are shown one by one.
func inTurn[T any](show func(one T) object) func(found []T) ([]object, error) {
	return func(found []T) ([]object, error) {
		views := make([]object, len(found))
		for i, one := range found {
			views[i] = show(one)
		}
		return views, nil
	}
}

// listPage answers with one page of a list. A full page has a link to the next
// one, even if that is empty.
func listPage[T any](s *Service, r *http.Request, l listing[T]) (kit.Reply, error) {
	f, err := pageOf(r)
	if err != nil {
		return kit.Reply{}, err
	}
	conditions, err := filtersOf(r, l.filters)
	if err != nil {
		return kit.Reply{}, err
	}
	f.Where = slices.Concat(conditions, l.beside)
	if !l.nobodys {
		f.Where = append(f.Where, ofCaller(r)...)
	}
	if len(f.Page.Sort) == 0 {
		f.Page.Sort = l.order
	}
	if f.Page.Marker != "" {
		if err := l.find(r.Context(), f.Page.Marker); err != nil {
			return kit.Reply{}, err
		}
	}
	found, err := l.table.List(r.Context(), f)
	if err != nil {
		return kit.Reply{}, err
	}
	views, err := l.view(found)
	if err != nil {
		return kit.Reply{}, err
	}
	body := object{l.key: views}
	if len(found) > 0 && len(found) == f.Page.Limit {
		body[l.key+"_links"] = s.nextLink(r, l.path, python.Str(views[len(views)-1]["id"]))
	}
	if l.counted && versionOf(r) >= 45 && queryBool(r, "with_count") {
		if body["count"], err = l.table.Count(r.Context(), f); err != nil {
			return kit.Reply{}, err
		}
	}
	return kit.Reply{Body: body}, nil
}

// summarizeVolumes adds up volumes and, from 3.36 on, the values of their
// metadata.
//
// GET /volumes/summary (3.12) answers 200; sizes are in GiB. Of an administrator
// with all_tenants, the volumes of all projects count.
func (s *Service) summarizeVolumes(r *http.Request) (kit.Reply, error) {
	caller := nova.CallerOf(r.Context())
	if err := mayRead(caller, caller.ProjectID, "volume:get_all"); err != nil {
		return kit.Reply{}, err
	}
	found, err := s.Store.Volumes.List(r.Context(), volumedb.Filter{Where: ofCaller(r), Page: nova.Page{Limit: -1}})
	if err != nil {
		return kit.Reply{}, err
	}
	size, metadata := int64(0), map[string][]string{}
	for _, v := range found {
		size += v.Size
		for name, value := range v.Metadata {
			if !slices.Contains(metadata[name], value) {
				metadata[name] = append(metadata[name], value)
			}
		}
	}
	summary := object{"total_count": len(found), "total_size": size}
	if versionOf(r) >= 36 {
		summary["metadata"] = metadata
	}
	return kit.Reply{Body: object{"volume-summary": summary}}, nil
}
