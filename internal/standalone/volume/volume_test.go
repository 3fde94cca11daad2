package volume_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/db/imagedb"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/identity"
	"github.com/nova-api/nova-api/internal/standalone/image"
	"github.com/nova-api/nova-api/internal/standalone/kit"
	"github.com/nova-api/nova-api/internal/standalone/volume"
)

// Projects have IDs as the identity service makes them: paths tell them by that.
const (
	demoProject  = "d0000000000000000000000000000001"
	altProject   = "d0000000000000000000000000000002"
	adminProject = "d0000000000000000000000000000000"
)

var callers = map[string]nova.Caller{
	"admin":   {UserID: "u0", ProjectID: adminProject, Roles: []string{"admin", "member", "reader"}},
	"demo":    {UserID: "u1", ProjectID: demoProject, Roles: []string{"member", "reader"}},
	"alt":     {UserID: "u2", ProjectID: altProject, Roles: []string{"member", "reader"}},
	"reader":  {UserID: "u3", ProjectID: demoProject, Roles: []string{"reader"}},
	"nobody":  {UserID: "u4", ProjectID: demoProject, Roles: []string{"other"}},
	"service": {UserID: "u5", ProjectID: adminProject, Roles: []string{"admin", "service"}},
}

// connected starts the services that this one needs, and gives the clients of
// them, and what tells whose token it is: those of the callers above are their
// names.
func connected(t testing.TB, d *rows.DB) (clients *cloud.Clients, images http.Handler, validate kit.Validator) {
	t.Helper()
	const bundled, password = "http://bundled", "a password for tests"
	validate = func(ctx context.Context, token string) (nova.Caller, error) {
		if caller, ok := callers[token]; ok {
			caller.Token = token
			return caller, nil
		}
		return clients.Identity.Validate(ctx, token)
	}
	authURL := func(*http.Request) string { return bundled + identity.Path }
	users := identity.New(identity.Options{Store: identitydb.New(d), Log: zerolog.Nop(), PublicURL: bundled, ServicePassword: password, PasswordCost: 4})
	_, err := users.Seed(t.Context(), identity.SeedOptions{AdminPassword: password})
	must(t, err)
	glance, err := image.New(image.Options{
		Store: imagedb.New(d), Dir: t.TempDir(), Log: zerolog.Nop(), Validate: validate, AuthURL: authURL, PublicURL: bundled, Owner: adminProject,
	})
	must(t, err)
	transport, err := cloud.NewInProcess(cloud.InProcessOptions{Services: map[string]http.Handler{bundled + identity.Path: users, bundled + image.Path: glance}})
	must(t, err)
	clients, err = cloud.New(cloud.Options{
		Login: cloud.Login{
			URL: bundled + identity.Path + "/v3", Username: identity.ServiceUser, Password: password, ProjectName: "service",
			UserDomainID: "default", ProjectDomainID: "default",
		},
		Image: cloud.Endpoint{Override: bundled + image.Path}, Transport: transport, TokenCacheTime: time.Hour,
	})
	must(t, err)
	return clients, glance, validate
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// a site is a block storage service with its seed and a folder of its own. Its
// work is done when the test says so.
type site struct {
	t       testing.TB
	service *volume.Service
	images  http.Handler // the image service
	dir     string
}

func each(t *testing.T, test func(t *testing.T, c site), change ...func(*volume.Options)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, s *db.Store) { test(t, newSite(t, volumedb.New(s.DB), t.TempDir(), change...)) })
}

func newSite(t testing.TB, s *volumedb.Store, dir string, change ...func(*volume.Options)) site {
	t.Helper()
	clients, images, validate := connected(t, s.DB)
	o := volume.Options{
		Store: s, Dir: dir, Log: zerolog.Nop(), Images: clients.Image, Validate: validate, AuthURL: func(*http.Request) string { return "http://cloud/identity/v3" },
		PublicURL: "http://cloud", Host: "host",
	}
	for _, f := range change {
		f(&o)
	}
	service, err := volume.New(o)
	must(t, err)
	must(t, service.Seed(t.Context()))
	return site{t, service, images, dir}
}

type reply struct {
	status int
	header http.Header
	text   string
	body   map[string]any
}

