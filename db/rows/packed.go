package rows

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// separator stands between the values of a packed row: U+001F, which is made for that.
const separator = "\x1f"

// present begins a value that may be null, if it isn't.
const present = "="

// errNotPacked tells that a text can't be split into the values that it was made of.
var errNotPacked = errors.New("a value has the separator in it")

// pack is the SQL that makes one text of columns. What the text has to say of a column
// depends on what it is read into.
func (d dialect) pack(columns []string, targets []any) string {
	terms := make([]string, len(columns))
	for i, column := range columns {
		terms[i] = d.packOne(column, targets[i])
	}
	return "concat_ws(" + d.separator + ", " + strings.Join(terms, ", ") + ")"
}

func (d dialect) packOne(column string, target any) string {
	switch target.(type) {
	case textual: // for which null is the empty text
		return "COALESCE(CAST(" + column + " AS TEXT), '')"
	case **string, **time.Time:
		return "COALESCE('" + present + "' || " + column + ", '')"
	case *float64:
		return fmt.Sprintf(d.float, column)
	}
	return column
}

// textual is a target that reads itself from a column of text, and would rather not
// have it in an interface.
type textual interface{ scanText(text string) error }

// unpack splits a packed row and sets its targets.
func unpack(text string, targets []any) error {
	if strings.Count(text, separator) != len(targets)-1 {
		return errNotPacked
	}
	for _, target := range targets {
		value, rest, _ := strings.Cut(text, separator)
		if err := set(target, value); err != nil {
			return err
		}
		text = rest
	}
	return nil
}

// set reads a value of a packed row.
func set(target any, text string) (err error) {
	switch to := target.(type) {
	case *string:
		*to = text
	case textual:
		return to.scanText(text)
	case *time.Time:
		*to, err = timeOf(text)
	case **string:
		*to = nil
		if value, ok := strings.CutPrefix(text, present); ok {
			*to = &value
		}
	case **time.Time:
		*to = nil
		if value, ok := strings.CutPrefix(text, present); ok {
			at, err := timeOf(value)
			*to = &at
			return err
		}
	case *bool:
		*to = text == "1" || text == "t" // SQLite's and PostgreSQL's
	case *int:
		*to, err = strconv.Atoi(text)
	case *int64:
		*to, err = strconv.ParseInt(text, 10, 64)
	case *float64:
		*to, err = strconv.ParseFloat(text, 64)
	default:
		return setKind(reflect.ValueOf(target).Elem(), text)
	}
	return err
}

// setKind reads a value of a type that is a string or an integer by another name.
func setKind(to reflect.Value, text string) error {
	switch to.Kind() {
	case reflect.String:
		to.SetString(text)
	case reflect.Int, reflect.Int64:
		number, err := strconv.ParseInt(text, 10, 64)
		to.SetInt(number)
		return err
	default:
		return fmt.Errorf("a packed row can't be read into a %s", to.Type())
	}
	return nil
}

// timeOf reads a time as both databases write it in UTC: "2006-01-02 15:04:05.999999"
// and then +00:00 (SQLite) or +00 (PostgreSQL).
func timeOf(text string) (time.Time, error) {
	const seconds, micros = len("2006-01-02 15:04:05"), 6
	clock, utc := strings.CutSuffix(strings.TrimSuffix(text, ":00"), "+00")
	if !utc || len(clock) < seconds || len(clock) > seconds+1+micros || len(clock) == seconds+1 {
		return time.Parse("2006-01-02 15:04:05.999999999Z07:00", text)
	}
	n := digits{text: clock}
	year, month, day := n.next(4, 0), n.next(2, '-'), n.next(2, '-')
	hour, minute, second := n.next(2, ' '), n.next(2, ':'), n.next(2, ':')
	fraction := 0
	if rest := len(clock) - seconds; rest > 0 {
		fraction = n.next(rest-1, '.')
		for range 9 - (rest - 1) {
			fraction *= 10
		}
	}
	if n.bad {
		return time.Time{}, fmt.Errorf("column of time holds %q", text)
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, fraction, time.UTC), nil
}

// digits reads numbers of so many digits.
type digits struct {
	text string
	at   int
	bad  bool
}

// next reads a number behind a character; 0 for none.
func (d *digits) next(width int, behind byte) (number int) {
	if behind != 0 {
		d.bad = d.bad || d.text[d.at] != behind
		d.at++
	}
	for range width {
		digit := d.text[d.at] - '0'
		d.bad = d.bad || digit > 9
		number = number*10 + int(digit)
		d.at++
	}
	return number
}
