// Package views renders what the API shows. A view takes fully loaded nouns
// and fetches nothing. Responses are ordered dict literals: the literal is the
// JSON, in order, with the microversion at the left of each conditional line.
package views

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// A Field is one key of a response.
type Field struct {
	Key   string
	Value any
}

// A Dict is a JSON object whose keys keep their order.
type Dict []Field

// hidden is the value of a field that is not shown.
type hidden struct{}

// If shows the field only if ok. A field that is hidden already stays hidden,
// so since, until and If can follow each other.
func (f Field) If(ok bool) Field {
	if !ok {
		return Field{f.Key, hidden{}}
	}
	return f
}

// shown reports whether the field is shown.
func (f Field) shown() bool {
	_, hide := f.Value.(hidden)
	return !hide
}

// since shows a field from version 2.minor on.
func since(r Request, minor int, key string, value any) Field {
	return Field{key, value}.If(r.AtLeast(minor))
}

// until shows a field up to and including version 2.minor.
func until(r Request, minor int, key string, value any) Field {
	return Field{key, value}.If(!r.AtLeast(minor + 1))
}

// MarshalJSON is AppendJSON for encoding/json, which escapes it anew: don't
// go through an Encoder where the text matters.
func (d Dict) MarshalJSON() ([]byte, error) { return d.AppendJSON(nil), nil }

// AppendJSON writes the dict as JSON. Unlike encoding/json it leaves <, > and
// & as they are, since Nova does.
func (d Dict) AppendJSON(to []byte) []byte {
	to = append(to, '{')
	first := true
	for _, f := range d {
		if !f.shown() {
			continue
		}
		if !first {
			to = append(to, ',')
		}
		first = false
		to = appendString(to, f.Key)
		to = append(to, ':')
		to = appendValue(to, f.Value)
	}
	return append(to, '}')
}

// appendValue writes one value. The types that views are made of are written
// without reflection; encoding/json takes the rest.
func appendValue(to []byte, value any) []byte {
	switch v := value.(type) {
	case nil:
		return append(to, "null"...)
	case string:
		return appendString(to, v)
	case *string:
		return appendPointer(to, v, appendString)
	case bool:
		return strconv.AppendBool(to, v)
	case int:
		return strconv.AppendInt(to, int64(v), 10)
	case *int:
		return appendPointer(to, v, func(to []byte, v int) []byte { return strconv.AppendInt(to, int64(v), 10) })
	case int64:
		return strconv.AppendInt(to, v, 10)
	case float64:
		return appendFloat(to, v)
	case Dict:
		return v.AppendJSON(to)
	case []Dict:
		return appendList(to, v, func(to []byte, d Dict) []byte { return d.AppendJSON(to) })
	case []string:
		return appendList(to, v, appendString)
	case map[string]string:
		return appendMap(to, v)
	case interface{ AppendJSON(to []byte) []byte }: // what each returns
		return v.AppendJSON(to)
	}
	return appendOther(to, value)
}

// appendOther leaves a value to encoding/json. A channel or a function in a
// view is a mistake that the golden files show.
func appendOther(to []byte, value any) []byte {
	encoded, err := json.Marshal(value)
	if err != nil { // a channel or a function in a view: a mistake of ours that tests find
		return append(to, "null"...)
	}
	return append(to, encoded...)
}

// appendPointer writes null for nil, and otherwise the value behind the
// pointer.
func appendPointer[T any](to []byte, v *T, write func([]byte, T) []byte) []byte {
	if v == nil {
		return append(to, "null"...)
	}
	return write(to, *v)
}

// appendList writes a list: [] for nil, never null. Items of a list are of
// about the same length, so it makes room for all of them once it knows the
// length of the first.
func appendList[T any](to []byte, items []T, write func([]byte, T) []byte) []byte {
	to = append(to, '[')
	for i, item := range items {
		if i > 0 {
			to = append(to, ',')
		}
		before := len(to)
		to = write(to, item)
		if i == 0 {
			to = slices.Grow(to, (len(to)-before+1)*len(items))
		}
	}
	return append(to, ']')
}

