package identity

import (
	"context"
	"sync"
	"time"

	"github.com/nova-api/nova-api/db/identitydb"
)

// Expired tokens are purged once a minute, and after every purgeAfter new ones.
// Since one purge deletes up to ten times as many, it can't fall behind.
const (
	purgeEvery  = time.Minute
	purgeAfter  = 100
	purgeAtMost = 10 * purgeAfter
)

// maxCounted bounds the users whose new tokens are counted.
const maxCounted = 10_000

// A tokenCounter decides when old tokens are deleted. To look at each new token
// would cost more than the token itself.
type tokenCounter struct {
	mu       sync.Mutex
	byUser   map[string]int // tokens since the user's were trimmed last
	total    int            // tokens since the last purge
	purgedAt time.Time
}

// add counts a new token. It reports whether its user's tokens are to be trimmed,
// which is after each share of a hundredth of the limit and at the first token
// that this process sees, and whether expired tokens are to be purged.
func (c *tokenCounter) add(userID string, limit int, now time.Time) (trim, purge bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	const shares = 100
	// A user that isn't known may have any number of tokens: the process has just
	// started, or the limit was lowered before it did.
	n, known := c.byUser[userID]
	if trim = !known || n+1 >= limit/shares; trim {
		n = -1
	}
	if !known && len(c.byUser) >= maxCounted {
		clear(c.byUser)
	}
	c.byUser[userID] = n + 1
	c.total++
	if purge = c.total >= purgeAfter || now.Sub(c.purgedAt) >= purgeEvery; purge {
		c.total, c.purgedAt = 0, now
	}
	return trim, purge
}

// tidy deletes tokens that a new one makes superfluous: the oldest of its user
// if there are too many, and now and then those that expired so long ago that
// nobody may ask about them. What fails is tried again with a later token.
func (s *Service) tidy(ctx context.Context, t identitydb.Token) {
	now := s.now()
	trim, purge := s.counter.add(t.UserID, s.maxTokens, now)
	if trim {
		err := s.revokeIf(ctx, t.UserID, func(tx *identitydb.Store) (bool, error) {
			return tx.TrimTokens(ctx, t.UserID, t.Hash, s.maxTokens, now)
		})
		if err != nil {
			s.Log.Warn().Err(err).Msg("a user's oldest tokens were not deleted")
		}
	}
	if purge {
		if _, err := s.store.PurgeTokens(ctx, now.Add(-expiredWindow), purgeAtMost); err != nil {
			s.Log.Warn().Err(err).Msg("expired tokens were not deleted")
		}
	}
}
