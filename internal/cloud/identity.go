package cloud

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/maypok86/otter/v2"

	"github.com/nova-api/nova-api/internal/nova"
)

const (
	subjectHeader = "X-Subject-Token"
	// A token that isn't valid now won't be later; but people repair things.
	refusedFor   = 10 * time.Second
	cachedTokens = 100_000
	// Fernet tokens have about 200 bytes, signed ones a few thousand.
	longestToken = 8 << 10
)

// Identity is the client of the identity service, always in the service
// user's name.
type Identity struct {
	conn    conn
	cache   *otter.Cache[digest, *verdict] // nil if nothing is to be cached
	forgets *forgets
	catchUp func(context.Context) error // nil if nobody tells of revocations
	now     func() time.Time
	uri     string

	serviceRoles         []string
	anyoneMaySendService bool
}

// A digest stands for a token where tokens are kept.
type digest = [sha256.Size]byte

// A verdict is what the identity service said of a token.
type verdict struct {
	caller  nova.Caller // without the token
	valid   bool
	askedAt int64 // what forgets counted when the question was asked
}

func newIdentity(o Options, c conn) (*Identity, error) {
	i := &Identity{
		conn: c, forgets: newForgets(), catchUp: o.CatchUp, now: o.Now, uri: cmp.Or(o.WWWAuthenticateURI, o.Login.URL),
		serviceRoles: o.ServiceRoles, anyoneMaySendService: o.AnyoneMaySendService,
	}
	if o.TokenCacheTime <= 0 {
		return i, nil
	}
	cache, err := otter.New(&otter.Options[digest, *verdict]{
		MaximumSize: cachedTokens,
		Clock:       clock(o.Now),
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[digest, *verdict]) time.Duration {
			if !e.Value.valid {
				return min(refusedFor, o.TokenCacheTime)
			}
			return min(o.TokenCacheTime, e.Value.caller.ExpiresAt.Sub(o.Now()))
		}),
	})
	if err != nil {
		return nil, fmt.Errorf("token cache: %w", err)
	}
	i.cache = cache
	return i, nil
}

// A clock is a Now function as the cache wants it.
type clock func() time.Time

// NowNano is the time in nanoseconds.
func (c clock) NowNano() int64 { return c().UnixNano() }

// Tick does without periodic clean-ups: the cache is bounded anyway.
func (c clock) Tick(time.Duration) <-chan time.Time { return nil }

// AuthURI is where a client without a token is sent.
func (i *Identity) AuthURI() string { return i.uri }

// Validate finds out who a token belongs to. The error is Unauthorized for a
// token that isn't valid, and Unavailable if the identity service can't be
// asked. The caller's roles are shared with others: don't change them.
func (i *Identity) Validate(ctx context.Context, token string) (nova.Caller, error) {
	if !plausible(token) {
		return nova.Caller{}, unauthorized()
	}
	v, err := i.verdict(ctx, token)
	if err != nil {
		return nova.Caller{}, err
	}
	if !v.valid || !i.now().Before(v.caller.ExpiresAt) {
		return nova.Caller{}, unauthorized()
	}
	caller := v.caller
	caller.Token = token
	return caller, nil
}

// ValidateFor is Validate for a request that a service makes on a user's behalf,
// with its own token beside the user's; without one it is Validate. Long work such
// as a snapshot may outlive the user's token, so a service may use it after it has
// expired, for as long as the identity service allows. The checks are those of
// AuthProtocol.process_request in keystonemiddleware/auth_token/__init__.py.
func (i *Identity) ValidateFor(ctx context.Context, token, service string) (nova.Caller, error) {
	if service == "" {
		return i.Validate(ctx, token)
	}
	sender, err := i.Validate(ctx, service)
	if err != nil {
		return nova.Caller{}, err
	}
	trusted := slices.ContainsFunc(sender.Roles, func(role string) bool { return slices.Contains(i.serviceRoles, role) })
	if !trusted && !i.anyoneMaySendService {
		return nova.Caller{}, unauthorized()
	}
	caller, err := i.Validate(ctx, token)
	if !trusted || !plausible(token) || !nova.Is(err, nova.Unauthorized) {
		return caller, err
	}
	v, err := i.ask(ctx, token, url.Values{"allow_expired": {"1"}})
	if err != nil {
		return nova.Caller{}, err
	}
	if v.caller.UserID == "" {
		return nova.Caller{}, unauthorized()
	}
	caller = v.caller
	caller.Token = token
	return caller, nil
}

