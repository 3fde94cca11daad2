package db_test

import (
	"sync"
	"testing"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/internal/nova"
)

// TestQuota_TakenAndGivenBack has many take the same thing and give it back
// at once: each gets it, or hears that the quota is used up, and in the end
// nothing is used.
func TestQuota_TakenAndGivenBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		quota := nova.Quota{nova.QuotaInstances: 1, nova.QuotaCores: 1, nova.QuotaRAM: 64}
		one := nova.Usage{Instances: 1, Cores: 1, RAM: 64}
		take := func(tx *db.Store) error { return tx.Consume(t.Context(), "p", "u", one, quota, quota) }
		give := func(tx *db.Store) error { return tx.Release(t.Context(), "p", "u", one) }
		var group sync.WaitGroup
		for range 16 {
			group.Go(func() {
				for range 20 {
					err := s.Tx(t.Context(), take)
					if nova.Is(err, nova.OverQuota) {
						continue
					}
					if err != nil {
						t.Errorf("take: %v", err)
						return
					}
					if err := s.Tx(t.Context(), give); err != nil {
						t.Errorf("give back: %v", err)
						return
					}
				}
			})
		}
		group.Wait()
		for _, user := range []string{"", "u"} {
			if used, err := s.Usage(t.Context(), "p", user); err != nil || used != (nova.Usage{}) {
				t.Errorf("usage of %q: %+v, %v", user, used, err)
			}
		}
	})
}
