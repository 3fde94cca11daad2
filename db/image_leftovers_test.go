package db_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
)

func TestImageLeftovers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		now := s.Now()
		want := func(ids ...string) {
			t.Helper()
			left, err := s.LeftImages(t.Context())
			var got []string
			for _, image := range left {
				got = append(got, image.ID)
				if image.Finished != (image.ID == "c") {
					t.Errorf("left %+v", image)
				}
			}
			if diff := cmp.Diff(ids, got); diff != "" && len(ids)+len(left) > 0 || err != nil {
				t.Errorf("%v; left (-want +got):\n%s", err, diff)
			}
		}
		do := func(err error) {
			t.Helper()
			if err != nil {
				t.Error(err)
			}
		}
		do(s.LeaveImages(t.Context(), nil, now, false))
		want()
		do(s.LeaveImages(t.Context(), []string{"a", "b"}, now, false))
		do(s.LeaveImages(t.Context(), []string{"c"}, now.Add(-time.Second), true))
		do(s.LeaveImages(t.Context(), []string{"c"}, now.Add(-time.Second), false)) // it is finished all the same
		do(s.LeaveImages(t.Context(), []string{"d"}, now.Add(time.Hour), false))
		do(s.LeaveImages(t.Context(), []string{"b"}, now.Add(time.Hour), false)) // again, and later
		want("c", "a")
		do(s.ForgetImage(t.Context(), "a"))
		do(s.ForgetImage(t.Context(), "never noted"))
		want("c")
	})
}