// do sends "METHOD /path", below /v3, as somebody. The path may begin with a
// version: "GET 3.45 /volumes".
func (c site) do(as, call, body string, header ...string) reply {
	method, path, _ := strings.Cut(call, " ")
	asked := ""
	if !strings.HasPrefix(path, "/") {
		asked, path, _ = strings.Cut(path, " ")
	}
	r := httptest.NewRequestWithContext(c.t.Context(), method, "/v3"+path, strings.NewReader(body))
	r.Header.Set("X-Auth-Token", as)
	if asked != "" {
		r.Header.Set("OpenStack-API-Version", "volume "+asked)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	c.service.ServeHTTP(w, r)
	return asReply(c.t, w)
}

// asReply reads a response.
func asReply(t testing.TB, w *httptest.ResponseRecorder) reply {
	t.Helper()
	got := reply{status: w.Code, header: w.Header(), text: w.Body.String()}
	d := json.NewDecoder(bytes.NewReader(w.Body.Bytes()))
	d.UseNumber()
	_ = d.Decode(&got.body)
	return got
}

// want sends a call and checks its status and, if given, a part of its text.
func (c site) want(status int, part, as, call, body string, header ...string) reply {
	c.t.Helper()
	got := c.do(as, call, body, header...)
	if got.status != status || !strings.Contains(got.text, part) {
		c.t.Errorf("%s %s %.200s: got %d %s\nwant %d %s", as, call, body, got.status, got.text, status, part)
	}
	return got
}

// A step is a call and what it must answer.
type step struct {
	as, call, body string
	status         int
	part           string
}

func (c site) steps(steps ...step) {
	c.t.Helper()
	for _, s := range steps {
		c.want(s.status, s.part, s.as, s.call, s.body)
	}
}

// work does all work that is to be done.
func (c site) work() {
	c.t.Helper()
	if err := c.service.Work(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
}

// make creates a thing, such as a volume, without doing the work.
func (c site) make(as, one, body string) string {
	c.t.Helper()
	made := c.do(as, "POST 3.71 /"+one+"s", `{"`+one+`":`+body+`}`)
	id := made.value(one, "id")
	if id == "" {
		c.t.Fatalf("%s %s: got %d %s", one, body, made.status, made.text)
	}
	return id
}

// begin creates a volume without doing the work.
func (c site) begin(as, body string) string {
	c.t.Helper()
	return c.make(as, "volume", body)
}

// volume creates a volume of demo's, and does the work.
func (c site) volume(body string) string {
	c.t.Helper()
	id := c.begin("demo", body)
	c.work()
	return id
}

// value is a text in the object that a body has under a key.
func (r reply) value(key, name string) string {
	one, _ := r.body[key].(map[string]any)
	text, _ := one[name].(string)
	return text
}

// values are one key of each thing in a list, with spaces between.
func (r reply) values(many, key string) string {
	list, _ := r.body[many].([]any)
	values := make([]string, len(list))
	for i, item := range list {
		thing, _ := item.(map[string]any)
		values[i], _ = thing[key].(string)
	}
	return strings.Join(values, " ")
}

// status checks the status of a volume, or of what else the path leads to.
func (c site) status(want, path string) {
	c.t.Helper()
	key := strings.TrimSuffix(strings.Split(path, "/")[1], "s")
	got := c.do("admin", "GET "+path, "")
	if status := got.value(key, "status"); status != want {
		c.t.Errorf("%s: got %q, want %q: %s", path, status, want, got.text)
	}
}

// files are the names of what is in the folder, in order.
func (c site) files() string {
	c.t.Helper()
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		c.t.Fatal(err)
	}
	names := []string{}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return strings.Join(names, " ")
}

// write writes into the data of a volume, as a server would.
func (c site) write(id string, at int64, text string) {
	c.t.Helper()
	file, err := os.OpenFile(filepath.Join(c.dir, id), os.O_WRONLY, 0)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if _, err := file.WriteAt([]byte(text), at); err != nil {
		c.t.Fatal(err)
	}
}

// wantData checks a piece of the data of a volume, and its size in GB.
func (c site) wantData(id string, at int64, text string, gigabytes int64) {
	c.t.Helper()
	file, err := os.Open(filepath.Join(c.dir, id))
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	got := make([]byte, len(text))
	if _, err := file.ReadAt(got, at); err != nil {
		c.t.Error(err)
	}
	info, err := file.Stat()
	if err != nil {
		c.t.Fatal(err)
	}
	if string(got) != text || info.Size() != gigabytes<<30 {
		c.t.Errorf("data of %s: %q and %d bytes, want %q and %d GB", id, got, info.Size(), text, gigabytes)
	}
}
