package image

import (
	"encoding/csv"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nova-api/nova-api/db/imagedb"
	"github.com/nova-api/nova-api/internal/nova"
)

// sortKeys are what images can be sorted by.
var sortKeys = strings.Fields("name status container_format disk_format size id created_at updated_at")

// pageKeys are the parameters of a list that are not filters.
var pageKeys = strings.Fields("limit marker sort sort_key sort_dir")

// listOf reads from the query which images a list holds, and which page of it is
// wanted. Every parameter that is no attribute's filter is a property's.
// Parameters that nobody knows are no error: Glance takes them for properties, and
// finds no image that has them.
func listOf(r *http.Request) (imagedb.Filter, nova.Page, error) {
	caller := nova.CallerOf(r.Context())
	filter := imagedb.Filter{Project: caller.ProjectID, Admin: isAdmin(caller), Match: map[string][]string{}}
	query := r.URL.Query()
	page, err := pageOf(query)
	if err != nil {
		return filter, page, err
	}
	for key, values := range query {
		if slices.Contains(pageKeys, key) {
			continue
		}
		if err := addFilter(&filter, key, values); err != nil {
			return filter, page, err
		}
	}
	return filter, page, nil
}

// pageOf reads which page of a list is wanted, in which order.
func pageOf(query map[string][]string) (nova.Page, error) {
	page, err := limitAndMarker(query)
	if err != nil {
		return page, err
	}
	page.Sort, err = sortsOf(query)
	return page, err
}

// limitAndMarker reads how much of a list is wanted, and where to begin. A limit
// beyond what the service gives at a time is lowered; 0 asks for an empty page.
// The marker is an image's ID; whether there is such an image is for the caller to
// find out.
func limitAndMarker(query map[string][]string) (nova.Page, error) {
	page := nova.Page{Limit: defaultPage}
	if values := query["marker"]; len(values) > 0 {
		page.Marker = values[0]
	}
	if values := query["limit"]; len(values) > 0 {
		limit, err := strconv.Atoi(values[0])
		switch {
		case err != nil:
			return page, nova.Errorf(nova.Invalid, "limit param must be an integer")
		case limit < 0:
			return page, nova.Errorf(nova.Invalid, "limit param must be positive")
		}
		page.Limit = min(limit, pageLimit)
	}
	return page, nil
}

// sortsOf reads either sort=key:dir,… or sort_key and sort_dir, any number of
// times; a direction that isn't given is the first one's, or descending. An order
// without keys is that of Glance: the newest first.
func sortsOf(query map[string][]string) ([]nova.Sort, error) {
	keys, dirs := query["sort_key"], query["sort_dir"]
	if sort := query["sort"]; len(sort) > 0 && sort[0] != "" {
		if len(keys)+len(dirs) > 0 {
			return nil, nova.Errorf(nova.Invalid, "Old and new sorting syntax cannot be combined")
		}
		for part := range strings.SplitSeq(sort[0], ",") {
			key, dir, ok := strings.Cut(strings.TrimSpace(part), ":")
			if !ok {
				dir = "desc"
			}
			keys, dirs = append(keys, key), append(dirs, dir)
		}
	}
	if len(keys) == 0 && len(dirs) > 0 {
		keys = []string{"created_at"}
	}
	sorts := make([]nova.Sort, len(keys))
	for i, key := range keys {
		if !slices.Contains(sortKeys, key) {
			return nil, nova.Errorf(nova.Invalid, "Invalid sort key: %s. It must be one of the following: %s.", key, strings.Join(sortKeys, ", "))
		}
		sorts[i] = nova.Sort{Key: key, Desc: len(dirs) == 0 || dirs[min(i, len(dirs)-1)] == "desc"}
	}
	for _, dir := range dirs {
		if dir != "asc" && dir != "desc" {
			return nil, nova.Errorf(nova.Invalid, "Invalid sort direction: %s", dir)
		}
	}
	return sorts, nil
}

