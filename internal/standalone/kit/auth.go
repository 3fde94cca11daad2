package kit

import (
	"context"
	"net/http"

	"github.com/nova-api/nova-api/internal/nova"
)

// A Validator asks the identity service who a token belongs to: Unauthorized
// or NotFound if to nobody, Unavailable if it can't be asked.
type Validator func(ctx context.Context, token string) (nova.Caller, error)

// Authenticate lets pass only requests with a valid X-Auth-Token, and puts the
// caller into their context (nova.CallerOf). authURL tells a caller without
// one where to get it. The answers are those of keystonemiddleware.
func Authenticate(k Kit, validate Validator, authURL func(*http.Request) string) func(http.Handler) http.Handler {
	k.Style.Render = keystoneFault
	return k.Middleware(func(r *http.Request) (*http.Request, error) {
		token := r.Header.Get("X-Auth-Token")
		if token == "" {
			return nil, Unauthorized(authURL(r))
		}
		caller, err := validate(r.Context(), token)
		switch {
		case nova.Is(err, nova.Unauthorized), nova.Is(err, nova.NotFound):
			return nil, Unauthorized(authURL(r))
		case err != nil:
			return nil, err
		}
		return r.WithContext(nova.WithCaller(r.Context(), caller)), nil
	})
}

// Unauthorized is the 401 that tells a caller where to get a token.
func Unauthorized(authURL string) error {
	return Challenge(authURL, nova.Errorf(nova.Unauthorized, "The request you have made requires authentication."))
}

// Challenge adds to an error where a caller gets a token.
func Challenge(authURL string, err error) error {
	return WithHeader("Www-Authenticate", `Keystone uri="`+authURL+`"`, err)
}