// Self is the service user, for what this process does in its own name and an action
// record shows. The error is Unavailable if the identity service doesn't say who that is.
func (i *Identity) Self(ctx context.Context) (nova.Caller, error) {
	if err := i.conn.ready(ctx); err != nil {
		return nova.Caller{}, unlessCanceled(err)
	}
	caller, err := i.Validate(ctx, i.conn.session.provider.Token())
	if nova.Is(err, nova.Unauthorized) { // it was revoked; whoever asks about it gets a new one
		caller, err = i.Validate(ctx, i.conn.session.provider.Token())
	}
	if nova.Is(err, nova.Unauthorized) {
		err = unlessCanceled(err)
	}
	return caller, err
}

// plausible tells whether a token can be sent in a header.
func plausible(token string) bool {
	if token == "" || len(token) > longestToken {
		return false
	}
	for i := range len(token) {
		if token[i] <= ' ' || token[i] > '~' {
			return false
		}
	}
	return true
}

// Forget drops the cached answers about the tokens of a user, or about all
// tokens if userID is empty. Call it once a revocation has been committed: every
// Validate that begins later asks the identity service again. An answer that is
// on its way meanwhile may be from before the revocation, and is not cached.
func (i *Identity) Forget(userID string) { i.forgets.forget(userID) }

// verdict looks into the cache, or asks. Any number of callers with one token
// cause one question.
func (i *Identity) verdict(ctx context.Context, token string) (*verdict, error) {
	if i.cache == nil {
		return i.ask(ctx, token, url.Values{})
	}
	if i.catchUp != nil {
		if err := i.catchUp(ctx); err != nil {
			return nil, unlessCanceled(err)
		}
	}
	key := sha256.Sum256([]byte(token))
	ask := otter.LoaderFunc[digest, *verdict](func(ctx context.Context, _ digest) (*verdict, error) {
		return i.ask(ctx, token, url.Values{})
	})
	for range 2 { // a forgotten answer may be in the cache, and another one on its way there
		v, ok := i.cache.GetIfPresent(key)
		if !ok {
			var err error
			if v, err = i.cache.Get(ctx, key, ask); err != nil {
				return nil, err
			}
		}
		if !i.forgets.cover(v) {
			return v, nil
		}
		i.cache.Invalidate(key)
	}
	return i.ask(ctx, token, url.Values{})
}

// tokenDocument is what the identity service says of a token.
type tokenDocument struct {
	Token struct {
		ExpiresAt time.Time       `json:"expires_at"`
		User      named           `json:"user"`
		Project   named           `json:"project"`
		Domain    named           `json:"domain"`
		System    map[string]bool `json:"system"`
		Roles     []named         `json:"roles"`
	} `json:"token"`
}

type named struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Domain struct {
		ID string `json:"id"`
	} `json:"domain"`
}

// ask asks the identity service about a token.
func (i *Identity) ask(ctx context.Context, token string, query url.Values) (*verdict, error) {
	askedAt := i.forgets.now()
	var d tokenDocument
	query.Set("nocatalog", "1") // the answer is a fifth as long without the catalog
	err := i.conn.call(ctx, "auth/tokens", query, http.MethodGet, &gophercloud.RequestOpts{
		MoreHeaders:  map[string]string{subjectHeader: token},
		JSONResponse: &d,
	})
	switch {
	case isStatus(err, http.StatusNotFound):
		return &verdict{askedAt: askedAt}, nil
	case err != nil:
		return nil, unlessCanceled(err)
	}
	caller := d.caller()
	return &verdict{caller: caller, valid: i.now().Before(caller.ExpiresAt), askedAt: askedAt}, nil
}

// unlessCanceled makes an error Unavailable, unless the caller has gone away.
func unlessCanceled(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return nova.Because(err, nova.Unavailable, "The Keystone service is temporarily unavailable.")
}

func (d tokenDocument) caller() nova.Caller {
	t := d.Token
	c := nova.Caller{
		UserID:          t.User.ID,
		UserName:        t.User.Name,
		UserDomainID:    t.User.Domain.ID,
		ProjectID:       t.Project.ID,
		ProjectName:     t.Project.Name,
		ProjectDomainID: t.Project.Domain.ID,
		DomainID:        t.Domain.ID,
		Roles:           make([]string, len(t.Roles)),
		ExpiresAt:       t.ExpiresAt,
	}
	if t.System["all"] {
		c.System = "all"
	}
	for i, role := range t.Roles {
		c.Roles[i] = role.Name
	}
	return c
}

// ProjectExists tells whether there is a project of an ID. As in Nova, only
// a clear no is one: where the identity service can't or won't tell, there
// may be. The error is the context's.
func (i *Identity) ProjectExists(ctx context.Context, id string) (bool, error) {
	err := i.conn.get(ctx, below("projects", id), nil, nil)
	if errors.Is(err, context.Canceled) {
		return false, err
	}
	return !isStatus(err, http.StatusNotFound), nil
}
