package api

import (
	"strconv"
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
)

// noSerial is the number of nothing.
const noSerial = -1

// serialIn reads the number of a member in a path: Invalid for what is none. It is
// noSerial for 0 and for a number that is too large to be anything's.
func serialIn(text string) (int64, error) {
	digits := strings.TrimPrefix(text, "-")
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return 0, nova.Errorf(nova.Invalid, "Invalid input received: id must be an integer")
	}
	serial, err := strconv.ParseInt(text, 10, 64)
	if err != nil || serial == 0 {
		return noSerial, nil //nolint:nilerr // a number all the same
	}
	return serial, nil
}
