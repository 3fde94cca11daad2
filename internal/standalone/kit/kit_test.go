package kit_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

func call(k kit.Kit, h kit.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	k.Handle(h)(w, r)
	return w
}

func TestHandle_Faults(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	missing := kit.Typed("NetworkNotFound", nova.NotFound, "Network <x> could not be found.")
	cases := map[string]struct {
		style  kit.Style
		accept string
		err    error
		status int
		body   string
	}{
		"keystone": {kit.Keystone, "", missing, 404, `{"error":{"code":404,"message":"Network <x> could not be found.","title":"Not Found"}}`},
		"neutron":  {kit.Neutron, "", missing, 404, `{"NeutronError":{"detail":"","message":"Network <x> could not be found.","type":"NetworkNotFound"}}`},
		"untyped":  {kit.Neutron, "", nova.Errorf(nova.Invalid, "No."), 400, `{"NeutronError":{"detail":"","message":"No.","type":"HTTPBadRequest"}}`},
		"glance": {kit.Glance, "", missing, 404, "<html>\n <head>\n  <title>404 Not Found</title>\n </head>\n <body>\n  <h1>404 Not Found</h1>\n" +
			"  Network &lt;x&gt; could not be found.<br /><br />\n\n\n\n </body>\n</html>"},
		"glance json": {
			kit.Glance, "application/json", missing, 404,
			`{"code":"404 Not Found","message":"Network &lt;x&gt; could not be found.<br /><br />\n\n\n","title":"Not Found"}`,
		},
		"status":   {kit.Keystone, "", kit.WithStatus(418, nova.Errorf(nova.Invalid, "Tea.")), 418, `{"error":{"code":418,"message":"Tea.","title":"I'm a teapot"}}`},
		"internal": {kit.Keystone, "", errors.New("secret cause"), 500, `{"error":{"code":500,"message":"An unexpected error prevented the server from fulfilling your request.","title":"Internal Server Error"}}`},
	}
	for name, c := range cases {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
		r.Header.Set("Accept", c.accept)
		w := call(kit.Kit{Log: zerolog.New(&log), Style: c.style}, func(*http.Request) (kit.Reply, error) { return kit.Reply{}, c.err }, r)
		if w.Code != c.status || w.Body.String() != c.body {
			t.Errorf("%s: got %d %s\nwant %d %s", name, w.Code, w.Body, c.status, c.body)
		}
		if !strings.HasPrefix(w.Header().Get("X-Openstack-Request-Id"), "req-") {
			t.Errorf("%s: no request ID", name)
		}
	}
	if !strings.Contains(log.String(), "secret cause") {
		t.Errorf("the cause is not in the log: %s", log.String())
	}
}

func TestHandle_Replies(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reply  kit.Reply
		status int
		body   string
	}{
		"nothing": {kit.Reply{}, 204, ""},
		"body":    {kit.Reply{Body: map[string]string{"a": "<&>"}}, 200, `{"a":"<&>"}`},
		"created": {kit.Reply{Status: 201, Body: []string{}}, 201, `[]`},
		"stream":  {kit.Reply{Stream: io.NopCloser(strings.NewReader("bytes")), Length: 5}, 200, "bytes"},
	}
	for name, c := range cases {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
		w := call(kit.Kit{}, func(*http.Request) (kit.Reply, error) { return c.reply, nil }, r)
		if w.Code != c.status || w.Body.String() != c.body {
			t.Errorf("%s: got %d %q, want %d %q", name, w.Code, w.Body, c.status, c.body)
		}
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	cases := map[string]nova.Kind{
		`{"name": "x"}`: nova.Internal,
		`{"name": 1}`:   nova.Invalid,
		`{"name": "x"`:  nova.Invalid,
		`{} {}`:         nova.Invalid,
		``:              nova.Invalid,
		`{"name": "` + strings.Repeat("x", kit.MaxBody) + `"}`: nova.TooLarge,
	}
	for body, kind := range cases {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
		var v struct{ Name string }
		if err := (kit.Kit{Style: kit.Keystone}).Decode(r, &v); nova.KindOf(err) != kind || (err == nil) != (kind == nova.Internal) {
			t.Errorf("%.40s: got %v", body, err)
		}
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	cases := map[string]nova.Page{
		"":                          {Limit: 100},
		"?limit=5&marker=m":         {Limit: 5, Marker: "m"},
		"?limit=500":                {Limit: 100},
		"?sort=name:desc,id":        {Limit: 100, Sort: []nova.Sort{{Key: "name", Desc: true}, {Key: "id"}}},
		"?sort_key=a&sort_key=b":    {Limit: 100, Sort: []nova.Sort{{Key: "a"}, {Key: "b"}}},
		"?sort_key=a&sort_dir=DESC": {Limit: 100, Sort: []nova.Sort{{Key: "a", Desc: true}}},
	}
	for query, want := range cases {
		got, err := kit.Page(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/"+query, http.NoBody), 100)
		if err != nil {
			t.Errorf("%s: %v", query, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
	for _, query := range []string{"?limit=-1", "?limit=x"} {
		if _, err := kit.Page(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/"+query, http.NoBody), 100); !nova.Is(err, nova.Invalid) {
			t.Errorf("%s: got %v", query, err)
		}
	}
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	validate := func(_ context.Context, token string) (nova.Caller, error) {
		switch token {
		case "good":
			return nova.Caller{UserID: "u"}, nil
		case "down":
			return nova.Caller{}, nova.Errorf(nova.Unavailable, "Down.")
		}
		return nova.Caller{}, nova.Errorf(nova.NotFound, "No.")
	}
	k := kit.Kit{Style: kit.Glance}
	h := kit.Authenticate(k, validate, func(r *http.Request) string { return kit.BaseURL(r, "") + "/identity" })(
		k.Handle(func(r *http.Request) (kit.Reply, error) {
			return kit.Reply{Body: nova.CallerOf(r.Context()).UserID}, nil
		}))
	for token, want := range map[string]int{"": 401, "bad": 401, "good": 200, "down": 503} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://cloud:81/x", http.NoBody)
		r.Header.Set("X-Auth-Token", token)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("token %q: got %d %s", token, w.Code, w.Body)
		}
		challenge := w.Header().Get("Www-Authenticate")
		if (want == 401) != (challenge == `Keystone uri="http://cloud:81/identity"`) {
			t.Errorf("token %q: challenge %q", token, challenge)
		}
	}
}
