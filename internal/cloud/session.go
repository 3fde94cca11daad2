package cloud

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"
	"golang.org/x/sync/singleflight"
)

// A token is renewed this long before it expires, so that a request under way
// doesn't see it expire. One of short life is renewed halfway.
const renewBefore = time.Minute

// A session is the service user's: its token, renewed when it has to be, and
// the catalog that came with it.
type session struct {
	login    *gophercloud.AuthOptions
	identity string // base URL of the identity API, with its version and a slash
	http     http.Client
	timeout  time.Duration
	now      func() time.Time

	provider *gophercloud.ProviderClient // sends with the service user's token
	flight   singleflight.Group
	state    atomic.Pointer[signedIn]
}

// signedIn is what a session knows once it has signed in.
type signedIn struct {
	catalog   []tokens.CatalogEntry
	project   string // the ID of the service user's; empty if the answer had none
	renewAt   time.Time
	expiresAt time.Time
}

func newSession(o Options, login Login) (*session, error) {
	base, err := openstack.NewClient(login.URL)
	if err != nil {
		return nil, fmt.Errorf("address of the identity service: %w", err)
	}
	s := &session{
		login:    login.options(),
		identity: base.IdentityBase + "v3/",
		timeout:  o.Timeout,
		now:      o.Now,
		http: http.Client{
			Transport: o.Transport,
			// A redirect would carry the token to wherever it points.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	s.provider = &gophercloud.ProviderClient{HTTPClient: s.http, ReauthFunc: s.signIn}
	s.provider.UseTokenLock()
	return s, nil
}

// options are the login in gophercloud's words.
func (l Login) options() *gophercloud.AuthOptions {
	o := &gophercloud.AuthOptions{
		Username: l.Username,
		Password: l.Password,
		DomainID: l.UserDomainID,
		Scope:    &gophercloud.AuthScope{ProjectName: l.ProjectName, DomainID: l.ProjectDomainID},
	}
	if l.UserDomainID == "" {
		o.DomainName = l.UserDomainName
	}
	if l.ProjectDomainID == "" {
		o.Scope.DomainName = l.ProjectDomainName
	}
	return o
}

// onBehalf makes a provider that sends with somebody's token, as it is: a
// refused one is refused, not renewed.
func (s *session) onBehalf(token string) *gophercloud.ProviderClient {
	return &gophercloud.ProviderClient{HTTPClient: s.http, TokenID: token}
}

// ready signs in if that has not been done, or has to be done again soon. Any
// number of callers cause one request.
func (s *session) ready(ctx context.Context) error {
	if s.valid(func(state *signedIn) time.Time { return state.renewAt }) {
		return nil
	}
	done := s.flight.DoChan("", func() (any, error) {
		if s.valid(func(state *signedIn) time.Time { return state.renewAt }) {
			return nil, nil //nolint:nilnil // only the error counts
		}
		return nil, s.provider.Reauthenticate(context.WithoutCancel(ctx), "")
	})
	select {
	case result := <-done:
		if result.Err != nil && s.valid(func(state *signedIn) time.Time { return state.expiresAt }) {
			return nil // there is time to try again
		}
		return result.Err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// valid reports whether the present login is good for now, by a time of it that
// until chooses.
func (s *session) valid(until func(*signedIn) time.Time) bool {
	state := s.state.Load()
	return state != nil && s.now().Before(until(state))
}

// signIn gets a new token. gophercloud calls it, for one caller at a time,
// when a service has refused the old one; so that caller's going away must
// not fail the others.
func (s *session) signIn(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.timeout)
	defer cancel()
	ctx, span := startCall(ctx, identityService, http.MethodPost, "auth")
	anonymous := &gophercloud.ServiceClient{ProviderClient: s.onBehalf(""), Endpoint: s.identity, MoreHeaders: trail(ctx)}
	result := tokens.Create(ctx, anonymous, s.login)
	span.End(result.Err)
	if result.Err != nil {
		return s.signInFailure(result.Err)
	}
	token, err := result.ExtractToken()
	if err != nil {
		return s.signInFailure(err)
	}
	if token.ID == "" {
		return s.signInFailure(errors.New("the answer has no token"))
	}
	catalog, err := result.ExtractServiceCatalog()
	if err != nil {
		return s.signInFailure(err)
	}
	project, err := result.ExtractProject()
	if err != nil {
		return s.signInFailure(err)
	}
	if project == nil {
		project = &tokens.Project{}
	}
	if err := s.provider.SetTokenAndAuthResult(result); err != nil {
		return s.signInFailure(err)
	}
	left := token.ExpiresAt.Sub(s.now())
	s.state.Store(&signedIn{
		catalog:   catalog.Entries,
		project:   project.ID,
		expiresAt: token.ExpiresAt,
		renewAt:   token.ExpiresAt.Add(-min(renewBefore, left/2)),
	})
	return nil
}

func (s *session) signInFailure(err error) error {
	f := newFailure(identityService, err, s.login.Password)
	f.signIn = true
	return f
}
