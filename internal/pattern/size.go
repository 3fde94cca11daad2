package pattern

import (
	"errors"
	"regexp/syntax"
	"slices"
)

// maxSize bounds the machine that a database builds for a pattern: its arcs,
// counted as in Glushkov's construction. A pattern of plain text has two for
// each letter, so that this is no limit for anything that people write.
const maxSize = 20_000

var errTooLarge = errors.New("pattern too large: repeat less")

// A machine describes the automaton of an expression without
// building it. Counts stop at maxSize+1.
type machine struct {
	empty bool // it matches the empty text
	arcs  int  // all arcs
	first int  // arcs into the positions that a match may begin with
	last  int  // positions that a match may end with
}

// checkSize refuses a tree whose automaton would have more than maxSize arcs.
func checkSize(tree *syntax.Regexp) error {
	b := boundaries(tree)
	if b.machine(tree).arcs > maxSize {
		return errTooLarge
	}
	return nil
}

// A partition is the code points at which classes begin or end, in order.
// Databases keep an arc for each part of a class that lies between two.
type partition []rune

func boundaries(tree *syntax.Regexp) partition {
	var all partition
	var collect func(*syntax.Regexp)
	collect = func(re *syntax.Regexp) {
		for _, ranges := range classes(re) {
			for i := 0; i < len(ranges); i += 2 {
				all = append(all, ranges[i], ranges[i+1]+1)
			}
		}
		for _, sub := range re.Sub {
			collect(sub)
		}
	}
	collect(tree)
	slices.Sort(all)
	return slices.Compact(all)
}

// classes are the characters that an expression itself reads, one after the
// other: for each, what it may be, as ranges.
func classes(re *syntax.Regexp) [][]rune {
	switch re.Op {
	case syntax.OpLiteral:
		all := make([][]rune, len(re.Rune))
		for i, r := range re.Rune {
			all[i] = literalRanges(r, re.Flags)
		}
		return all
	case syntax.OpCharClass:
		return [][]rune{re.Rune}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return [][]rune{{0, '\n' - 1, '\n' + 1, maxRune}}
	default:
		return nil
	}
}

const maxRune = 0x10FFFF

// parts counts the parts of a class.
func (b partition) parts(ranges []rune) int {
	count := 0
	for i := 0; i < len(ranges); i += 2 {
		low, _ := slices.BinarySearch(b, ranges[i])
		high, _ := slices.BinarySearch(b, ranges[i+1]+1)
		count += high - low
	}
	return count
}

// assertionSize is how many arcs an assertion counts for: databases check it
// with an automaton of its own.
const assertionSize = 32

func (b partition) machine(re *syntax.Regexp) machine {
	switch re.Op {
	case syntax.OpNoMatch:
		return machine{arcs: 1}
	case syntax.OpLiteral, syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		m := machine{empty: true}
		for _, class := range classes(re) {
			parts := b.parts(class)
			m = m.then(machine{arcs: parts, first: parts, last: 1})
		}
		return m
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		return b.repeated(re)
	case syntax.OpCapture, syntax.OpConcat:
		m := machine{empty: true, arcs: 2} // Go marks where a group begins and ends
		for _, sub := range re.Sub {
			m = m.then(b.machine(sub))
		}
		return m
	case syntax.OpAlternate:
		m := machine{arcs: len(re.Sub)}
		for _, sub := range re.Sub {
			m = m.or(b.machine(sub))
		}
		return m
	case syntax.OpEmptyMatch:
		return machine{empty: true, arcs: 1}
	default: // an assertion
		return machine{empty: true, arcs: assertionSize}
	}
}

func (b partition) repeated(re *syntax.Regexp) machine {
	once, all := b.machine(re.Sub[0]), machine{empty: true}
	least, most := bounds(re)
	for range least {
		all = all.then(once)
	}
	if most < 0 { // the last of them loops
		if least == 0 {
			all = once
			all.empty = true
		}
		all.arcs += once.last * once.first
		return all.bounded()
	}
	once.empty = true
	for range most - least {
		all = all.then(once)
	}
	return all
}

// bounds are how often a repetition repeats; most is -1 for any number.
func bounds(re *syntax.Regexp) (least, most int) {
	switch re.Op { //nolint:exhaustive // the other one is OpRepeat
	case syntax.OpStar:
		return 0, -1
	case syntax.OpPlus:
		return 1, -1
	case syntax.OpQuest:
		return 0, 1
	}
	return re.Min, re.Max
}

func (m machine) then(next machine) machine {
	joined := machine{
		empty: m.empty && next.empty,
		arcs:  m.arcs + next.arcs + m.last*next.first,
		first: m.first, last: next.last,
	}
	if m.empty {
		joined.first += next.first
	}
	if next.empty {
		joined.last += m.last
	}
	return joined.bounded()
}

func (m machine) or(other machine) machine {
	return machine{m.empty || other.empty, m.arcs + other.arcs, m.first + other.first, m.last + other.last}.bounded()
}

// bounded keeps the numbers from overflowing.
func (m machine) bounded() machine {
	m.arcs, m.first, m.last = min(m.arcs, maxSize+1), min(m.first, maxSize+1), min(m.last, maxSize+1)
	return m
}
