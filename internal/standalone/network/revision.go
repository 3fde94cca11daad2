package network

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/nova-api/nova-api/db/networkdb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// A revision is the state of a thing that a client has seen and wants to
// change: the number of changes so far, or nil if any state will do.
type revision *int64

// ifMatch reads the revision from a header such as
// If-Match: revision_number=3. Tags of other kinds mean nothing, as in Neutron
// (neutron/api/api_common.py, check_request_for_revision_constraint).
func ifMatch(r *http.Request) (revision, error) {
	bad := func(reason string) error {
		return kit.Typed("BadRequest", nova.Invalid, "Bad if-match request: %s.", reason)
	}
	var wanted revision
	for tag := range strings.SplitSeq(strings.Join(r.Header.Values("If-Match"), ","), ",") {
		text, ok := strings.CutPrefix(strings.Trim(tag, ` "`), "revision_number=")
		if !ok {
			continue
		}
		if wanted != nil {
			return nil, bad("Multiple revision_number etags are not supported.")
		}
		number, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, bad("Revision number etag must be in the format of revision_number=<int>")
		}
		wanted = &number
	}
	return wanted, nil
}

// checkRevision refuses to go on if a thing has been changed since the client
// has seen it. Call it while the thing is locked.
func checkRevision(wanted revision, r *networkdb.Record) error {
	if wanted == nil || *wanted == r.Revision {
		return nil
	}
	return kit.WithStatus(http.StatusPreconditionFailed, kit.Typed("RevisionNumberConstraintFailed", nova.Conflict,
		"Constrained to %d, but current revision is %d", *wanted, r.Revision))
}
