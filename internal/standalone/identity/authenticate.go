package identity

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/nova"
)

// authBody is what a client sends for a token.
type authBody struct {
	Auth *struct {
		Identity *identityBody   `json:"identity"`
		Scope    json.RawMessage `json:"scope"`
	} `json:"auth"`
}

type identityBody struct {
	Methods  []string `json:"methods"`
	Password *struct {
		User *userRef `json:"user"`
	} `json:"password"`
	Token *struct {
		ID string `json:"id"`
	} `json:"token"`
}

type userRef struct {
	ID       string     `json:"id"`
	Name     string     `json:"name"`
	Domain   *domainRef `json:"domain"`
	Password *string    `json:"password"`
}

type domainRef struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type projectRef struct {
	ID     string     `json:"id"`
	Name   string     `json:"name"`
	Domain *domainRef `json:"domain"`
}

// A proof says who a client has proved to be, and how.
type proof struct {
	user       identitydb.User
	methods    []string
	byPassword bool      // with the password whose hash user has
	token      string    // the hash of the token that it was proved with; empty if there was none
	audit      string    // the audit ID of the first ancestor of that token
	expires    time.Time // when that token expires
}

// holds fails unless the proof is still good: since it was made, the password
// may have been changed, or the token revoked. It is meant for the transaction
// that stores a new token, after that was done: the new token's row keeps the
// user's row from changing until the transaction ends.
func (p proof) holds(ctx context.Context, tx *identitydb.Store) error {
	if p.byPassword {
		user, err := tx.Users.Get(ctx, p.user.ID)
		if err != nil {
			return denied(err)
		}
		if user.PasswordHash != p.user.PasswordHash {
			return errDenied
		}
	}
	if p.token == "" {
		return nil
	}
	exists, err := tx.HasToken(ctx, p.token)
	if err == nil && !exists {
		return errDenied
	}
	return err
}

// errDenied says that somebody didn't show to be who they say, or may not have
// the scope that they want. The client is not told which.
var errDenied = nova.Errorf(nova.Unauthorized, "The request you have made requires authentication.")

// authenticate goes through all methods that the client names; all must prove
// the same user.
func (s *Service) authenticate(r *request, in *identityBody) (proof, error) {
	var p proof
	for i, method := range in.Methods {
		one, err := s.prove(r, method, in)
		if err != nil {
			return p, err
		}
		if i > 0 && one.user.ID != p.user.ID {
			return p, errDenied
		}
		if one.token == "" {
			one.token, one.audit, one.expires = p.token, p.audit, p.expires
		}
		one.byPassword = one.byPassword || p.byPassword
		one.methods = union(p.methods, one.methods)
		p = one
	}
	if len(p.methods) == 0 {
		return p, errDenied
	}
	return p, nil
}

func (s *Service) prove(r *request, method string, in *identityBody) (proof, error) {
	switch {
	case method == "password" && in.Password != nil:
		return s.provePassword(r, in.Password.User)
	case method == "token" && in.Token != nil:
		return s.proveToken(r.Context(), in.Token.ID)
	}
	return proof{}, missing(method, "identity")
}

func (s *Service) provePassword(r *request, ref *userRef) (proof, error) {
	switch {
	case ref == nil:
		return proof{}, missing("user", "password")
	case ref.ID == "" && ref.Name == "":
		return proof{}, missing("id or name", "user")
	case ref.ID == "" && ref.Domain == nil:
		return proof{}, missing("domain", "user")
	case ref.Password == nil:
		return proof{}, missing("password", "user")
	}
	user, err := s.findUser(r.Context(), ref)
	if err != nil && !nova.Is(err, nova.NotFound) {
		return proof{}, err
	}
	ok, err := s.checkPassword(r.Context(), ref.visitor(r.Request), user, *ref.Password)
	if err == nil && !ok {
		err = errDenied
	}
	return proof{user: user, methods: []string{"password"}, byPassword: true}, err
}

// visitor is the sender of a request, and the user as the request names it: so
// users who exist and users who don't wait alike.
func (u *userRef) visitor(r *http.Request) visitor {
	domain := domainRef{}
	if u.Domain != nil {
		domain = *u.Domain
	}
	return visitorOf(r, u.ID, u.Name, domain.ID, domain.Name)
}

