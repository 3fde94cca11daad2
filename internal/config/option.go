package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Section is a part of the configuration file, under its [name].
type Section struct {
	Name    string
	About   string
	Options []Option
}

// An Option is a row of a section's table.
type Option struct {
	Name    string
	Default string // in the form of a file
	Help    string
	Accepts rule
	Secret  bool // never printed

	at func(*Config) any // points at the field; the pointer's type is the option's
}

// key names an option among all.
type key struct{ section, option string }

func (k key) String() string { return "[" + k.section + "] " + k.option }

// env is the environment variable that overrides the option.
func (k key) env() string {
	return "NOVA_" + strings.ToUpper(k.section+"_"+k.option)
}

// Type names the kind of value: boolean, integer, number, seconds, list or
// string.
func (o Option) Type() string {
	switch o.at(new(Config)).(type) {
	case *bool:
		return "boolean"
	case *int, *int64:
		return "integer"
	case *float64:
		return "number"
	case *time.Duration:
		return "seconds"
	case *[]string:
		return "list"
	default:
		return "string"
	}
}

// kind is the type with the values that are accepted.
func (o Option) kind() string {
	if o.Accepts.says == "" {
		return o.Type()
	}
	return o.Type() + ": " + o.Accepts.says
}

// set parses text into the option's field.
func (o Option) set(c *Config, text string) error {
	if err := assign(o.at(c), text); err != nil {
		return err
	}
	if o.Accepts.check == nil {
		return nil
	}
	return o.Accepts.check(text)
}

// assign parses text as what the target points at.
func assign(target any, text string) (err error) {
	switch p := target.(type) {
	case *string:
		*p = text
	case *[]string:
		*p = splitList(text)
	case *bool:
		*p, err = parseBool(text)
	case *int:
		*p, err = strconv.Atoi(text)
		err = wrongType(err, "an integer")
	case *int64:
		*p, err = strconv.ParseInt(text, 10, 64)
		err = wrongType(err, "an integer")
	case *float64:
		*p, err = strconv.ParseFloat(text, 64)
		err = wrongType(err, "a number")
	case *time.Duration:
		*p, err = parseSeconds(text)
	default:
		panic(fmt.Sprintf("config: an option can't be a %T", target)) //nolint:forbidigo // the table is wrong
	}
	return err
}

// format writes a field the way that assign reads it.
func format(target any) string {
	switch p := target.(type) {
	case *[]string:
		return strings.Join(*p, ",")
	case *bool:
		return strconv.FormatBool(*p)
	case *int:
		return strconv.Itoa(*p)
	case *int64:
		return strconv.FormatInt(*p, 10)
	case *float64:
		return strconv.FormatFloat(*p, 'f', -1, 64)
	case *time.Duration:
		return strconv.FormatInt(int64(*p/time.Second), 10)
	case *string:
		return *p
	default:
		panic(fmt.Sprintf("config: an option can't be a %T", target)) //nolint:forbidigo // the table is wrong
	}
}

// wrongType words an error of package strconv for operators, without the text,
// which may be a secret.
func wrongType(err error, want string) error {
	if errors.Is(err, strconv.ErrRange) {
		return errors.New("out of range")
	}
	if err != nil {
		return errors.New("not " + want)
	}
	return nil
}

// bools are the words that oslo.config knows.
var bools = map[string]bool{
	"true": true, "1": true, "on": true, "yes": true,
	"false": false, "0": false, "off": false, "no": false,
}

// parseBool reads a boolean in any case: oslo.config takes "True" and "yes" alike.
func parseBool(text string) (bool, error) {
	b, ok := bools[strings.ToLower(text)]
	if !ok {
		return false, errors.New("not a boolean: want true or false")
	}
	return b, nil
}

// mostSeconds keeps a time.Duration from overflowing.
const mostSeconds = 1 << 32

// parseSeconds reads a duration. All of Nova's are whole seconds, so units such as
// "5m" are refused rather than guessed.
func parseSeconds(text string) (time.Duration, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, wrongType(err, "a whole number of seconds")
	}
	if n < 0 || n > mostSeconds {
		return 0, errors.New("out of range")
	}
	return time.Duration(n) * time.Second, nil
}

// splitList takes "a, b" or one item a line apart.
func splitList(text string) []string {
	var items []string
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}
