package volume

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/nova"
)

// withMemberFilters is the version from which on the filters that everybody may use
// are those of Cinder's resource_filters.json, and others are refused.
const withMemberFilters version = 31

// volumeFilters are the filters of lists of volumes. Their values are Python's
// literals, as clients write lists of them; a name is itself.
var volumeFilters = map[string]filter{
	"name":                {column: "name"},
	"status":              {column: "status", literal: true},
	"availability_zone":   {column: "availability_zone", literal: true},
	"migration_status":    {column: "migration_status", literal: true},
	"bootable":            {column: "bootable", where: equalBool},
	"size":                {column: "size", where: equalNumber},
	"metadata":            {where: allOf(volumedb.HasMetadata)},
	"group_id":            {where: nothingHas, since: 10},
	"created_at":          {column: "created_at", where: compareTimes, since: withMemberFilters},
	"updated_at":          {column: "updated_at", where: compareTimes, since: withMemberFilters},
	"consumes_quota":      {where: isTrue, since: withMemberFilters},
	"glance_metadata":     {where: allOf(volumedb.HasImageMetadata), since: 4, admin: true},
	"display_name":        {column: "name", admin: true},
	"display_description": {column: "description", literal: true, admin: true},
	"multiattach":         {column: "multiattach", where: equalBool, admin: true},
	"id":                  {column: "id", literal: true, admin: true},
	"project_id":          {column: "project_id", literal: true, admin: true},
	"user_id":             {column: "user_id", literal: true, admin: true},
	"snapshot_id":         {column: "snapshot_id", literal: true, admin: true},
	"source_volid":        {column: "source_id", literal: true, admin: true},
	"volume_type_id":      {column: "type_id", literal: true, admin: true},
	"attach_status":       {column: "attach_status", literal: true, admin: true},
	"previous_status":     {column: "previous_status", literal: true, admin: true},
	"use_quota":           {where: isTrue, admin: true},
	"cluster_name":        {where: nothingHas, admin: true},
	"consistencygroup_id": {where: nothingHas, admin: true},
	"encryption_key_id":   {where: nothingHas, admin: true},
	"replication_status":  {where: nothingHas, admin: true},
}

// withHost adds the filter by the host, the backend or the pool that volumes are on:
// _filter_host in cinder/db/api.py.
func (s *Service) withHost(known map[string]filter) map[string]filter {
	known = maps.Clone(known)
	known["host"] = filter{admin: true, where: func(_, value string) (volumedb.Condition, error) {
		host, _, _ := strings.Cut(value, "@")
		place := strings.TrimPrefix(value, host)
		switch {
		case value == "":
			return volumedb.Everything(), nil
		case place != "" && place != backend && !strings.HasPrefix(backend, place+"#"):
			return volumedb.Nothing(), nil
		case host == s.Host:
			host = s.folder
		}
		return volumedb.Equal("folder", host), nil
	}}
	return known
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

var (
	quotedPattern  = regexp.MustCompile(`u?'([^']*)'|"([^"]*)"`)
	literalPattern = regexp.MustCompile(`^(?:` + quotedPattern.String() + `)$`)
	listPattern    = regexp.MustCompile(`^[\[({]\s*(?:` + quotedPattern.String() + `)(?:\s*,\s*(?:` + quotedPattern.String() + `))*\s*,?\s*[\])}]$`)
)

// literally compares with one of Python's literals: 'text', None or a list of texts,
// one of which it must be. Anything else is a text without quotes.
func literally(column, value string) (volumedb.Condition, error) {
	switch {
	case value == "None":
		return volumedb.IsNull(column), nil
	case literalPattern.MatchString(value), listPattern.MatchString(value):
		var texts []string
		for _, quoted := range quotedPattern.FindAllStringSubmatch(value, -1) {
			texts = append(texts, quoted[1]+quoted[2])
		}
		return volumedb.In(column, texts), nil
	}
	return volumedb.Equal(column, value), nil
}

// nothingHas is for what nothing here has.
func nothingHas(_, value string) (volumedb.Condition, error) {
	if value == "None" {
		return volumedb.Everything(), nil
	}
	return volumedb.Nothing(), nil
}

// isTrue is for what is true of everything here.
func isTrue(_, value string) (volumedb.Condition, error) {
	if b, ok := boolOf(value); ok && !b {
		return volumedb.Nothing(), nil
	}
	return volumedb.Everything(), nil
}

var (
	// dictPattern finds the keys and values of a dictionary as Python's or JSON's
	// clients write it, each in quotes of either kind.
	dictPattern = regexp.MustCompile(`(?:u?'([^']*)'|"([^"]*)")\s*:\s*(?:u?'([^']*)'|"([^"]*)")`)
	// emptyPattern is a dictionary without any, which Terraform sends.
	emptyPattern = regexp.MustCompile(`^\s*\{\s*\}\s*$`)
)

// dictOf reads {'key': 'value', …}; false if that is no dictionary.
func dictOf(value string) (pairs [][2]string, ok bool) {
	for _, p := range dictPattern.FindAllStringSubmatch(value, -1) {
		pairs = append(pairs, [2]string{p[1] + p[2], p[3] + p[4]})
	}
	return pairs, len(pairs) > 0 || emptyPattern.MatchString(value)
}

// allOf reads a dictionary, all of which must hold.
func allOf(has func(name, value string) volumedb.Condition) func(column, value string) (volumedb.Condition, error) {
	return func(_, value string) (volumedb.Condition, error) {
		pairs, ok := dictOf(value)
		if !ok {
			return volumedb.Nothing(), nil
		}
		conditions := []volumedb.Condition{volumedb.Everything()}
		for _, p := range pairs {
			conditions = append(conditions, has(p[0], p[1]))
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

// typeFilters are the filters of lists of types. Everybody has more of them only from
// 3.52 on; which of the types that aren't public are there is not their business.
var typeFilters = map[string]filter{
	"is_public":    {where: func(string, string) (volumedb.Condition, error) { return volumedb.Everything(), nil }},
	"extra_specs":  {where: allOf(volumedb.HasSpec)},
	"id":           {column: "id", admin: true},
	"name":         {column: "name", admin: true},
	"description":  {column: "description", admin: true},
	"qos_specs_id": {column: "qos_id", admin: true},
}

// withTypeFilters is the version from which on everybody may filter types.
const withTypeFilters version = 52

// hidden reports whether the extra specs in a filter are of the kind that only
// administrators may know: they must not be found out by trying.
func hidden(specs string) bool {
	pairs, _ := dictOf(specs)
	return slices.ContainsFunc(pairs, func(p [2]string) bool { return !slices.Contains(visibleSpecs, p[0]) })
}