// checkPassword reports whether a password is the user's. It takes as long for
// the zero user, whom no password fits.
func (s *Service) checkPassword(ctx context.Context, v visitor, user identitydb.User, password string) (bool, error) {
	isService := user.Name == ServiceUser && user.DomainID == defaultDomain
	if isService && s.service != "" && sameSecret(s.service, password) {
		return true, nil
	}
	return s.passwords.check(ctx, v, user.PasswordHash, password)
}

func (s *Service) proveToken(ctx context.Context, token string) (proof, error) {
	session, err := s.session(ctx, token, s.now())
	if err != nil {
		return proof{}, err
	}
	user, err := s.store.Users.Get(ctx, session.UserID)
	audits := strings.Fields(session.AuditIDs)
	return proof{
		user:    user,
		methods: union(strings.Fields(session.Methods), []string{"token"}),
		token:   session.Hash,
		audit:   audits[len(audits)-1],
		expires: session.ExpiresAt,
	}, err
}

func (s *Service) findUser(ctx context.Context, ref *userRef) (identitydb.User, error) {
	users := s.store.Users
	if ref.ID != "" {
		return users.Get(ctx, ref.ID)
	}
	domain, err := s.findDomain(ctx, ref.Domain)
	if err != nil {
		return identitydb.User{}, err
	}
	return users.Named(ctx, domain, ref.Name)
}

// findDomain gives the ID of a domain; one that is given by ID is not looked
// up.
func (s *Service) findDomain(ctx context.Context, ref *domainRef) (string, error) {
	if ref.ID != "" {
		return ref.ID, nil
	}
	domain, err := s.store.Domains.Named(ctx, "", ref.Name)
	return domain.ID, err
}

// scopes lists the scopes that would do for a client, the best first. Without
// a wish of its own that is the user's default project, or else none.
func (s *Service) scopes(ctx context.Context, wish json.RawMessage, user identitydb.User) ([]identitydb.Scope, error) {
	text := string(wish)
	switch {
	case text == `"unscoped"`:
		return []identitydb.Scope{{}}, nil
	case (text == "" || text == "null") && user.DefaultProjectID != nil:
		return []identitydb.Scope{identitydb.OnProject(*user.DefaultProjectID), {}}, nil
	case text == "" || text == "null":
		return []identitydb.Scope{{}}, nil
	}
	var in struct {
		Project  *projectRef     `json:"project"`
		Domain   *domainRef      `json:"domain"`
		System   *systemRef      `json:"system"`
		Unscoped json.RawMessage `json:"unscoped"`
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(wish, &in) != nil || json.Unmarshal(wish, &fields) != nil || len(fields) != 1 {
		return nil, missing("system, project, domain, OS-TRUST:trust or unscoped", "scope")
	}
	switch {
	case in.Unscoped != nil:
		return []identitydb.Scope{{}}, nil
	case in.System != nil && in.System.All:
		return []identitydb.Scope{identitydb.System}, nil
	case in.Project != nil:
		return s.projectScope(ctx, in.Project)
	case in.Domain != nil:
		return s.domainScope(ctx, in.Domain)
	}
	return nil, missing("system, project, domain, OS-TRUST:trust or unscoped", "scope")
}

type systemRef struct {
	All bool `json:"all"`
}

func (s *Service) projectScope(ctx context.Context, ref *projectRef) ([]identitydb.Scope, error) {
	switch {
	case ref.ID != "":
		return []identitydb.Scope{identitydb.OnProject(ref.ID)}, nil
	case ref.Name == "":
		return nil, missing("id or name", "project")
	case ref.Domain == nil:
		return nil, missing("domain", "project")
	}
	domain, err := s.findDomain(ctx, ref.Domain)
	if err != nil {
		return nil, denied(err)
	}
	project, err := s.store.Projects.Named(ctx, domain, ref.Name)
	return []identitydb.Scope{identitydb.OnProject(project.ID)}, denied(err)
}

func (s *Service) domainScope(ctx context.Context, ref *domainRef) ([]identitydb.Scope, error) {
	if ref.ID == "" && ref.Name == "" {
		return nil, missing("id or name", "domain")
	}
	id, err := s.findDomain(ctx, ref)
	return []identitydb.Scope{identitydb.OnDomain(id)}, denied(err)
}

// denied hides what was not found.
func denied(err error) error {
	if nova.Is(err, nova.NotFound) {
		return errDenied
	}
	return err
}

func union(a, b []string) []string {
	both := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(both, s) {
			both = append(both, s)
		}
	}
	return both
}
