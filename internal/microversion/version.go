// Package microversion is the vocabulary of compute API versions: the number
// itself and the history of what each one changed.
package microversion

import "strconv"

// A Version is the minor part of a compute microversion: 47 is 2.47. The legacy
// /v2 API is version 0: it has none of what any microversion added. Versions are
// compared as numbers: 2.9 comes before 2.10.
type Version int

// The versions that the API speaks.
const (
	// The ends of the range are what the version documents show.
	Legacy Version = 0   // /v2
	Min    Version = 1   // 2.1
	Max    Version = 104 // 2.104
)

// AtLeast reports whether v has the changes of 2.minor. All code that differs
// between versions asks in this way, so that a test can find the numbers.
func (v Version) AtLeast(minor int) bool { return int(v) >= minor }

// Within reports whether v lies between 2.since and 2.until, both included.
// Zero leaves an end open.
func (v Version) Within(since, until int) bool {
	return int(v) >= since && (until == 0 || int(v) <= until)
}

// String writes the version as headers do: "2.47". The legacy API has no such
// name; it is not asked for one.
func (v Version) String() string { return "2." + strconv.Itoa(int(v)) }