// addFilter adds the condition that a parameter of the query stands for. Of a
// parameter that is given several times, the last value counts; only tags add up.
// Whether the caller may see what is asked for is no concern of the filter's: the
// store leaves out the rest.
func addFilter(f *imagedb.Filter, key string, values []string) error {
	last := values[len(values)-1]
	switch key {
	case "visibility":
		f.Visibility = last
		if last != "all" && !slices.Contains(visibilities, last) {
			return nova.Errorf(nova.Invalid, "Invalid visibility value: %s", last)
		}
	case "member_status":
		f.MemberStatus = last
		if last != "all" && !slices.Contains(memberStatuses, last) {
			return nova.Errorf(nova.Invalid, "Invalid status: %s", last)
		}
	case "tag":
		f.Tags = values
	case "os_hidden":
		return boolFilter(&f.Hidden, key, strings.ToLower(last)) // openstackclient writes True
	case "protected":
		f.Protected = new(bool)
		return boolFilter(f.Protected, key, last)
	case "size_min":
		return sizeFilter(&f.MinSize, last)
	case "size_max":
		return sizeFilter(&f.MaxSize, last)
	case "created_at", "updated_at":
		return timeFilter(f, key, last)
	default:
		return matchFilter(f, key, last)
	}
	return nil
}

// boolFilter takes only the words of JSON, as Glance does. Anything else is the
// client's mistake, since a filter that is misread would show too much.
func boolFilter(to *bool, key, value string) error {
	if value != "true" && value != "false" {
		return nova.Errorf(nova.Invalid, "Invalid value '%s' for '%s' filter. Valid values are 'true' or 'false'.", value, key)
	}
	*to = value == "true"
	return nil
}

// sizeFilter reads a bound of a size, in bytes. Either bound may be missing.
func sizeFilter(to **int64, value string) error {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return nova.Errorf(nova.Invalid, "Unable to filter on a range with a non-numeric value.")
	}
	*to = &n
	return nil
}

// comparisons are the operators that may stand before a time.
var comparisons = map[string]string{"eq": "=", "neq": "!=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}

// timeFilter reads a time with an operator before it, such as gt:2026-11-22. The
// time may be any part of ISO 8601 from the date on.
func timeFilter(f *imagedb.Filter, key, value string) error {
	op := "="
	if word, rest, ok := strings.Cut(value, ":"); ok && comparisons[word] != "" {
		op, value = comparisons[word], rest
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateTime, time.DateOnly} {
		if at, err := time.Parse(layout, value); err == nil {
			f.Times = append(f.Times, imagedb.TimeFilter{Column: key, Op: op, At: at.UTC()})
			return nil
		}
	}
	return nova.Errorf(nova.Invalid, `Bad "%s" query filter format. Use ISO 8601 DateTime notation.`, key)
}

// listFilters are the keys that take in:a,b,c.
var listFilters = strings.Fields("container_format disk_format id name status")

// matchFilter compares a column or a property with one value or, where Glance
// allows that, with each of a list.
func matchFilter(f *imagedb.Filter, key, value string) error {
	f.Match[key] = []string{value}
	if !slices.Contains(listFilters, key) {
		return nil
	}
	switch op, list, ok := strings.Cut(value, ":"); {
	case !ok || op == "eq":
		f.Match[key] = []string{strings.TrimPrefix(value, "eq:")}
	case op == "in":
		values, err := splitList(list)
		f.Match[key] = values
		return err
	default:
		return nova.Errorf(nova.Invalid, "Unable to filter by unknown operator '%s'.", op)
	}
	return nil
}

// maxValues is how many values of one key can be asked for at a time. Both
// databases bound the parameters of a statement.
const maxValues = 1000

// splitList reads a,b,"c,d": quotes keep a comma in a value.
func splitList(list string) ([]string, error) {
	if list == "" {
		return nil, nil
	}
	values, err := csv.NewReader(strings.NewReader(list)).Read()
	if err != nil || len(values) > maxValues {
		return nil, nova.Errorf(nova.Invalid, "Invalid filter value '%.100s'.", list)
	}
	return values, nil
}
