package identity

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"

	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// authBody is the body of a request for a token, once its shape has been checked.
type authBody struct {
	Auth *struct {
		Identity *identityBody   `json:"identity"`
		Scope    json.RawMessage `json:"scope"`
	} `json:"auth"`
}

// identityBody says how a client proves who it is.
type identityBody struct {
	Methods  []string `json:"methods"`
	Password *struct {
		User *userRef `json:"user"`
	} `json:"password"`
	Token *struct {
		ID string `json:"id"`
	} `json:"token"`
}

// userRef names a user by ID, or by name and domain.
type userRef struct {
	ID       string     `json:"id"`
	Name     string     `json:"name"`
	Domain   *domainRef `json:"domain"`
	Password *string    `json:"password"`
}

// domainRef names a domain by ID or by name.
type domainRef struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// projectRef names a project by ID, or by name and domain.
type projectRef struct {
	ID     string     `json:"id"`
	Name   string     `json:"name"`
	Domain *domainRef `json:"domain"`
}

// Shapes of the parts of an authBody. Fields that aren't named here are allowed
// everywhere, and ignored: methods that this service doesn't have bring some.
var (
	anyText     = shape{types: "string"}
	domainShape = shape{types: "object", fields: []field{{name: "id", shape: anyText}, {name: "name", shape: anyText}}}
	userRefs    = shape{types: "object", fields: []field{
		{name: "id", shape: anyText}, {name: "name", shape: anyText}, {name: "password", shape: anyText}, {name: "domain", shape: domainShape},
	}}
	projectRefs = shape{types: "object", fields: []field{
		{name: "id", shape: anyText}, {name: "name", shape: anyText}, {name: "domain", shape: domainShape},
	}}
	authShape = shape{types: "object", fields: []field{
		{name: "identity", required: true, shape: shape{types: "object", fields: []field{
			{name: "methods", required: true, shape: shape{types: "array", items: &anyText}},
			{name: "password", shape: shape{types: "object", fields: []field{{name: "user", shape: userRefs}}}},
			{name: "token", shape: shape{types: "object", fields: []field{{name: "id", required: true, shape: anyText}}}},
		}}},
		{name: "scope", shape: shape{types: "object string", fields: []field{
			{name: "project", shape: projectRefs},
			{name: "domain", shape: domainShape},
			{name: "system", shape: shape{types: "object", fields: []field{{name: "all", shape: aBool}}}},
			{name: "OS-TRUST:trust", shape: shape{types: "object"}},
		}}},
	}}
)

// mustName lists the parts of a body that must name something, by ID or by name.
var mustName = [][]string{
	{"identity", "password", "user"},
	{"identity", "password", "user", "domain"},
	{"scope", "project"},
	{"scope", "project", "domain"},
	{"scope", "domain"},
}

// readAuth reads and checks the body of a request for a token.
func (s *Service) readAuth(r *request) (body authBody, err error) {
	var raw map[string]json.RawMessage
	if r.ContentLength != 0 {
		if err := s.decode(r, &raw); err != nil {
			return body, err
		}
		if raw == nil { // it says null
			return body, nova.Errorf(nova.Invalid, "%s", kit.Keystone.Malformed)
		}
	}
	text, sent := raw["auth"]
	if !sent || string(text) == "null" {
		return body, errMissing("auth", "request body")
	}
	// The shape is checked on the JSON itself, where null, a missing field and an
	// empty text are three things. Only then is it decoded into structs.
	auth, err := decodeNumbers(text)
	if err != nil {
		return body, err
	}
	if err := authShape.check(auth); err != nil {
		return body, err
	}
	for _, path := range mustName {
		if part, ok := dig(auth, path); ok && part["id"] == nil && part["name"] == nil {
			return body, nova.Errorf(nova.Invalid, "Invalid input for field %s: id or name must be present.", strings.Join(path, "/"))
		}
	}
	return body, json.Unmarshal(text, &body.Auth)
}

// decodeNumbers decodes JSON that is known to be good, with its numbers as they
// were sent.
func decodeNumbers(text []byte) (value any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	err = d.Decode(&value)
	return value, err
}

// dig finds the object at a path: false if there is none.
func dig(value any, path []string) (found map[string]any, ok bool) {
	found, ok = value.(map[string]any)
	for _, step := range path {
		if !ok {
			return nil, false
		}
		found, ok = found[step].(map[string]any)
	}
	return found, ok
}

// scopes lists the scopes that a token may have, the best first. A client that
// names none gets the user's default project, or else an unscoped token.
func (s *Service) scopes(ctx context.Context, wish json.RawMessage, user identitydb.User) ([]identitydb.Scope, error) {
	text := string(wish)
	switch {
	case text == `"unscoped"`:
		return []identitydb.Scope{{}}, nil
	case text == "" && user.DefaultProjectID != nil:
		return []identitydb.Scope{identitydb.OnProject(*user.DefaultProjectID), {}}, nil
	case text == "":
		return []identitydb.Scope{{}}, nil
	}
	// As in Keystone, kinds of scope that nobody knows are passed over, but of the
	// known kinds there must be one.
	var wishes map[string]json.RawMessage
	if err := json.Unmarshal(wish, &wishes); err != nil || countKnown(wishes) != 1 {
		return nil, errMissing("system, project, domain, OS-TRUST:trust or unscoped", "scope")
	}
	var in struct {
		Project  *projectRef     `json:"project"`
		Domain   *domainRef      `json:"domain"`
		System   systemRef       `json:"system"`
		Unscoped json.RawMessage `json:"unscoped"`
	}
	if err := json.Unmarshal(wish, &in); err != nil {
		return nil, err // its shape has been checked
	}
	switch {
	case in.Unscoped != nil:
		return []identitydb.Scope{{}}, nil
	case in.System.All:
		return []identitydb.Scope{identitydb.System}, nil
	case in.Project != nil:
		return s.projectScope(ctx, in.Project)
	case in.Domain != nil:
		return s.domainScope(ctx, in.Domain)
	}
	return nil, errDenied // a trust, or no part of the system
}

// countKnown counts the kinds of scope that a client names.
func countKnown(wishes map[string]json.RawMessage) (n int) {
	for _, kind := range []string{"system", "project", "domain", "OS-TRUST:trust", "unscoped"} {
		if _, named := wishes[kind]; named {
			n++
		}
	}
	return n
}

// systemRef names the system; there is one.
type systemRef struct {
	All bool `json:"all"`
}

// projectScope is the scope of a project. A project that is named by its ID is
// not looked up here: whether the user holds a role on it is found out later.
func (s *Service) projectScope(ctx context.Context, ref *projectRef) ([]identitydb.Scope, error) {
	switch {
	case ref.ID != "":
		return []identitydb.Scope{identitydb.OnProject(ref.ID)}, nil
	case ref.Domain == nil:
		return nil, errMissing("domain", "project")
	}
	domain, err := s.findDomain(ctx, ref.Domain)
	if err != nil {
		return nil, hideNotFound(err)
	}
	project, err := s.store.Projects.Named(ctx, domain, ref.Name)
	return []identitydb.Scope{identitydb.OnProject(project.ID)}, hideNotFound(err)
}

// domainScope is the scope of a domain.
func (s *Service) domainScope(ctx context.Context, ref *domainRef) ([]identitydb.Scope, error) {
	id, err := s.findDomain(ctx, ref)
	return []identitydb.Scope{identitydb.OnDomain(id)}, hideNotFound(err)
}
