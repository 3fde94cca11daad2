package network

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/nova-api/nova-api/db/networkdb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// pageLimit bounds the things in a list; a link leads to the rest.
const pageLimit = 1000

// maxValues bounds the values that a query names of one attribute.
const maxValues = 1000

// listKeys are the parameters of a list that are not filters.
var listKeys = strings.Fields("fields limit marker sort_key sort_dir page_reverse")

// common are the filters that all things have.
var common = map[string]struct {
	column string
	find   func(string) (any, error)
}{
	"id":              {"id", asText},
	"project_id":      {"project_id", asText},
	"tenant_id":       {"project_id", asText},
	"description":     {"description", asText},
	"revision_number": {"revision", asNumber},
}

// readFilter reads from a query which things a list holds. Unknown parameters
// are refused, as with Neutron's extension filter-validation.
func (o resource[T]) readFilter(r *http.Request) (networkdb.Filter, error) {
	query := r.URL.Query()
	f := networkdb.Filter{Project: visibleProject(nova.CallerOf(r.Context())), Match: map[string][]any{}}
	page, err := o.readPage(query)
	if err != nil {
		return f, err
	}
	f.Page = page
	var unknown []string
	for name, values := range query {
		if slices.Contains(listKeys, name) {
			continue
		}
		known, err := o.addFilter(&f, name, values)
		if err != nil {
			return f, err
		}
		if !known {
			unknown = append(unknown, "'"+name+"'")
		}
	}
	// All unknown parameters are named at once, in order.
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return f, badRequest("[%s] is invalid attribute for filtering", strings.Join(unknown, ", "))
	}
	return f, nil
}

// addFilter adds the condition of one parameter, and reports whether the
// parameter is known. Nothing has tags here: asking for one finds nothing,
// asking for things without it finds all.
func (o resource[T]) addFilter(f *networkdb.Filter, name string, values []string) (known bool, err error) {
	if o.filter != nil {
		if known, err := o.filter(f, name, values); known || err != nil {
			return true, err
		}
	}
	column, find := common[name].column, common[name].find
	for _, a := range o.attributes {
		if a.name == name && a.column != "" {
			column, find = a.column, a.find
		}
	}
	switch {
	case slices.Contains([]string{"tags", "tags-any"}, name): // nothing has one
		column, find, values = "id", asText, []string{""}
	case slices.Contains([]string{"not-tags", "not-tags-any"}, name):
		return true, nil
	case column == "":
		return false, nil
	}
	// Each value is an argument of the query.
	if len(values) > maxValues {
		return true, badRequest("More than %d values of '%s' are asked for.", maxValues, name)
	}
	var wanted []any
	for _, text := range values {
		value, err := find(text)
		if err != nil {
			return true, err
		}
		wanted = append(wanted, value)
	}
	f.Match[column] = wanted
	return true, nil
}

// readPage reads limit, marker and the sort keys. A limit of 0 is none, so the
// page is as large as it gets.
func (o resource[T]) readPage(query url.Values) (nova.Page, error) {
	page := nova.Page{Limit: pageLimit, Marker: query.Get("marker")}
	if text := query.Get("limit"); text != "" {
		limit, err := strconv.Atoi(text)
		if err != nil || limit < 0 {
			return page, kit.Typed("BadRequest", nova.Invalid, "Bad limit request: Limit must be an integer 0 or greater and not '%s'.", text)
		}
		if limit > 0 { // 0 is no limit
			page.Limit = min(limit, pageLimit)
		}
	}
	keys, dirs := query["sort_key"], query["sort_dir"]
	// Neutron wants a direction for each key.
	if len(keys) != len(dirs) {
		return page, badRequest("The number of sort_keys and sort_dirs must be same")
	}
	for i, key := range keys {
		if dirs[i] != "asc" && dirs[i] != "desc" {
			return page, badRequest("['%s'] is invalid value for sort_dirs, valid value is 'asc' and 'desc'", dirs[i])
		}
		column := common[key].column
		for _, a := range o.attributes {
			if a.name == key {
				column = cmp.Or(a.sort, a.column)
			}
		}
		if column == "" {
			return page, badRequest("['%s'] is invalid attribute for sort_keys", key)
		}
		page.Sort = append(page.Sort, nova.Sort{Key: column, Desc: dirs[i] == "desc"})
	}
	return page, nil
}

// nextLink leads to the page behind a thing.
func (s *Service) nextLink(r *http.Request, last string) []object {
	query := r.URL.Query()
	query.Set("marker", last)
	href := s.base(r) + "/v2.0/" + strings.TrimPrefix(r.URL.Path, "/v2.0/") + "?" + query.Encode()
	return []object{{"rel": "next", "href": href}}
}
