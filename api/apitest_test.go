package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/api"
	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/hosts"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/internal/virt"
)

// The projects of the callers. The last one is in no identity service.
const (
	adminProject   = "a0000000000000000000000000000001"
	demoProject    = "d0000000000000000000000000000001"
	altProject     = "a1000000000000000000000000000001"
	unknownProject = "00000000000000000000000000000000"
)

// callers are who requests come from, by the token that they send.
var callers = map[string]nova.Caller{
	"admin":   caller("admin", adminProject, "admin", "manager", "member", "reader"),
	"manager": caller("manager", demoProject, "manager", "member", "reader"),
	"demo":    caller("demo", demoProject, "member", "reader"),
	"reader":  caller("reader", demoProject, "reader"),
	"alt":     caller("alt", altProject, "member", "reader"),
}

func caller(name, project string, roles ...string) nova.Caller {
	return nova.Caller{
		UserID: name + "-user", UserName: name, UserDomainID: "default",
		ProjectID: project, ProjectName: name, ProjectDomainID: "default", Roles: roles,
	}
}

// quotas are what the tests' projects may have.
var quotas = nova.Quota{
	"instances": 10, "cores": 20, "ram": 51200, "metadata_items": 128, "key_pairs": 100,
	"injected_files": 5, "injected_file_content_bytes": 10240, "injected_file_path_bytes": 255,
	"server_groups": 10, "server_group_members": 10,
}

// A site is the whole API in this process, with a store of its own.
type site struct {
	t       *testing.T
	store   *db.Store
	compute *compute.Servers
	handler http.Handler
}

// each runs a test against a site on every database.
func each(t *testing.T, test func(t *testing.T, s *site)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, store *db.Store) { test(t, newSite(t, store)) })
}

