package identity_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/standalone/identity"
)

// good counts the tokens that can still be used, and reports which they are.
func (c *cloud) good(tokens []string) (good []bool) {
	c.Helper()
	for _, token := range tokens {
		good = append(good, c.do("GET /v3/auth/projects", "", "X-Auth-Token", token).Code == 200)
	}
	return good
}

// limited restarts the service with a limit on the tokens of each user.
func (c *cloud) limited(tokens int) {
	o := c.options
	o.MaxTokensPerUser = tokens
	c.service = identity.New(o)
}

// A user with too many tokens loses the oldest, and nobody else loses any.
func TestTokens_OldestGoFirst(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		c.limited(3)
		l := listen(c.service)
		admin := c.login("admin", "admin")
		var tokens []string
		for range 5 {
			c.pass(time.Millisecond)
			tokens = append(tokens, c.login("demo", "demo"))
		}
		if got := c.good(tokens); !slices.Equal(got, []bool{false, false, true, true, true}) {
			c.Errorf("good: %v", got)
		}
		if got := c.good([]string{admin}); !got[0] {
			c.Error("another user's token was revoked")
		}
		demo := c.find(admin, "/v3/users?name=demo", "users")
		if got := l.take(); !slices.Equal(got, []string{demo, demo}) {
			c.Errorf("told of %q, not twice of %s", got, demo)
		}
	})
}

// Of several tokens of one instant, the one that has just been given out stays.
func TestTokens_NewestStays(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		c.limited(1)
		for range 10 {
			if got := c.good([]string{c.login("demo", "demo")}); !got[0] {
				c.Fatal("a token was revoked before it could be used")
			}
		}
	})
}

// Expired tokens make room before good ones do, and nobody needs to be told.
func TestTokens_ExpiredGoBeforeGood(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		c.limited(3)
		l := listen(c.service)
		for range 3 {
			c.login("demo", "demo")
		}
		c.pass(2 * time.Hour)
		tokens := []string{c.login("demo", "demo"), c.login("demo", "demo"), c.login("demo", "demo")}
		if got := c.good(tokens); slices.Contains(got, false) {
			c.Errorf("good: %v", got)
		}
		if got := l.take(); got != nil {
			c.Errorf("told of %q", got)
		}
		n, err := rows.Get[int](c.Context(), c.options.Store.DB, "SELECT COUNT(*) FROM identity_tokens WHERE user_id = (SELECT id FROM identity_users WHERE name = 'demo')")
		if err != nil || n != 3 {
			c.Errorf("%d tokens are left, %v", n, err)
		}
	})
}

// Tokens that expired for good go faster than new ones come.
func TestTokens_PurgedAsFastAsTheyCome(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		admin := c.login("admin", "admin")
		user := c.find(admin, "/v3/users?name=demo", "users")
		const old = 1500
		if err := c.options.Store.Tx(c.Context(), func(tx *identitydb.Store) error {
			for i := range old {
				expired := began.Add(-49 * time.Hour)
				token := identitydb.Token{Hash: strconv.Itoa(i), UserID: user, IssuedAt: expired.Add(-time.Hour), ExpiresAt: expired}
				if err := tx.CreateToken(c.Context(), token); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			c.Fatal(err)
		}
		for range old/10 + 100 { // a tenth, and what is waited for until the next purge
			if re := c.do("POST /v3/auth/tokens?nocatalog", byToken(admin, "")); re.Code != 201 {
				c.Fatalf("got %d %s", re.Code, re.Body)
			}
		}
		n, err := rows.Get[int](c.Context(), c.options.Store.DB, "SELECT COUNT(*) FROM identity_tokens WHERE expires_at < ?", began)
		if err != nil || n != 0 {
			c.Errorf("%d expired tokens are left, %v", n, err)
		}
	})
}