// appendMap writes an object with its keys sorted: {} for nil, never null.
func appendMap(to []byte, m map[string]string) []byte {
	var room [16]string // enough for nearly all, and not on the heap
	keys := room[:0]
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	to = append(to, '{')
	for i, key := range keys {
		if i > 0 {
			to = append(to, ',')
		}
		to = appendString(to, key)
		to = append(to, ':')
		to = appendString(to, m[key])
	}
	return append(to, '}')
}

// appendFloat writes a number as Python's encoder does: the shortest digits that
// give the same double, with ".0" behind a whole number, and an exponent where
// it is below -4 or above 15. A value that is not a number is null.
func appendFloat(to []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(to, "null"...)
	}
	const least, most = 1e-4, 1e16
	if size := math.Abs(f); size != 0 && (size < least || size >= most) {
		return strconv.AppendFloat(to, f, 'e', -1, 64)
	}
	to = strconv.AppendFloat(to, f, 'f', -1, 64)
	if f == math.Trunc(f) {
		to = append(to, ".0"...)
	}
	return to
}

const hexDigits = "0123456789abcdef"

// plain are the bytes that a string may hold as they are. Nearly all bytes of
// nearly all strings are, and are copied in one go.
var plain = func() (table [256]bool) {
	for b := ' '; b < utf8.RuneSelf; b++ {
		table[b] = b != '"' && b != '\\'
	}
	return table
}()

// appendString writes a string. Bytes that are not UTF-8 become U+FFFD. <, >
// and & stay as they are.
func appendString(to []byte, s string) []byte {
	to = append(to, '"')
	start := 0
	for i := 0; i < len(s); {
		b := s[i]
		if plain[b] {
			i++
			continue
		}
		if b < utf8.RuneSelf {
			to = append(to, s[start:i]...)
			to = appendEscaped(to, b)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			to = append(to, s[start:i]...)
			to = append(to, "\ufffd"...)
			i++
			start = i
			continue
		}
		i += size
	}
	to = append(to, s[start:]...)
	return append(to, '"')
}

// appendEscaped writes a quote, a backslash or a control character. It prefers
// the short escapes, as Python does.
func appendEscaped(to []byte, b byte) []byte {
	switch b {
	case '"', '\\':
		return append(to, '\\', b)
	case '\b':
		return append(to, '\\', 'b')
	case '\f':
		return append(to, '\\', 'f')
	case '\n':
		return append(to, '\\', 'n')
	case '\r':
		return append(to, '\\', 'r')
	case '\t':
		return append(to, '\\', 't')
	}
	return append(to, '\\', 'u', '0', '0', hexDigits[b>>4], hexDigits[b&0xf])
}

// isotime writes a time as 2013-09-03T04:01:32Z, like utils.isotime in
// nova/utils.py.
func isotime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// naive writes a time as 2013-09-23T13:37:00.880302: in microseconds and
// without a zone, as a datetime of Python's without one.
func naive(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000") }

// naiveOrNull is naive, and null for a time that has not come.
func naiveOrNull(t *time.Time) any {
	if t == nil {
		return nil
	}
	return naive(*t)
}

// stringOrNull is null for an empty string.
func stringOrNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// pointerOrNull is stringOrNull for a text that is written from where it is.
func pointerOrNull(s *string) any {
	if *s == "" {
		return nil
	}
	return s
}

// listOrNull is null for nil, and otherwise a list, which may be empty.
func listOrNull(items []string) any {
	if items == nil {
		return nil
	}
	return items
}

// object is an empty object for nil, never null.
func object[V any](m map[string]V) any {
	if m == nil {
		return noFields
	}
	return m
}

var noFields any = Dict{}

// orTime is a time, and another one for nil.
func orTime(t, otherwise *time.Time) *time.Time {
	if t == nil {
		return otherwise
	}
	return t
}
