package compute

import (
	"slices"
	"strconv"
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/python"
)

// A cpuSet is a set of processors: ranges in order that neither touch nor overlap.
// Ranges rather than members, for an image may say "0-2000000000".
type cpuSet []cpuRange

// A cpuRange goes from its first processor to its last.
type cpuRange struct{ first, last int }

// cpusShown is how many members of a set a message names.
const cpusShown = 256

// parseCPUs reads a set such as "0-3,^2,6", as parse_cpu_spec in
// nova/virt/hardware.py does: what is excluded anywhere isn't in the set.
func parseCPUs(text string) (cpuSet, error) {
	var in, out cpuSet
	for rule := range strings.SplitSeq(text, ",") {
		rule = strings.TrimSpace(rule)
		if rule == "" {
			continue
		}
		what, into, numbers := "inclusion", &in, rule
		if strings.HasPrefix(rule, "^") {
			what, into, numbers = "exclusion", &out, rule[1:]
		}
		first, last, is := strings.Cut(numbers, "-")
		if is {
			what = "range"
		} else {
			last = first
		}
		from, err := strconv.ParseInt(strings.TrimSpace(first), 10, 32)
		to, err2 := strconv.ParseInt(strings.TrimSpace(last), 10, 32)
		if err != nil || err2 != nil || from > to {
			return nil, nova.Errorf(nova.Invalid, "Invalid %s expression %s", what, python.Repr(rule))
		}
		*into = append(*into, cpuRange{int(from), int(to)})
	}
	return in.joined().without(out), nil
}

// joined is the set of ranges in any order.
func (s cpuSet) joined() (set cpuSet) {
	slices.SortFunc(s, func(a, b cpuRange) int { return a.first - b.first })
	for _, r := range s {
		if n := len(set); n != 0 && r.first <= set[n-1].last+1 {
			set[n-1].last = max(set[n-1].last, r.last)
			continue
		}
		set = append(set, r)
	}
	return set
}

// without is what remains without the members of other.
func (s cpuSet) without(other cpuSet) cpuSet {
	for _, o := range other {
		var rest cpuSet
		for _, r := range s {
			if left := (cpuRange{r.first, min(r.last, o.first-1)}); left.first <= left.last {
				rest = append(rest, left)
			}
			if right := (cpuRange{max(r.first, o.last+1), r.last}); right.first <= right.last {
				rest = append(rest, right)
			}
		}
		s = rest
	}
	return s
}

// String is the set as Python prints it.
func (s cpuSet) String() string {
	var shown []string
	for _, r := range s {
		for cpu := r.first; cpu <= r.last && len(shown) < cpusShown; cpu++ {
			shown = append(shown, strconv.Itoa(cpu))
		}
	}
	return "{" + strings.Join(shown, ", ") + "}"
}
