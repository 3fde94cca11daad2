package volume

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/python"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// listKeys are the parameters of a list that are no filters.
var listKeys = strings.Fields("limit marker offset sort sort_key sort_dir all_tenants with_count")

// A filter says how a list is filtered by one parameter.
type filter struct {
	column  string
	since   version
	admin   bool // only administrators may filter by it
	literal bool // the value is one of Python's literals
	// where makes the condition; nil for a text that the column equals or, with ~,
	// contains.
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
			return nil, invalidInput("Unknown sort direction, must be 'desc' or 'asc'.")
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
// on, name~ looks for a part of a name; Cinder's resource_filters.json as it comes
// leaves that to administrators. A list of one project is filtered by no other one.
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
		case (!ok || f.admin || like) && !admin:
			unknown = append(unknown, name)
			continue
		case !ok: // an administrator may ask for anything, and finds nothing that has it
			conditions = append(conditions, volumedb.Nothing())
			continue
		case asked < f.since, plain == "project_id" && !queryBool(r, "all_tenants"):
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
	case f.literal:
		return literally(f.column, value)
	}
	return volumedb.Equal(f.column, value), nil
}

// memberFilters are the names of those filters that everybody may use.
func memberFilters(known map[string]filter) []string {
	names := []string{}
	for name, f := range known {
		if !f.admin {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
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
		table: s.Store.Volumes, filters: s.withHost(volumeFilters), path: path, key: "volumes", counted: true, view: view,
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
