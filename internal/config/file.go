package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"gopkg.in/ini.v1"
)

// mostFile is the largest file that is read; a whole nova.conf with all its
// comments is below a megabyte.
const mostFile = 16 << 20

// dialect makes ini read files the way oslo.config does: an option may come
// again and the last one wins, an indented line goes on with the value above,
// and neither # nor ; nor a backslash means anything within a value.
var dialect = ini.LoadOptions{
	AllowShadows:               true,
	AllowDuplicateShadowValues: true, // else "1, 2, 1" is 2 at last
	AllowPythonMultilineValues: true,
	IgnoreInlineComment:        true,
	IgnoreContinuation:         true,
}

// readFile takes the settings of a file. A file that can't be read is a fault of
// its own, after which nothing is said to be missing: it may stand in that file.
func (l *loader) readFile(path string) {
	settings, err := parseFile(path)
	if err != nil {
		l.unread = true
		l.faults = append(l.faults, fmt.Errorf("%s: %w", path, err))
		return
	}
	l.add(path, settings)
}

// readLimited reads a file, but not without end: the path may name a device or a
// disk image by mistake.
func readLimited(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, withoutPath(err)
	}
	defer func() { _ = f.Close() }() // was only read
	text, err := io.ReadAll(io.LimitReader(f, mostFile+1))
	if err != nil {
		return nil, withoutPath(err)
	}
	if len(text) > mostFile {
		return nil, errors.New("too large for a configuration file")
	}
	return text, nil
}

// withoutPath shortens an error of package os, beside which the path stands
// already.
func withoutPath(err error) error {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return e.Err
	}
	return err
}

// parseFile reads the settings of a file, in order. Sections are known whatever
// their case but for [DEFAULT], and options of none belong to that.
func parseFile(path string) ([]Setting, error) {
	text, err := readLimited(path)
	if err != nil {
		return nil, err
	}
	f, err := ini.LoadSources(dialect, text)
	if err != nil {
		return nil, syntaxFault(err)
	}
	var settings []Setting
	for _, section := range f.Sections() {
		name := section.Name()
		if name != ini.DefaultSection {
			name = strings.ToLower(name)
		}
		for _, k := range section.Keys() {
			settings = append(settings, Setting{Section: name, Option: k.Name(), Value: lastValue(k), Source: path})
		}
	}
	return settings, nil
}

// lastValue is the raw value that wins, without the indentation of its further
// lines. String would expand %(x)s, which nova.conf doesn't know.
func lastValue(k *ini.Key) string {
	value := k.Value()
	if all := k.ValueWithShadows(); len(all) > 0 {
		value = all[len(all)-1]
	}
	lines := strings.Split(value, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

// syntaxFault describes the fault in a file without repeating its line, in
// which a password may stand.
func syntaxFault(err error) error {
	if ini.IsErrDelimiterNotFound(err) {
		return errors.New("there is a line that is neither a [section], nor option = value, nor a # comment")
	}
	text, _, _ := strings.Cut(err.Error(), ":")
	text, _, _ = strings.Cut(text, " from ")
	return errors.New(text)
}
