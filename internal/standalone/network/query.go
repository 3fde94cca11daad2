package network

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/nova-api/nova-api/db/networkdb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// pageLimit is how many things a list holds at the most; a link leads to the
// rest.
const pageLimit = 1000

// maxValues is how many values of one attribute can be asked for at a time.
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

// wanted reads from the query which things are asked for.
func (o resource[T]) wanted(r *http.Request) (networkdb.Filter, error) {
	query := r.URL.Query()
	l := networkdb.Filter{Project: scope(nova.CallerOf(r.Context())), Match: map[string][]any{}}
	page, err := o.page(query)
	if err != nil {
		return l, err
	}
	l.Page = page
	var unknown []string
	for name, values := range query {
		if slices.Contains(listKeys, name) {
			continue
		}
		known, err := o.match(&l, name, values)
		if err != nil {
			return l, err
		}
		if !known {
			unknown = append(unknown, "'"+name+"'")
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return l, badRequest("[%s] is invalid attribute for filtering", strings.Join(unknown, ", "))
	}
	return l, nil
}

func (o resource[T]) match(l *networkdb.Filter, name string, values []string) (known bool, err error) {
	if o.filter != nil {
		if known, err := o.filter(l, name, values); known || err != nil {
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
	l.Match[column] = wanted
	return true, nil
}

func (o resource[T]) page(query url.Values) (nova.Page, error) {
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
	if len(keys) != len(dirs) {
		return page, badRequest("The number of sort_keys and sort_dirs must be same")
	}
	for i, key := range keys {
		if dirs[i] != "asc" && dirs[i] != "desc" {
			return page, badRequest("['%s'] is invalid value for sort_dirs, valid value is 'asc' and 'desc'", dirs[i])
		}
		column := common[key].column
		for _, a := range o.attributes {
			if a.name == key && a.column != "" {
				column = a.column
			}
		}
		if column == "" {
			return page, badRequest("['%s'] is invalid attribute for sort_keys", key)
		}
		page.Sort = append(page.Sort, nova.Sort{Key: column, Desc: dirs[i] == "desc"})
	}
	return page, nil
}

// nextLink leads to the page behind the last thing of this one.
func (s *Service) nextLink(r *http.Request, last string) []object {
	query := r.URL.Query()
	query.Set("marker", last)
	href := s.base(r) + "/v2.0/" + strings.TrimPrefix(r.URL.Path, "/v2.0/") + "?" + query.Encode()
	return []object{{"rel": "next", "href": href}}
}
