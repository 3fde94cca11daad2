package network

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
)

// An object is a JSON object.
type object = map[string]any

// access says who may set an attribute.
type access int

const (
	nobody        access = iota
	anyone               // who may write at all
	networkOwners        // the owner of the port's network, and admins
	admins               // and services
)

// An attribute is a key of one kind of thing: who may set it, how it is set,
// and how lists are filtered by it.
type attribute[T any] struct {
	name      string    // the key in bodies
	post, put access    // who may set it at creation and at update
	set       setter[T] // nil: create and change read it from the body themselves
	required  bool      // at creation
	// isDefault reports whether a value is the attribute's default, which counts
	// as not given at creation, so that everybody may give it (nil: none does).
	isDefault func(value any) bool

	column string                         // in the table; empty: lists can't be filtered by it
	sort   string                         // what lists are sorted by, if it isn't the column
	find   func(text string) (any, error) // reads a value of a filter
}

// access says who may set the attribute by a rule such as create_port.
func (a attribute[T]) access(rule string) access {
	if strings.HasPrefix(rule, "create_") {
		return a.post
	}
	return a.put
}

// A setter puts a JSON value into a thing, or describes the fault in the
// value.
type setter[T any] func(to *T, name string, value any) error

// asText, asNumber and asFlag read the value of a filter.
func asText(text string) (any, error) { return text, nil }

func asNumber(text string) (any, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, invalidInput("'%s' is not an integer.", text)
	}
	return n, nil
}

func asFlag(text string) (any, error) { return parseFlag(text) }

// parseFlag reads a boolean as Neutron does, which takes words and numbers too.
func parseFlag(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	}
	return false, invalidInput("'%s' cannot be converted to boolean.", text)
}

// maxText is how many characters a string may have.
const maxText = 255

// text makes the setter of a string.
func text[T any](field func(*T) *string) setter[T] {
	return func(to *T, name string, value any) error {
		s, err := stringOf(name, value)
		if err == nil {
			*field(to) = s
		}
		return err
	}
}

// optional makes the setter of a string that may be null. The check may be nil.
func optional[T any](field func(*T) **string, check func(name, text string) error) setter[T] {
	return func(to *T, name string, value any) error {
		if value == nil {
			*field(to) = nil
			return nil
		}
		s, err := stringOf(name, value)
		if err == nil && check != nil {
			err = check(name, s)
		}
		if err == nil {
			*field(to) = &s
		}
		return err
	}
}

// flag makes the setter of a boolean.
func flag[T any](field func(*T) *bool) setter[T] {
	return func(to *T, _ string, value any) error {
		b, ok := value.(bool)
		if !ok {
			var err error
			if b, err = parseFlag(plain(value)); err != nil {
				return err
			}
		}
		*field(to) = b
		return nil
	}
}

// isFalse and isNull report whether a value is the default of an attribute.
func isFalse(value any) bool {
	b, err := parseFlag(plain(value))
	return err == nil && !b
}

func isNull(value any) bool { return value == nil }

// number makes the setter of a whole number with a lower bound.
func number[T any](field func(*T) *int64, least int64) setter[T] {
	return func(to *T, name string, value any) error {
		n, err := integer(name, value)
		switch {
		case err != nil:
			return err
		case n < least && least == 0:
			return invalid(name, "'%d' should be non-negative.", n)
		case n < least:
			return invalid(name, "'%d' is too small - must be at least '%d'.", n, least)
		}
		*field(to) = n
		return nil
	}
}

// oneOf makes the setter of a string or a number that is one of some words.
func oneOf[T any](field func(*T) *string, words ...string) setter[T] {
	return func(to *T, name string, value any) error {
		word := plain(value)
		if !slices.Contains(words, word) {
			return invalid(name, "%s is not in valid_values.", word)
		}
		*field(to) = word
		return nil
	}
}

// id makes the setter of a string that is a UUID.
func id[T any](field func(*T) *string) setter[T] {
	return func(to *T, name string, value any) error {
		s, err := stringOf(name, value)
		if err == nil {
			err = isID(name, s)
		}
		if err == nil {
			*field(to) = s
		}
		return err
	}
}

// isID refuses what isn't a UUID in its usual form: uuid.Parse alone takes
// others.
func isID(name, text string) error {
	if _, err := uuid.Parse(text); err != nil || len(text) != len(uuid.Nil.String()) {
		return invalid(name, "'%s' is not a valid UUID.", text)
	}
	return nil
}

// isAddress refuses what isn't an IP address.
func isAddress(name, text string) error {
	if _, err := parseAddress(text); err != nil {
		return invalid(name, "'%s' is not a valid IP address.", text)
	}
	return nil
}

// parseAddress reads an IP address. A zone means nothing here, and an IPv4
// address in IPv6 clothes is an IPv4 address.
func parseAddress(text string) (netip.Addr, error) {
	address, err := netip.ParseAddr(text)
	if err != nil {
		return address, err
	}
	return address.WithZone("").Unmap(), nil
}

// shaped makes the setter of a list whose items have the shape of V. The check
// may be nil.
func shaped[T, V any](field func(*T) *[]V, most int, check func(name string, items []V) error) setter[T] {
	return func(to *T, name string, value any) error {
		items := []V{}
		if err := reshape(value, &items); err != nil {
			return invalid(name, "'%s' is not of the form that is wanted.", plain(value))
		}
		if len(items) > most {
			return invalid(name, "there are more than %d.", most)
		}
		if check != nil {
			if err := check(name, items); err != nil {
				return err
			}
		}
		*field(to) = items
		return nil
	}
}

// reshape decodes a JSON value into a Go value of the same shape. A null leaves
// it alone.
func reshape(value, to any) error {
	if value == nil {
		return nil
	}
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, to)
}

// stringOf reads a string of bounded length.
func stringOf(name string, value any) (string, error) {
	s, ok := value.(string)
	switch {
	case !ok:
		return "", invalid(name, "'%s' is not a valid string.", plain(value))
	case utf8.RuneCountInString(s) > maxText:
		return "", invalid(name, "'%s' exceeds maximum length of %d.", s, maxText)
	}
	return s, nil
}

// integer reads a whole number, which may come as a string.
func integer(name string, value any) (int64, error) {
	n, err := strconv.ParseInt(plain(value), 10, 64)
	if err != nil {
		return 0, invalid(name, "'%s' is not an integer.", plain(value))
	}
	return n, nil
}

// invalid refuses the value of an attribute, in the words of Neutron's
// validators.
func invalid(name, reason string, args ...any) error {
	return badRequest("Invalid input for "+name+". Reason: "+reason, args...)
}

// plain shows a JSON value in a message.
func plain(value any) string {
	switch value := value.(type) {
	case nil:
		return "None"
	case string:
		return value
	case json.Number:
		return value.String()
	}
	text, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(text)
}
