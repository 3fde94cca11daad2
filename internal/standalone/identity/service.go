// Package identity is the bundled identity service: as much of Keystone's v3
// API as clients of a compute service use, and v2.0 tokens for clients of 2014.
// Everything is in the database; of passwords and tokens there are only hashes.
//
// Routes.go is the map of the API. The kinds of things that clients create and
// change are tables of one form (resource.go), each in a file of its own; their
// bodies are described by shapes (shape.go). The other half is about tokens:
//   - authenticate.go proves who a client is, auth_body.go reads what it wants,
//     and tokens.go issues, shows and revokes tokens.
//   - passwords.go hashes passwords, and turnstile.go decides whose is next.
//   - tidy.go deletes tokens that nobody needs any more.
//   - revocations.go tells this process and others which tokens are good no
//     longer, since all services remember what a token says.
//
// Where this service and Keystone differ, it is on purpose and in
// docs/divergences.md.
package identity

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// Path is where the service is mounted, with the prefix stripped: its own
// links and the catalog point there.
const Path = "/identity"

// Options are what the service depends on.
type Options struct {
	Store *identitydb.Store
	Log   zerolog.Logger
	// PublicURL is where clients reach the process, without Path. If it is
	// empty, each client is told the scheme and host that it used itself.
	PublicURL string
	// Region is the one region of the catalog that Seed writes: RegionOne if
	// empty.
	Region string
	// TokenLifetime is how long a token is good for: an hour if 0.
	TokenLifetime time.Duration
	// MaxTokensPerUser is how many tokens of one user are kept; beyond that, a
	// new token revokes the oldest: 10,000 if 0.
	MaxTokensPerUser int
	// PasswordCost is bcrypt's cost: 10 if 0.
	PasswordCost int
	// ServicePassword lets this process log in as ServiceUser; empty: only a
	// password in the database does.
	ServicePassword string
	// Clock tells the time: the store's if nil.
	Clock func() time.Time
}

// defaultMaxTokens lets a client that never keeps a token get one three times a
// second before a token that is still good has to go.
const defaultMaxTokens = 10_000

// ServiceUser is the user, of the domain "default", as whom nova-api asks
// about tokens.
const ServiceUser = "nova"

// A Service answers the identity API, rooted at /.
type Service struct {
	kit.Kit
	store       *identitydb.Store
	publicURL   string
	region      string
	lifetime    time.Duration
	passwords   *passwords
	service     string // the service user's password
	revocations *follower
	clock       func() time.Time
	maxTokens   int // of one user
	counter     tokenCounter
	handler     http.Handler
}

// New makes the service. The schema must be there. Seed fills an empty store.
func New(o Options) *Service {
	s := &Service{
		Kit:       kit.Kit{Log: o.Log, Style: kit.Keystone},
		store:     o.Store,
		publicURL: o.PublicURL,
		region:    o.Region,
		lifetime:  o.TokenLifetime,
		passwords: newPasswords(o.PasswordCost),
		service:   o.ServicePassword,
		clock:     o.Clock,
	}
	if s.region == "" {
		s.region = "RegionOne"
	}
	if s.lifetime == 0 {
		s.lifetime = time.Hour
	}
	if s.clock == nil {
		s.clock = o.Store.Now
	}
	s.maxTokens, s.counter.byUser = cmp.Or(o.MaxTokensPerUser, defaultMaxTokens), map[string]int{}
	s.revocations = newFollower(s.store, s.now)
	s.handler = s.routes()
	return s
}

// ServeHTTP answers a request. Paths with and without a slash at the end mean
// the same.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Vary", "X-Auth-Token")
	// Clients join URLs in their own ways, and endpoints of catalogs may end in one.
	if path := strings.TrimRight(r.URL.Path, "/"); path != r.URL.Path {
		u := *r.URL
		u.Path, u.RawPath = "/"+strings.TrimLeft(path, "/"), ""
		r = r.Clone(r.Context())
		r.URL = &u
	}
	s.handler.ServeHTTP(w, r)
}

// now is the time of the service's clock, which tests move.
func (s *Service) now() time.Time { return s.clock().UTC() }

// base is the address at which the client reaches this process.
func (s *Service) base(r *http.Request) string { return kit.BaseURL(r, s.publicURL) }

// self is the URL at which the client reaches a path of this service.
func (s *Service) self(r *http.Request, path string) string { return s.base(r) + Path + path }

// unauthorized tells a client without a good token where to get one.
func (s *Service) unauthorized(r *http.Request) error {
	return kit.Unauthorized(s.self(r, "/v3"))
}
