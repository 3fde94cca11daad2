package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Inputs are the sources of a configuration. Later ones win: the defaults,
// Files in their order, Environ, Flags.
type Inputs struct {
	Files   []string  // paths
	Environ []string  // NAME=value, as os.Environ gives it
	Flags   []Setting // from the command line
}

// A Setting is one option's value in one source.
type Setting struct {
	Section string
	Option  string
	Value   string
	Source  string // for messages: a path, a variable's name, a flag

	literal bool // $ is a dollar sign
}

func (s Setting) key() key { return key{s.Section, s.Option} }

// Flag is a setting that comes from the command line flag of a name.
func Flag(flag, section, option, value string) Setting {
	return Setting{Section: section, Option: option, Value: value, Source: flag, literal: true}
}

// Load reads all sources and checks what they say. The warnings tell of
// options that are there but mean nothing here. The error joins everything that
// is wrong, each with its source, section and option; no secret is in either.
func Load(in Inputs) (c *Config, warnings []string, err error) {
	l := loader{known: maps.Collect(each())}
	for _, path := range in.Files {
		l.readFile(path)
	}
	l.readEnviron(in.Environ)
	l.readFlags(in.Flags)

	c = l.apply()
	c.BootstrapPassword = lookup(in.Environ, "NOVA_BOOTSTRAP_PASSWORD")
	c.resolve(in)
	if !l.unread { // what seems to be missing may be in the file that wasn't read
		l.faults = append(l.faults, c.Validate())
	}
	if err := errors.Join(l.faults...); err != nil {
		return nil, l.warnings, err
	}
	return c, l.warnings, nil
}

// A loader gathers settings, and the faults in them, from all sources.
type loader struct {
	known    map[key]Option
	settings []Setting // in the order of the sources
	warnings []string
	faults   []error
	unread   bool // a file couldn't be read or understood
}

// fault describes the fault in a setting without repeating a secret.
func (l *loader) fault(s Setting, err error) error {
	text := fmt.Sprintf(" = %q", s.Value)
	if l.known[s.key()].Secret {
		text = ""
	}
	return fmt.Errorf("%s: %v%s: %w", s.Source, s.key(), text, err)
}

// add takes the settings of one source, and warns once of those that mean
// nothing here. A warning and not a fault: Nova's own nova.conf has hundreds of
// options, and is meant to be used as it is.
func (l *loader) add(source string, settings []Setting) {
	var unknown []string
	for _, s := range settings {
		if _, ok := l.known[s.key()]; ok {
			l.settings = append(l.settings, s)
		} else if !slices.Contains(unknown, s.key().String()) {
			unknown = append(unknown, s.key().String())
		}
	}
	if len(unknown) > 0 {
		l.warnings = append(l.warnings, source+": not used: "+strings.Join(unknown, ", "))
	}
}

// readEnviron takes NOVA_SECTION_OPTION. A variable that looks like an option
// of a section of ours but isn't one is worth a warning; other variables that
// begin with NOVA_ belong to clients. An empty variable counts as not set.
func (l *loader) readEnviron(environ []string) {
	names := make(map[string]key)
	for k := range l.known {
		names[k.env()] = k
	}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		k, ok := names[name]
		if ok && value != "" {
			l.settings = append(l.settings, Setting{k.section, k.option, value, "environment " + name, true})
		}
		if !ok && ofSection(name) {
			l.warnings = append(l.warnings, "environment: not used: "+name)
		}
	}
}

// ofSection reports whether a variable begins as those of one of our sections do,
// so that it is likely to be a misspelt option.
func ofSection(variable string) bool {
	return slices.ContainsFunc(Sections(), func(s Section) bool {
		return strings.HasPrefix(variable, key{s.Name, ""}.env())
	})
}

// readFlags takes flags; unlike a file, they are meant for this program alone,
// so what they set must exist.
func (l *loader) readFlags(flags []Setting) {
	for _, s := range flags {
		if _, ok := l.known[s.key()]; !ok {
			l.faults = append(l.faults, fmt.Errorf("%s: %v: there is no such option", s.Source, s.key()))
			continue
		}
		l.settings = append(l.settings, s)
	}
}

// apply sets the defaults and then all settings, so that the last one wins. A
// wrong one that doesn't win is but a warning: whoever tries Nova's own file
// overrides what doesn't fit.
func (l *loader) apply() *Config {
	c := &Config{from: make(map[key]string)}
	values := make(expander)
	for k, o := range l.known {
		values[k] = Setting{Value: o.Default, literal: true}
		if err := o.set(c, o.Default); err != nil {
			panic(fmt.Sprintf("config: the default of %v: %v", k, err)) //nolint:forbidigo // the table is wrong
		}
	}
	for _, s := range l.settings {
		values[s.key()] = s
	}
	for _, s := range l.settings {
		err := l.applyOne(c, s, values)
		switch won := values[s.key()] == s; {
		case err != nil && won:
			l.faults = append(l.faults, l.fault(s, err))
		case err != nil:
			l.warnings = append(l.warnings, "overridden: "+l.fault(s, err).Error())
		}
	}
	return c
}

// applyOne sets one option, with the references in its value expanded.
func (l *loader) applyOne(c *Config, s Setting, values expander) error {
	c.from[s.key()] = s.Source
	text, err := values.expand(s, 0)
	if err != nil {
		return err
	}
	return l.known[s.key()].set(c, text)
}

// lookup finds a variable in an environment: the last one of the name, as a shell
// would, and empty if there is none.
func lookup(environ []string, name string) string {
	for _, pair := range slices.Backward(environ) {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	return ""
}
