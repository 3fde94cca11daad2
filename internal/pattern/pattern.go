// Package pattern holds the regular expressions that clients filter lists
// with. Every database has a dialect of its own. A pattern is therefore parsed
// once, in the one grammar that clients may use, and printed for the database
// that matches it: so all databases accept, refuse and match the same.
//
// The grammar is what Python's re, which Nova checks patterns with, and Go's
// regexp both read. There are no look-arounds and no references to groups.
// Upper and lower case are the same unless the pattern says (?-i).
package pattern

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"strings"
)

// A Pattern is a regular expression in the common grammar. The zero Pattern is
// the empty expression, which matches every text.
type Pattern struct {
	text  string
	tree  *syntax.Regexp
	lines bool
}

// MaxLength is how many bytes of text a pattern may have.
const MaxLength = 4096

// flags of the parser: what Perl knows, but no classes of Unicode, which
// neither Python nor PostgreSQL knows by these names.
const flags = syntax.Perl&^syntax.UnicodeGroups | syntax.FoldCase

// Parse reads a pattern. It refuses what isn't in the common grammar, what is
// longer than MaxLength, and what a database would have to build too large a
// machine for, such as (x{1000}){1000}.
func Parse(text string) (Pattern, error) { return parse(text, false) }

// ParseLine reads a pattern that is held against a text of several lines, and
// matches from the start of a line. Its ^ and $ are start and end of the line.
func ParseLine(text string) (Pattern, error) { return parse(text, true) }

func parse(text string, lines bool) (Pattern, error) {
	if len(text) > MaxLength {
		return Pattern{}, fmt.Errorf("pattern of %d bytes: at most %d are read", len(text), MaxLength)
	}
	if strings.ContainsRune(text, 0) {
		return Pattern{}, errors.New("a NUL, which no database keeps in a text")
	}
	if err := checkEscapes(text); err != nil {
		return Pattern{}, err
	}
	mode := flags
	if lines {
		mode &^= syntax.OneLine
	}
	tree, err := syntax.Parse(text, mode)
	if err != nil {
		return Pattern{}, err
	}
	if lines {
		start := &syntax.Regexp{Op: syntax.OpBeginLine}
		tree = &syntax.Regexp{Op: syntax.OpConcat, Sub: []*syntax.Regexp{start, tree}}
	}
	if err := checkSize(tree); err != nil {
		return Pattern{}, err
	}
	return Pattern{text, tree, lines}, nil
}

// String is the pattern as the client wrote it.
func (p Pattern) String() string { return p.text }

// IsEmpty reports whether the pattern matches every text because it demands
// nothing.
func (p Pattern) IsEmpty() bool { return p.text == "" }

// Go prints the pattern for package regexp.
func (p Pattern) Go() string {
	if p.lines {
		return "(?im)^(?:" + p.text + ")"
	}
	return "(?i)" + p.text
}

// pythonEscapes are the letters and digits that may follow a backslash in
// Python. The others would be read by Go alone: \pL, \x{61}, \Q…\E, \z. A
// digit from 1 to 9 is a reference to a group, or an octal character after a
// certain number of groups: nobody means the latter.
const pythonEscapes = "0AbBdDsSwWafnrtvx"

// checkEscapes refuses the escapes that Python doesn't know.
func checkEscapes(text string) error {
	for rest := text; ; {
		_, after, ok := strings.Cut(rest, `\`)
		if !ok {
			return nil
		}
		if after == "" {
			return errors.New("a backslash at the end")
		}
		if isAlphanumeric(rune(after[0])) && !strings.Contains(pythonEscapes, after[:1]) || strings.HasPrefix(after, "x{") {
			return fmt.Errorf(`no such escape: \%c`, after[0])
		}
		rest = after[1:]
	}
}

func isAlphanumeric(c rune) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
