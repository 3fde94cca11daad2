package api

import (
	"strings"
	"time"
)

// timeOf is the time in UTC with these parts, as Python's strptime reads them: numbers
// need no leading zeros, and the fraction of a second may be left out. It is false for
// a time that there isn't, such as the 30th of February.
func timeOf(year, month, day, hour, minute, second, fraction string) (time.Time, bool) {
	padded := []string{year}
	for _, number := range []string{month, strings.TrimSpace(day), hour, minute, second} {
		padded = append(padded, strings.Repeat("0", 2-len(number))+number)
	}
	fraction += strings.Repeat("0", 6-len(fraction))
	at, err := time.Parse("2006 01 02 15 04 05.000000", strings.Join(padded, " ")+"."+fraction)
	return at, err == nil && at.Year() > 0 // Python's years begin at 1
}
