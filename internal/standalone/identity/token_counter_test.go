package identity

import (
	"strconv"
	"testing"
	"time"
)

// However tokens come, a user's are trimmed before there are more than a
// hundredth over the limit.
func TestTokenCounter_Trim(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{1, 10, 100, 1000, 10_000} {
		c := tokenCounter{byUser: map[string]int{}}
		kept, most := 10*limit, 0 // from before the start
		for range 5 * limit {
			kept++
			if trim, _ := c.add("u", limit, time.Time{}); trim {
				kept = min(kept, limit)
			}
			most = max(most, kept)
		}
		if kept > limit+limit/100 || most > 10*limit+1 {
			t.Errorf("limit %d: %d tokens, %d at most", limit, kept, most)
		}
	}
}

// The users that are counted can't fill the memory, and none is forgotten.
func TestTokenCounter_ManyUsers(t *testing.T) {
	t.Parallel()
	c := tokenCounter{byUser: map[string]int{}}
	for i := range 3 * maxCounted {
		if trim, _ := c.add(strconv.Itoa(i), 10_000, time.Time{}); !trim {
			t.Fatalf("user %d is not trimmed at the first token", i)
		}
		if len(c.byUser) > maxCounted {
			t.Fatalf("%d users are counted", len(c.byUser))
		}
	}
}

func TestTokenCounter_Purge(t *testing.T) {
	t.Parallel()
	c := tokenCounter{byUser: map[string]int{}}
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	purges := func(tokens int) (n int) {
		for range tokens {
			if _, purge := c.add("u", 1, now); purge {
				n++
			}
		}
		return n
	}
	for i, step := range []struct {
		pass         time.Duration
		tokens, want int
	}{{0, 1, 1}, {0, 99, 0}, {0, 1, 1}, {0, 1000, 10}, {purgeEvery - 1, 1, 0}, {1, 1, 1}, {0, 1, 0}} {
		now = now.Add(step.pass)
		if got := purges(step.tokens); got != step.want {
			t.Errorf("step %d: %d purges, want %d", i, got, step.want)
		}
	}
}
