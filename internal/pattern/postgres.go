package pattern

import (
	"fmt"
	"regexp/syntax"
	"strconv"
	"strings"
	"unicode"
)

// Postgres prints the pattern as an advanced regular expression of PostgreSQL,
// for the operator ~. Every class is spelt out in ranges of code points, and
// so is every other case of a letter, because PostgreSQL's own classes and
// foldings depend on the locale of the database.
func (p Pattern) Postgres() string {
	if p.tree == nil {
		return ""
	}
	var w postgresWriter
	w.write(p.tree)
	return w.String()
}

type postgresWriter struct{ strings.Builder }

// Assertions that PostgreSQL has no ASCII form of.
const (
	wordClass   = `[0-9A-Za-z_]`
	atWord      = `(?:(?<!` + wordClass + `)(?=` + wordClass + `)|(?<=` + wordClass + `)(?!` + wordClass + `))`
	notAtWord   = `(?:(?<!` + wordClass + `)(?!` + wordClass + `)|(?<=` + wordClass + `)(?=` + wordClass + `))`
	atLineStart = `(?:^|(?<=\n))`
	atLineEnd   = `(?:$|(?=\n))`
	nothing     = `(?!)` // matches nowhere
)

// write prints a tree. Groups are for precedence only: what a group holds, and
// whether a repetition is greedy, doesn't change whether a text matches.
func (w *postgresWriter) write(re *syntax.Regexp) {
	switch re.Op {
	case syntax.OpNoMatch:
		w.WriteString(nothing)
	case syntax.OpEmptyMatch:
		w.WriteString("(?:)")
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			w.class(literalRanges(r, re.Flags))
		}
	case syntax.OpCharClass:
		w.class(re.Rune)
	case syntax.OpAnyCharNotNL:
		w.WriteString(`[^\n]`)
	case syntax.OpAnyChar:
		w.WriteString(`.`)
	case syntax.OpBeginLine:
		w.WriteString(atLineStart)
	case syntax.OpEndLine:
		w.WriteString(atLineEnd)
	case syntax.OpBeginText:
		w.WriteString(`^`)
	case syntax.OpEndText:
		w.WriteString(`$`)
	case syntax.OpWordBoundary:
		w.WriteString(atWord)
	case syntax.OpNoWordBoundary:
		w.WriteString(notAtWord)
	case syntax.OpCapture:
		w.group(re.Sub[0])
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		w.repeat(re)
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			w.group(sub)
		}
	case syntax.OpAlternate:
		for i, sub := range re.Sub {
			if i > 0 {
				w.WriteByte('|')
			}
			w.write(sub)
		}
	}
}

// group prints a part of a concatenation.
func (w *postgresWriter) group(re *syntax.Regexp) {
	for re.Op == syntax.OpCapture {
		re = re.Sub[0]
	}
	if re.Op != syntax.OpAlternate && re.Op != syntax.OpConcat {
		w.write(re)
		return
	}
	w.WriteString("(?:")
	w.write(re)
	w.WriteString(")")
}

// mostRepeats is the largest number that PostgreSQL takes between braces.
const mostRepeats = 255

// repeat prints a repetition. More than PostgreSQL can count are several, one
// after the other. An assertion is never repeated: it holds or it doesn't.
func (w *postgresWriter) repeat(re *syntax.Regexp) {
	sub := re.Sub[0]
	least, most := bounds(re)
	if isAssertion(sub) {
		if least > 0 {
			w.group(sub)
		}
		return
	}
	for ; least > mostRepeats; least -= mostRepeats {
		w.count(sub, mostRepeats, mostRepeats)
		if most > 0 {
			most -= mostRepeats
		}
	}
	if most > mostRepeats { // the difference is small: maxSize sees to it
		w.count(sub, least, least)
		least, most = 0, most-least
	}
	w.count(sub, least, most)
}

// count prints from least to most times the same; most is -1 for any number.
func (w *postgresWriter) count(re *syntax.Regexp, least, most int) {
	if most == 0 {
		return
	}
	w.WriteString("(?:")
	w.write(re)
	w.WriteString("){" + strconv.Itoa(least) + ",")
	if most > 0 {
		w.WriteString(strconv.Itoa(most))
	}
	w.WriteString("}")
}

// isAssertion reports whether an expression can match the empty text only.
func isAssertion(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return true
	case syntax.OpLiteral, syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL, syntax.OpNoMatch:
		return false
	default:
		for _, sub := range re.Sub {
			if !isAssertion(sub) {
				return false
			}
		}
		return true
	}
}

// class prints ranges as a class of characters; one character stands alone.
func (w *postgresWriter) class(ranges []rune) {
	if len(ranges) == 0 {
		w.WriteString(nothing)
		return
	}
	if len(ranges) == 2 && ranges[0] == ranges[1] {
		w.char(ranges[0])
		return
	}
	w.WriteByte('[')
	for i := 0; i < len(ranges); i += 2 {
		w.char(ranges[i])
		if ranges[i+1] > ranges[i] {
			w.WriteByte('-')
			w.char(ranges[i+1])
		}
	}
	w.WriteByte(']')
}

// char prints one character, in or out of a class. Only letters and digits
// mean themselves everywhere.
func (w *postgresWriter) char(r rune) {
	switch {
	case isAlphanumeric(r):
		w.WriteRune(r)
	case r <= 0xFFFF:
		fmt.Fprintf(&w.Builder, `\u%04X`, r)
	default:
		fmt.Fprintf(&w.Builder, `\U%08X`, r)
	}
}

// literalRanges are a character with its other cases, as ranges in order.
func literalRanges(r rune, flags syntax.Flags) []rune {
	if flags&syntax.FoldCase == 0 {
		return []rune{r, r}
	}
	lowest := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		lowest = min(lowest, other)
	}
	ranges := []rune{lowest, lowest}
	for other := unicode.SimpleFold(lowest); other != lowest; other = unicode.SimpleFold(other) {
		ranges = append(ranges, other, other)
	}
	return ranges
}
