package config

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
)

// A rule is what an option accepts beyond being of its type. It is given the
// text of a value whose type is right.
type rule struct {
	says  string
	check func(text string) error
}

// between accepts numbers from low to high, both included.
func between(low, high float64) rule {
	says := fmt.Sprintf("%v to %v", low, strconv.FormatFloat(high, 'f', -1, 64))
	if math.IsInf(high, 1) {
		says = fmt.Sprintf("at least %v", low)
	}
	return rule{says, func(text string) error {
		// "not within" instead of "outside", which NaN never is.
		if n, err := strconv.ParseFloat(text, 64); err != nil || !(n >= low && n <= high) {
			return errors.New("not within bounds: want " + says)
		}
		return nil
	}}
}

// atLeast accepts numbers from low on.
func atLeast(low float64) rule { return between(low, math.Inf(1)) }

// finite accepts every number that can be compared.
var finite = rule{"", func(text string) error {
	if n, err := strconv.ParseFloat(text, 64); err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return errors.New("not a finite number")
	}
	return nil
}}

// oneOf accepts some words, in the case that they are written in.
func oneOf(words ...string) rule {
	says := "one of " + strings.Join(words, ", ")
	return rule{says, func(text string) error {
		if !slices.Contains(words, text) {
			return errors.New("want " + says)
		}
		return nil
	}}
}

// some accepts a list that isn't empty and whose items are different and each
// accepted.
func some(item rule) rule {
	return rule{"each " + item.says, func(text string) error {
		items := splitList(text)
		if len(items) == 0 {
			return errors.New("must not be empty")
		}
		for i, s := range items {
			if slices.Contains(items[:i], s) {
				return fmt.Errorf("%q is there twice", s)
			}
			if err := item.check(s); err != nil {
				return fmt.Errorf("%q: %w", s, err)
			}
		}
		return nil
	}}
}

// maybe accepts nothing at all, or what the rule accepts.
func maybe(r rule) rule {
	return rule{r.says, func(text string) error {
		if text == "" {
			return nil
		}
		return r.check(text)
	}}
}

var notEmpty = rule{"", func(text string) error {
	if text == "" {
		return errors.New("must not be empty")
	}
	return nil
}}

// webAddress accepts the address of a service. Its words never repeat the
// text, which may hold a password.
var webAddress = rule{"a URL", func(text string) error {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return errors.New("not a URL: want http://… or https://…")
	}
	return nil
}}

// hostAndPort accepts an address to listen on; without a host it is all of the
// machine's.
var hostAndPort = rule{"host:port", func(text string) error {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return errors.New("want host:port")
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return errors.New("the port is no number up to 65535")
	}
	return nil
}}

var auditCycle = rule{"hour, day, month or year, perhaps with @ and a number", func(text string) error {
	_, err := nova.ParseAuditCycle(text)
	return err
}}

var hostName = rule{"a host name", func(text string) error {
	if !hostNamePattern.MatchString(text) {
		return errors.New("not a host name")
	}
	return nil
}}

// topic accepts what may be a part of a routing key.
var topic = rule{"a topic", func(text string) error {
	if !topicPattern.MatchString(text) {
		return errors.New("not a topic: want letters, digits, dots, dashes and underscores")
	}
	return nil
}}

var topicPattern = regexp.MustCompile(`^[A-Za-z0-9._-]{1,200}$`)

var hostNamePattern = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$`)

// storeAddress accepts the forms of [database] connection.
var storeAddress = rule{"a database URL", func(text string) error {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return errors.New("not a database URL: want sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME")
	}
	switch name, _, _ := strings.Cut(scheme, "+"); name {
	case "postgresql", "postgres":
		return nil
	case "sqlite":
		if !strings.HasPrefix(rest, "/") || rest == "/" || rest == "/:memory:" {
			return errors.New("no file: want sqlite:///RELATIVE or sqlite:////ABSOLUTE; a database in memory isn't enough")
		}
		return nil
	default:
		return fmt.Errorf("can't use a database of kind %q: want sqlite or postgresql", name)
	}
}}
