package rest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/api/rest"
)

const (
	legacyMedia  = `[{"base":"application/json","type":"application/vnd.openstack.compute+json;version=2"}]`
	currentMedia = `[{"base":"application/json","type":"application/vnd.openstack.compute+json;version=2.1"}]`

	listed = `{"versions":[` +
		`{"id":"v2.0","status":"DEPRECATED","version":"","min_version":"","updated":"2025-07-04T12:00:00Z",` +
		`"links":[{"rel":"self","href":"BASE/v2/"}]},` +
		`{"id":"v2.1","status":"CURRENT","version":"NEWEST","min_version":"2.1","updated":"2013-07-23T11:33:21Z",` +
		`"links":[{"rel":"self","href":"BASE/v2.1/"}]}]}`
	describedBy = `{"rel":"describedby","type":"text/html","href":"http://docs.openstack.org/"}`
	legacy      = `{"version":{"id":"v2.0","status":"DEPRECATED","version":"","min_version":"","updated":"2025-07-04T12:00:00Z",` +
		`"links":[{"rel":"self","href":"BASE/ROOT/"},` + describedBy + `],"media-types":` + legacyMedia + `}}`
	current = `{"version":{"id":"v2.1","status":"CURRENT","version":"NEWEST","min_version":"2.1","updated":"2013-07-23T11:33:21Z",` +
		`"links":[{"rel":"self","href":"BASE/ROOT/"},` + describedBy + `],"media-types":` + currentMedia + `}}`
	choices = `{"choices":[` +
		`{"id":"v2.0","status":"DEPRECATED","links":[{"rel":"self","href":"BASE/v2PATH"}],"media-types":` + legacyMedia + `},` +
		`{"id":"v2.1","status":"CURRENT","links":[{"rel":"self","href":"BASE/v2.1PATH"}],"media-types":` + currentMedia + `}]}`
)

// fill puts a document's base and its root or path in.
func fill(document, base, where string) string {
	return strings.NewReplacer("NEWEST", newest, "BASE", base, "ROOT", where, "PATH", where).Replace(document)
}

func TestVersions_WithoutToken(t *testing.T) {
	t.Parallel()
	const base = "http://nova.example"
	s := newSite(t)
	prefixed := newSite(t, func(s *rest.Site) { s.LinkPrefix = "https://cloud.example/compute/" })
	for _, test := range []struct {
		request  string
		status   int
		document string
		where    string
	}{
		{"GET /", 200, listed, ""},
		{"GET //", 200, listed, ""},
		{"POST /", 200, listed, ""},
		{"DELETE /", 200, listed, ""},
		{"OPTIONS /", 200, listed, ""},
		{"GET /v2", 200, legacy, "v2"},
		{"GET /v2/", 200, legacy, "v2"},
		{"POST /v2/", 200, legacy, "v2"},
		{"GET /v2.1", 200, current, "v2.1"},
		{"GET /v2.1/", 200, current, "v2.1"},
		{"GET /v2.1//", 200, current, "v2.1"},
		{"PUT /v2.1", 200, current, "v2.1"},
		{"POST /v2.1 {}", 200, current, "v2.1"},
		{"GET /nothing", 300, choices, "/nothing"},
		{"DELETE /nothing/at/all/", 300, choices, "/nothing/at/all/"},
		{"GET /v2.2", 300, choices, "/v2.2"},
		{"GET /v2.10/servers", 300, choices, "/v2.10/servers"},
		{"GET /v1.1/servers?limit=1", 300, choices, "/v1.1/servers"},
		{"GET /V2.1/servers", 300, choices, "/V2.1/servers"},
		{"GET /a%20b&c%3C", 300, choices, "/a%20b&c%3C"},
	} {
		t.Run(test.request, func(t *testing.T) {
			t.Parallel()
			r := s.do(t, test.request, header("X-Auth-Token")).want(t, test.status, fill(test.document, base, test.where))
			if got := r.header.Get("Content-Type"); got != "application/json" {
				t.Errorf("Content-Type %q", got)
			}
			prefixed.do(t, test.request, header("X-Auth-Token")).
				want(t, test.status, fill(test.document, "https://cloud.example/compute", test.where))
		})
	}
}

// The roots look at what comes with a request as all resources do.
func TestVersions_WithoutTokenRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, path := range []string{"/", "/v2", "/v2.1/", "/nothing"} {
		s.do(t, "GET "+path, header("Content-Type", "text/html")).want(t, http.StatusUnsupportedMediaType)
		s.do(t, "POST "+path+" {").want(t, http.StatusBadRequest, malformed)
	}
}

func TestVersions_WithToken(t *testing.T) {
	t.Parallel()
	const base = "http://nova.example"
	s := newSite(t)
	for _, test := range []struct {
		path     string
		document string
		root     string
	}{
		{"/v2.1/" + demoProject + "/", current, "v2.1"},
		{"/v2.1/versions/v2.1", current, "v2.1"},
		{"/v2.1/versions/v2.0", legacy, "v2.1"},
		{"/v2.1/" + demoProject + "/versions/v2.1", current, "v2.1"},
		{"/v2/" + demoProject + "/", legacy, "v2"},
		{"/v2/versions/v2.1", legacy, "v2"},
		{"/v2/versions/v9", legacy, "v2"},
	} {
		s.do(t, "GET "+test.path).want(t, http.StatusOK, fill(test.document, base, test.root))
		s.do(t, "GET "+test.path, header("X-Auth-Token")).want(t, http.StatusUnauthorized)
	}
	s.do(t, "GET /v2.1/versions/v9").want(t, http.StatusNotFound, notFound)
	s.do(t, "GET /v2.1/"+otherProject+"/").want(t, http.StatusBadRequest)
}

// The document doesn't depend on the version that was asked for, but says it.
func TestVersions_Microversion(t *testing.T) {
	t.Parallel()
	r := newSite(t).do(t, "GET /v2.1/", at("2.50")).want(t, http.StatusOK, fill(current, "http://nova.example", "v2.1"))
	checkVersionHeaders(t, r, "2.50")
}

// Replies outside the roots bear no request ID.
func TestVersions_RequestIDs(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for path, want := range map[string]bool{
		"/": false, "/nothing": false, "/v2.2": false,
		"/v2": true, "/v2/": true, "/v2.1": true, "/v2.1/": true, "/v2.1/nothing": true, "/v2.1/things": true,
	} {
		r := s.do(t, "GET "+path)
		ids := r.raw("x-compute-request-id")
		if (len(ids) == 1) != want {
			t.Errorf("%s: request ID %q", path, ids)
		}
		if diff := cmp.Diff(ids, r.raw("x-openstack-request-id")); diff != "" {
			t.Errorf("%s: the two IDs (-one +other):\n%s", path, diff)
		}
	}
}
