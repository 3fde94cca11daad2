package schema

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// isoTime matches ISO 8601 as clients write it: from a year alone to a fraction
// of a second with a zone, with or without hyphens and colons.
var isoTime = regexp.MustCompile(`^(\d{4})(?:-?(\d{1,2})(?:-?(\d{1,2})(?:[ T](\d{1,2}):?(\d{2})(?::?(\d{1,2})(?:[.,](\d+))?)?` +
	`(Z|[+-]\d{2}(?::?\d{2})?)?)?)?)?$`)

// ParseTime reads a time of the format date-time, as in a changes-since filter.
// A time without a zone is UTC.
func ParseTime(s string) (time.Time, error) {
	m := isoTime.FindStringSubmatch(s)
	if m == nil {
		return time.Time{}, fmt.Errorf("%q is not an ISO 8601 time", s)
	}
	text := fmt.Sprintf("%s-%02s-%02sT%02s:%02s:%02s.%s%s",
		m[1], or(m[2], "01"), or(m[3], "01"), or(m[4], "00"), or(m[5], "00"), or(m[6], "00"), fraction(m[7]), zone(m[8]))
	t, err := time.Parse("2006-01-02T15:04:05.000000Z07:00", text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is not a time: %w", s, err)
	}
	return t.UTC(), nil
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// fraction writes a fraction of a second with six digits: more are cut off.
func fraction(digits string) string { return (digits + "000000")[:6] }

// zone writes a zone as "Z" or "+hh:mm".
func zone(s string) string {
	s = strings.ReplaceAll(s, ":", "")
	switch len(s) {
	case 0, 1:
		return "Z"
	case 3:
		return s + ":00"
	}
	return s[:3] + ":" + s[3:]
}
