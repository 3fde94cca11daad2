package rows

import (
	"database/sql/driver"
	"errors"
	"io"
	"testing"

	"github.com/lib/pq"

	"github.com/nova-api/nova-api/internal/nova"
)

// A commit is tried again only if the database has said that it wasn't done.
func TestUnlessUnknown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err   error
		again bool
	}{
		"serialization":       {&pq.Error{Code: pgSerializationFailure}, true},
		"deadlock":            {&pq.Error{Code: pgDeadlock}, true},
		"the server stops":    {&pq.Error{Code: "57P01"}, false},
		"no more is heard":    {io.ErrUnexpectedEOF, false},
		"the connection goes": {driver.ErrBadConn, false},
	} {
		fault := unlessUnknown(postgresFault(c.err), c.err)
		if errors.Is(fault, errTransient) != c.again || !nova.Is(fault, nova.Unavailable) {
			t.Errorf("%s: %v, to be tried again: %v", name, fault, errors.Is(fault, errTransient))
		}
	}
}
