package image_test

import (
	"bytes"
	"context"
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/imagedb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/image"
)

var callers = map[string]nova.Caller{
	"admin":  {UserID: "u0", ProjectID: "p-admin", Roles: []string{"admin", "member", "reader"}},
	"demo":   {UserID: "u1", ProjectID: "p-demo", Roles: []string{"member", "reader"}},
	"alt":    {UserID: "u2", ProjectID: "p-alt", Roles: []string{"member", "reader"}},
	"reader": {UserID: "u3", ProjectID: "p-demo", Roles: []string{"reader"}},
}

func validate(_ context.Context, token string) (nova.Caller, error) {
	caller, ok := callers[token]
	if !ok {
		return nova.Caller{}, nova.Errorf(nova.NotFound, "No such token.")
	}
	return caller, nil
}

// a cloud is an image service with a folder and a server of its own.
type cloud struct {
	t       *testing.T
	service *image.Service
	server  *httptest.Server
	dir     string
}

func each(t *testing.T, test func(t *testing.T, c cloud), change ...func(*image.Options)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, s *db.Store) { test(t, newCloud(t, imagedb.New(s.DB), t.TempDir(), change...)) })
}

func newCloud(t *testing.T, s *imagedb.Store, dir string, change ...func(*image.Options)) cloud {
	t.Helper()
	o := image.Options{
		Store: s, Dir: dir, Log: zerolog.Nop(), Validate: validate, AuthURL: func(*http.Request) string { return "http://cloud/identity/v3" },
		PublicURL: "http://cloud", Owner: "p-admin", MaxBytes: 1 << 20,
	}
	for _, f := range change {
		f(&o)
	}
	service, err := image.New(o)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(service)
	t.Cleanup(server.Close)
	return cloud{t, service, server, dir}
}

type reply struct {
	status int
	header http.Header
	text   string
	body   map[string]any
}

// do sends "METHOD /path" as somebody; a body that starts with [ is a patch,
// and one that isn't JSON is an image's data.
func (c cloud) do(as, call, body string, header ...string) reply {
	c.t.Helper()
	method, path, _ := strings.Cut(call, " ")
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.server.URL+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("X-Auth-Token", as)
	r.Header.Set("Accept", "application/json")
	switch {
	case strings.HasPrefix(body, "{"):
		r.Header.Set("Content-Type", "application/json")
	case method == http.MethodPatch:
		r.Header.Set("Content-Type", "application/openstack-images-v2.1-json-patch")
	default:
		r.Header.Set("Content-Type", "application/octet-stream")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return c.send(r)
}

func (c cloud) send(r *http.Request) reply {
	c.t.Helper()
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = w.Body.Close() }()
	var text bytes.Buffer
	if _, err := text.ReadFrom(w.Body); err != nil {
		c.t.Fatal(err)
	}
	got := reply{status: w.StatusCode, header: w.Header, text: html.UnescapeString(text.String())}
	_ = json.Unmarshal(text.Bytes(), &got.body)
	return got
}

// want sends a call and checks its status and, if given, a part of its text.
func (c cloud) want(status int, part, as, call, body string, header ...string) reply {
	c.t.Helper()
	got := c.do(as, call, body, header...)
	if got.status != status || !strings.Contains(got.text, part) {
		c.t.Errorf("%s %s %.200s: got %d %s\nwant %d %s", as, call, body, got.status, got.text, status, part)
	}
	return got
}

// make creates an image, and gives its ID.
func (c cloud) make(as, body string) string {
	c.t.Helper()
	id, _ := c.want(http.StatusCreated, "", as, "POST /v2/images", body).body["id"].(string)
	return id
}

func (c cloud) files() []string {
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
	return names
}

// wantQueued checks that an upload has left an image as it was before.
func (c cloud) wantQueued(id string) {
	c.t.Helper()
	c.want(200, `"status":"queued"`, "demo", "GET /v2/images/"+id, "")
	if files := c.files(); len(files) != 0 {
		c.t.Errorf("files are left: %v", files)
	}
	if uploads, err := c.service.Store.Uploads(c.t.Context()); err != nil || len(uploads) != 0 {
		c.t.Errorf("uploads are left: %v, %v", uploads, err)
	}
}

// names are those of a list's images, with spaces between.
func (r reply) names() string {
	list, _ := r.body["images"].([]any)
	names := make([]string, len(list))
	for i, item := range list {
		image, _ := item.(map[string]any)
		names[i], _ = image["name"].(string)
	}
	return strings.Join(names, " ")
}
