// Package python writes values as Python does. OpenStack's services quote what
// clients have sent in their messages, and clients compare the messages.
package python

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// An Ordered object is a JSON object that knows in which order its keys were
// sent.
type Ordered struct {
	Keys   []string
	Values map[string]any
}

// Str writes a JSON value as Python's str does: as Repr, but strings bare.
func Str(value any) string {
	if s, ok := value.(string); ok {
		return s
	}
	return Repr(value)
}

// Repr writes a JSON value as Python's repr does. Keys of objects are in the order
// in which they were sent, and sorted where that is not known.
func Repr(value any) string {
	var b strings.Builder
	write(&b, value)
	return b.String()
}

// write writes a value in the form of repr. What is no value of JSON's is written
// as Go would.
func write(b *strings.Builder, value any) {
	switch v := value.(type) {
	case nil:
		b.WriteString("None")
	case bool:
		b.WriteString(map[bool]string{true: "True", false: "False"}[v])
	case string:
		writeQuoted(b, v)
	case json.Number:
		b.WriteString(Literal(v.String()))
	case []any:
		b.WriteByte('[')
		writeList(b, v)
		b.WriteByte(']')
	case Ordered:
		writeObject(b, v.Keys, v.Values)
	case map[string]any:
		writeObject(b, slices.Sorted(maps.Keys(v)), v)
	default:
		fmt.Fprint(b, value)
	}
}

// List writes values with commas between them and without brackets.
func List(values []any) string {
	var b strings.Builder
	writeList(&b, values)
	return b.String()
}

// writeList writes values with commas in between.
func writeList(b *strings.Builder, values []any) {
	for i, value := range values {
		if i > 0 {
			b.WriteString(", ")
		}
		write(b, value)
	}
}

// writeObject writes a dict with its keys in the given order.
func writeObject(b *strings.Builder, keys []string, object map[string]any) {
	b.WriteByte('{')
	for i, key := range keys {
		if i > 0 {
			b.WriteString(", ")
		}
		writeQuoted(b, key)
		b.WriteString(": ")
		write(b, object[key])
	}
	b.WriteByte('}')
}

// Literal writes a JSON number: integers with all their digits, others as the
// shortest decimal that gives the same double.
func Literal(text string) string {
	if strings.ContainsAny(text, ".eE") {
		f, _ := strconv.ParseFloat(text, 64)
		return reprFloat(f)
	}
	n, ok := new(big.Int).SetString(text, 10)
	if !ok {
		return text
	}
	return n.String()
}

// reprFloat writes a double as Python does: with a fraction in any case, and with
// an exponent where it is below -4 or above 15. Both languages choose the fewest
// digits that give the same double.
func reprFloat(f float64) string {
	if math.IsInf(f, 0) {
		return strings.ToLower(strings.TrimPrefix(strconv.FormatFloat(f, 'f', -1, 64), "+"))
	}
	scientific := strconv.FormatFloat(f, 'e', -1, 64)
	_, exponent, _ := strings.Cut(scientific, "e")
	if e, _ := strconv.Atoi(exponent); e < -4 || e >= 16 {
		return scientific
	}
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// escapes are the characters that Python writes in a way of their own.
var escapes = map[rune]string{'\\': `\\`, '\t': `\t`, '\n': `\n`, '\r': `\r`}

// writeQuoted writes a string in single quotes, or in double ones if it has
// single ones and no double.
func writeQuoted(b *strings.Builder, s string) {
	mark := '\''
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		mark = '"'
	}
	b.WriteRune(mark)
	for _, r := range s {
		b.WriteString(escape(r, mark))
	}
	b.WriteRune(mark)
}

// escape writes one character of a string. Python escapes what can't be printed,
// in two, four or eight hexadecimal digits.
func escape(r, mark rune) string {
	switch {
	case escapes[r] != "":
		return escapes[r]
	case r == mark:
		return `\` + string(r)
	case unicode.IsPrint(r):
		return string(r)
	case r < 0x100:
		return fmt.Sprintf(`\x%02x`, r)
	case r < 0x10000:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}
