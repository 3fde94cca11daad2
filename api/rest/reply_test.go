package rest_test

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/api/rest"
)

// answering is a site whose things answer with a value.
func answering(t *testing.T, value any) *site {
	t.Helper()
	return siteOf(t, func(m rest.Mapper) {
		m.Resource("thing", "things", actor{
			controller{"index": rest.Do(func(_ context.Context, r *rest.Request) (any, error) {
				r.Header("X-Extra", "1")
				return value, nil
			}).Status(http.StatusAccepted)},
			rest.Operations{"act": rest.Do(func(context.Context, *rest.Request) (any, error) { return value, nil }).Status(http.StatusAccepted)},
		}, rest.Member{"action": "POST"})
	})
}

// A written knows how to write itself.
type written string

func (w written) AppendJSON(to []byte) []byte { return append(to, w...) }

func TestReply(t *testing.T) {
	t.Parallel()
	location := http.Header{"Location": {"http://elsewhere.example/"}}
	for _, test := range []struct {
		name   string
		value  any
		status int
		body   string
		kind   string
		length string
		place  string
	}{
		{"nothing", nil, 202, "", "application/json", "0", ""},
		{"a map", map[string]any{"a": "<&é>"}, 202, `{"a":"<&é>"}`, "application/json", "13", ""},
		{"what writes itself", written(`{"b":1}`), 202, `{"b":1}`, "application/json", "7", ""},
		{"a response", rest.Response{Body: written(`{"b":1}`)}, 202, `{"b":1}`, "application/json", "7", ""},
		{"its own status", rest.Response{Status: 201, Body: written(`1`)}, 201, `1`, "application/json", "1", ""},
		{"a header", rest.Response{Header: location}, 202, "", "application/json", "0", "http://elsewhere.example/"},
		{"no body object", rest.Response{Bare: true, Header: location}, 202, "", "text/html; charset=UTF-8", "0", "http://elsewhere.example/"},
		{"no content", rest.Response{Status: 204}, 204, "", "application/json", "", ""},
		{"no content, bare", rest.Response{Status: 204, Bare: true}, 204, "", "text/html; charset=UTF-8", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := answering(t, test.value)
			for _, request := range []string{"GET /v2.1/things", `POST /v2.1/things/1/action {"act": null}`} {
				r := s.do(t, request).want(t, test.status, test.body)
				got := []string{r.header.Get("Content-Type"), r.header.Get("Content-Length"), r.header.Get("Location")}
				if diff := cmp.Diff([]string{test.kind, test.length, test.place}, got); diff != "" {
					t.Errorf("%s: headers (-want +got):\n%s", request, diff)
				}
				if request == "GET /v2.1/things" && r.header.Get("X-Extra") != "1" {
					t.Errorf("%s: the handler's header is missing", request)
				}
				checkVersionHeaders(t, r, "2.1")
			}
		})
	}
}

func TestReply_Accept(t *testing.T) {
	t.Parallel()
	const json, vendor = "application/json", "application/vnd.openstack.compute+json"
	s := newSite(t)
	for types, want := range map[string]string{
		"":                             json,
		"*/*":                          json,
		json:                           json,
		"text/html":                    json,
		"image/*":                      json,
		"rubbish":                      json,
		",;=":                          json,
		vendor:                         vendor,
		vendor + ", " + json:           json,
		vendor + ";q=0.9, " + json:     json,
		vendor + ", " + json + ";q=.5": vendor,
		vendor + ", */*;q=0.1":         vendor,
		"application/*;q=0.5, " + json + ";q=0.1": vendor,
		json + ";q=0, */*":                        vendor,
		json + ";q=x":                             json,
		json + "; q = 0.5":                        json,
	} {
		for _, path := range []string{"/v2.1/things", "/v2.1/", "/", "/nothing"} {
			r := s.do(t, "GET "+path, accept(types))
			if got := r.header.Get("Content-Type"); got != want {
				t.Errorf("%s: Accept %q: Content-Type %q, want %q", path, types, got, want)
			}
		}
		// Faults are what they are.
		r := s.do(t, "GET /v2.1/versions/v9", accept(types)).want(t, http.StatusNotFound, notFound)
		if got := r.header.Get("Content-Type"); got != "application/json; charset=UTF-8" {
			t.Errorf("Accept %q: Content-Type of a fault %q", types, got)
		}
	}
}

// Long replies are compressed for clients that take that, and only those.
func TestReply_Compressed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	long := "GET /v2.1/things?name=" + strings.Repeat("abc", 1000)
	plain := s.do(t, long).want(t, http.StatusOK)
	for _, c := range []struct {
		request string
		accepts []string
		want    bool
	}{
		{long, []string{"gzip"}, true},
		{long, []string{"deflate", "br, gzip;q=0.1"}, true},
		{long, []string{"gzip, deflate, br"}, true},
		{long, []string{"deflate"}, false},
		{long, []string{"gzip;q=0"}, false},
		{long, []string{"\x00;=,,"}, false},
		{"GET /v2.1/things?name=abc", []string{"gzip"}, false},
	} {
		reply := s.do(t, c.request, header("Accept-Encoding", c.accepts...)).want(t, http.StatusOK)
		if got := reply.header.Get("Content-Encoding") == "gzip"; got != c.want {
			t.Errorf("Accept-Encoding %q: compressed is %t", c.accepts, got)
		}
		if length := strconv.Itoa(len(reply.body)); reply.header.Get("Content-Length") != length {
			t.Errorf("Accept-Encoding %q: %s bytes, but Content-Length is %s", c.accepts, length, reply.header.Get("Content-Length"))
		}
		if got := slices.Contains(reply.header["Vary"], "Accept-Encoding"); got != (c.request == long) {
			t.Errorf("Accept-Encoding %q: Vary %q", c.accepts, reply.header["Vary"])
		}
		if !c.want {
			continue
		}
		zipped, err := gzip.NewReader(strings.NewReader(reply.body))
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(zipped); err != nil || string(text) != plain.body || len(reply.body) > len(text)/10 {
			t.Errorf("%d bytes become %q: %v", len(reply.body), text, err)
		}
	}
}