// newSite makes a site; change says how it is to differ from the usual one.
func newSite(t *testing.T, store *db.Store, change ...func(*api.Options, *compute.Options)) *site {
	t.Helper()
	enforcer, _, err := policy.New(policy.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	o := api.Options{
		Site: &rest.Site{
			Policy: enforcer, Validate: validate, Log: zerolog.New(zerolog.NewTestWriter(t)).Level(zerolog.ErrorLevel),
			AuthURI: "http://identity.example/", MaxLimit: 1000, MaxBody: 114688,
		},
		Store:      store,
		ConsoleURL: func(_ *rest.Request, kind, token string) string { return kind + " " + token },
		ProjectExists: func(_ context.Context, id string) (bool, error) {
			return slices.Contains([]string{adminProject, demoProject, altProject}, id), nil
		},
	}
	o.Hosts = hosts.New(hosts.Options{Store: store, DownTime: 24 * time.Hour})
	work := compute.Options{Store: store, Hosts: o.Hosts, Local: new(virt.Hosts), Quota: quotas}
	for _, f := range change {
		f(&o, &work)
	}
	o.Compute = compute.New(work)
	return &site{t: t, store: store, compute: o.Compute, handler: api.New(o)}
}

func validate(_ context.Context, token, _ string) (nova.Caller, error) {
	c, ok := callers[token]
	if !ok {
		return nova.Caller{}, nova.Errorf(nova.Unauthorized, "nobody's token")
	}
	return c, nil
}

// An option changes a request before it is sent.
type option func(*http.Request)

// as says whose request it is; without it, it is the administrator's.
func as(caller string) option { return header("X-Auth-Token", caller) }

// at asks for microversion 2.minor; at(0) for none.
func at(minor int) option {
	if minor == 0 {
		return func(*http.Request) {}
	}
	return header("OpenStack-API-Version", "compute 2."+strconv.Itoa(minor))
}

func header(name, value string) option {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// Do sends a request: a method, a path with its query, and the body, if there
// is one, apart from each other by spaces.
func (s *site) Do(request string, options ...option) *reply {
	s.t.Helper()
	parts := append(strings.SplitN(request, " ", 3), "", "")
	r := httptest.NewRequestWithContext(s.t.Context(), parts[0], "http://nova.example"+parts[1], strings.NewReader(parts[2]))
	r.Header.Set("X-Auth-Token", "admin")
	if parts[2] != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, change := range options {
		change(r)
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return &reply{request: request, status: w.Code, header: w.Header(), text: w.Body.String()}
}

// A reply is what a request was answered with.
type reply struct {
	request string
	status  int
	header  http.Header
	text    string
}

// A check finds out whether a reply is as it should be: nil if it is.
type check func(*reply) error

// Want fails the test unless the reply has a status and passes the checks.
func (r *reply) Want(t *testing.T, status int, checks ...check) *reply {
	t.Helper()
	if r.status != status {
		t.Fatalf("%s: status %d, want %d: %s", r.request, r.status, status, r.text)
	}
	for _, c := range checks {
		if err := c(r); err != nil {
			t.Errorf("%s: %v\nin %s", r.request, err, r.text)
		}
	}
	return r
}

// JSON is the body, decoded.
func (r *reply) JSON() any {
	var body any
	if err := json.Unmarshal([]byte(r.text), &body); err != nil {
		return nil
	}
	return body
}

// At is the value at a path of keys and positions in lists, with slashes
// between: "servers/0/id". It is nil where there is none.
func (r *reply) At(path string) any {
	value, _ := r.find(path)
	return value
}

// String is the text at a path.
func (r *reply) String(path string) string {
	text, _ := r.At(path).(string)
	return text
}

// Len is how many items the list at a path has.
func (r *reply) Len(path string) int {
	list, _ := r.At(path).([]any)
	return len(list)
}

func (r *reply) find(path string) (any, bool) {
	value := r.JSON()
	for key := range strings.SplitSeq(path, "/") {
		switch v := value.(type) {
		case map[string]any:
			next, ok := v[key]
			if !ok {
				return nil, false
			}
			value = next
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(v) {
				return nil, false
			}
			value = v[i]
		default:
			return nil, false
		}
	}
	return value, true
}

// has checks the value at a path. Numbers may be given as ints.
func has(path string, want any) check {
	return func(r *reply) error {
		got, ok := r.find(path)
		if !ok {
			return fmt.Errorf("there is no %s", path)
		}
		if diff := cmp.Diff(plain(want), got); diff != "" {
			return fmt.Errorf("%s (-want +got):\n%s", path, diff)
		}
		return nil
	}
}

// plain turns a value into what it would be decoded to.
func plain(value any) any {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	var decoded any
	if err := json.Unmarshal(text, &decoded); err != nil {
		return err
	}
	return decoded
}

// lacks checks that there is nothing at some paths, not even null.
func lacks(paths ...string) check {
	return func(r *reply) error {
		var found []error
		for _, path := range paths {
			if value, ok := r.find(path); ok {
				found = append(found, fmt.Errorf("there is %s: %v", path, value))
			}
		}
		return errors.Join(found...)
	}
}

// whole checks the whole body, but for the order of its keys.
func whole(want string) check {
	return func(r *reply) error {
		var decoded any
		if err := json.Unmarshal([]byte(want), &decoded); err != nil {
			return fmt.Errorf("what is wanted: %w", err)
		}
		if diff := cmp.Diff(decoded, r.JSON()); diff != "" {
			return fmt.Errorf("body (-want +got):\n%s", diff)
		}
		return nil
	}
}

// empty checks that there is no body.
func empty(r *reply) error {
	if r.text != "" {
		return errors.New("there is a body")
	}
	return nil
}

// fault checks the name and the message of a fault body.
func fault(name, message string) check {
	return func(r *reply) error {
		return whole(fmt.Sprintf(`{%q: {"code": %d, "message": %s}}`, name, r.status, quoted(message)))(r)
	}
}

func quoted(text string) string {
	encoded, err := json.Marshal(text)
	if err != nil {
		return err.Error()
	}
	return string(encoded)
}

// listed checks a key of all members of the list at a path, in their order.
func listed(path, key string, want ...string) check {
	return func(r *reply) error {
		list, ok := r.At(path).([]any)
		if !ok {
			return fmt.Errorf("%s is no list", path)
		}
		got := make([]string, len(list))
		for i, item := range list {
			got[i] = fmt.Sprint(item.(map[string]any)[key])
		}
		if !reflect.DeepEqual(got, append([]string{}, want...)) {
			return fmt.Errorf("%s of %s: %q, want %q", key, path, got, want)
		}
		return nil
	}
}

// Lacks is Want with nothing but lacks.
func (r *reply) Lacks(t *testing.T, paths ...string) *reply {
	t.Helper()
	return r.Want(t, r.status, lacks(paths...))
}
