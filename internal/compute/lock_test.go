package compute_test

import (
	"testing"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

// A lock is the API's own deed, so its event happens on the API's host.
func TestLock_Event(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server := s.boot(s.as("demo"), onPrivate)
		s.must(s.api.Lock(s.as("demo"), server, nil))
		actions, err := s.store.Actions(t.Context(), server.ID, db.ActionFilter{}, nova.Page{Limit: 1})
		s.must(err)
		if len(actions) != 1 {
			t.Fatalf("%d actions", len(actions))
		}
		locked, err := s.store.Action(t.Context(), server.ID, actions[0].RequestID)
		s.must(err)
		if len(locked.Events) == 0 || locked.Events[len(locked.Events)-1].Host != "api-1" {
			t.Errorf("events %+v", locked.Events)
		}
	}, func(o *compute.Options) { o.Host = "api-1" })
}
