package config

import (
	"errors"
	"regexp"
	"strings"
)

// An expander knows the text of each option, for values in files that refer to
// others: $state_path, ${host}, $database.connection. A dollar sign is $$.
type expander map[key]Setting

var references = regexp.MustCompile(`\$\$|\\\$|\$\{([A-Za-z_][A-Za-z0-9_.]*)\}|\$([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)?)`)

// deepest is how many references may stand in a row.
const deepest = 8

// expand fills in what a value refers to, over however many steps. Values of the
// environment and of flags are literal, since a shell has expanded those.
func (e expander) expand(s Setting, depth int) (string, error) {
	if s.literal {
		return s.Value, nil
	}
	if depth > deepest {
		return "", errors.New("refers to itself")
	}
	var faults []error
	text := references.ReplaceAllStringFunc(s.Value, func(match string) string {
		if match == "$$" || match == `\$` {
			return "$"
		}
		value, err := e.value(strings.Trim(match, "${}"), depth)
		if err != nil {
			faults = append(faults, err)
		}
		return value
	})
	return text, errors.Join(faults...)
}

// value finds what a reference stands for: an option of [DEFAULT] or,
// with a dot, of another section.
func (e expander) value(name string, depth int) (string, error) {
	k := key{"DEFAULT", name}
	if section, option, ok := strings.Cut(name, "."); ok {
		k = key{section, option}
	}
	target, ok := e[k]
	if !ok {
		return "", errors.New("refers to an option that isn't known here, or has a dollar sign that should be $$")
	}
	return e.expand(target, depth+1)
}
