package rest_test

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
)

// ask is a site whose things answer with what a function makes of a request.
func ask(t *testing.T, f func(r *rest.Request) any, change ...func(*rest.Site)) *site {
	t.Helper()
	return siteOf(t, func(m rest.Mapper) {
		m.Resource("thing", "things", controller{
			"index": rest.Do(func(_ context.Context, r *rest.Request) (any, error) { return f(r), nil }),
			"show":  rest.Do(func(_ context.Context, r *rest.Request) (any, error) { return f(r), nil }),
		})
	}, change...)
}

func TestRequest_Links(t *testing.T) {
	t.Parallel()
	links := func(r *rest.Request) any {
		return r.URL("things", "1") + " " + r.Bookmark("things", "1") + " " + r.NextURL("things/detail", "x y") + " " + r.Base()
	}
	const project = "/" + demoProject
	for _, test := range []struct {
		name   string
		path   string
		change func(*rest.Site)
		option option
		want   string
	}{
		{
			"as it comes", "/v2.1/things", nil, nil,
			"http://nova.example/v2.1/things/1 http://nova.example/things/1 " +
				"http://nova.example/v2.1/things/detail?marker=x+y http://nova.example",
		},
		{
			"with a project", "/v2.1" + project + "/things", nil, nil,
			"http://nova.example/v2.1" + project + "/things/1 http://nova.example" + project + "/things/1 " +
				"http://nova.example/v2.1" + project + "/things/detail?marker=x+y http://nova.example",
		},
		{
			"with a project in the query", "/v2.1/things?project_id=" + demoProject, nil, nil,
			"http://nova.example/v2.1" + project + "/things/1 http://nova.example" + project + "/things/1 " +
				"http://nova.example/v2.1" + project + "/things/detail?project_id=" + demoProject + "&marker=x+y http://nova.example",
		},
		{
			"legacy", "/v2" + project + "/things", nil, nil,
			"http://nova.example/v2" + project + "/things/1 http://nova.example" + project + "/things/1 " +
				"http://nova.example/v2" + project + "/things/detail?marker=x+y http://nova.example",
		},
		{
			"another host", "/v2.1/things", nil, func(r *http.Request) { r.Host = "other.example:8774" },
			"http://other.example:8774/v2.1/things/1 http://other.example:8774/things/1 " +
				"http://other.example:8774/v2.1/things/detail?marker=x+y http://other.example:8774",
		},
		{
			"encrypted", "/v2.1/things", nil, func(r *http.Request) { r.TLS = new(tls.ConnectionState) },
			"https://nova.example/v2.1/things/1 https://nova.example/things/1 " +
				"https://nova.example/v2.1/things/detail?marker=x+y https://nova.example",
		},
		{
			"prefix", "/v2.1/things", func(s *rest.Site) { s.LinkPrefix = "https://cloud.example/compute/" }, nil,
			"https://cloud.example/compute/v2.1/things/1 https://cloud.example/compute/things/1 " +
				"https://cloud.example/compute/v2.1/things/detail?marker=x+y https://cloud.example/compute",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			change := []func(*rest.Site){func(*rest.Site) {}}
			if test.change != nil {
				change[0] = test.change
			}
			options := []option{func(*http.Request) {}}
			if test.option != nil {
				options[0] = test.option
			}
			ask(t, links, change...).do(t, "GET "+test.path, options...).want(t, http.StatusOK, `"`+test.want+`"`)
		})
	}
}

func TestRequest_NextURL(t *testing.T) {
	t.Parallel()
	s := ask(t, func(r *rest.Request) any { return r.NextURL("things", "m&1") })
	for query, want := range map[string]string{
		"":                                   "marker=m%261",
		"?limit=2&marker=old&marker=older":   "limit=2&marker=m%261",
		"?z=1&a=2&sort_key=b&sort_key=a":     "a=2&sort_key=b&z=1&marker=m%261",
		"?sort_key=a&sort_key=b":             "sort_key=b&marker=m%261",
		"?name=a%20b%2Bc%26&empty=&bare":     "bare=&empty=&name=a+b%2Bc%26&marker=m%261",
		"?name=100%&other=%zz":               "name=100%25&other=%25zz&marker=m%261",
		"?unknown=%C3%A9":                    "unknown=%C3%A9&marker=m%261",
		"?tags=a;b":                          "tags=a%3Bb&marker=m%261",
		"?&&limit=1&":                        "limit=1&marker=m%261",
		"?name=<script>&x=\"":                "name=%3Cscript%3E&x=%22&marker=m%261",
		"?z=1&marker=a&a=2":                  "a=2&marker=m%261&z=1",
		"?marker=a&limit=5&changes-since=1Z": "changes-since=1Z&limit=5&marker=m%261",
	} {
		s.do(t, "GET /v2.1/things", func(r *http.Request) { r.URL.RawQuery = strings.TrimPrefix(query, "?") }).
			want(t, http.StatusOK, `"http://nova.example/v2.1/things?`+want+`"`)
	}
}

func TestRequest_Page(t *testing.T) {
	t.Parallel()
	var page nova.Page
	s := ask(t, func(r *rest.Request) any { page = r.Page(); return nil })
	for query, want := range map[string]nova.Page{
		"":                           {Limit: maxLimit},
		"limit=":                     {Limit: maxLimit},
		"limit=0":                    {Limit: 0},
		"limit=7&marker=m&offset=3":  {Limit: 7, Marker: "m", Offset: 3},
		"limit=%207":                 {Limit: 7},
		"limit=100":                  {Limit: 100},
		"limit=101":                  {Limit: maxLimit},
		"limit=99999999999999999999": {Limit: maxLimit},
		"limit=-1&offset=-1":         {Limit: maxLimit},
		"limit=x&offset=x":           {Limit: maxLimit},
		"limit=1&limit=2&marker=a&marker=b&offset=1&offset=2": {Limit: 2, Marker: "b", Offset: 2},
		"offset=99999999999999999999":                         {Limit: maxLimit, Offset: 1<<63 - 1},
	} {
		s.do(t, "GET /v2.1/things?"+query).want(t, http.StatusOK)
		if diff := cmp.Diff(want, page); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}

func TestRequest_Query(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	asked := func(query, version string) any {
		r := s.do(t, "GET /v2.1/things", at(version), func(r *http.Request) { r.URL.RawQuery = query }).want(t, http.StatusOK)
		return r.decoded(t)["query"]
	}
	for query, want := range map[string]url.Values{
		"":                             {},
		"limit=1&name=a&name=b":        {"limit": {"1"}, "name": {"a", "b"}},
		"name=a+b%20c%2B":              {"name": {"a b c+"}},
		"name=100%25&unknown=1&limit=": {"name": {"100%"}, "limit": {""}},
		"name=50%&name=%zz":            {"name": {"50%", "%zz"}},
		"name=a;b":                     {"name": {"a;b"}},
		"name":                         {"name": {""}},
	} {
		got := url.Values{}
		for name, values := range asked(query, "2.74").(map[string]any) {
			for _, value := range values.([]any) {
				got.Add(name, value.(string))
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	for query, part := range map[string]string{
		"limit=-1":      "Invalid input for query parameters limit. Value: -1.",
		"limit=%zz":     "Invalid input for query parameters limit. Value: %zz.",
		"name=%ff":      "Query string is not UTF-8 encoded",
		"%ff=1":         "Query string is not UTF-8 encoded",
		"name=a%00b":    "Query string is not UTF-8 encoded",
		"%00=1":         "Query string is not UTF-8 encoded",
		"limit=1;name=": "Invalid input for query parameters limit.",
	} {
		for _, version := range []string{"2.1", "2.75"} {
			r := s.do(t, "GET /v2.1/things", at(version), func(r *http.Request) { r.URL.RawQuery = query }).want(t, http.StatusBadRequest)
			contains(t, query, r.body, part)
		}
	}
	r := s.do(t, "GET /v2.1/things?unknown=1", at("2.75")).want(t, http.StatusBadRequest)
	contains(t, "unknown", r.body, "Additional properties are not allowed ('unknown' was unexpected)")
}

func TestRequest_Policy(t *testing.T) {
	t.Parallel()
	s := ask(t, func(r *rest.Request) any {
		return map[string]any{
			"own":       r.Can(policy.Lock),
			"others":    r.Enforce(policy.Lock, policy.Target{ProjectID: otherProject}) == nil,
			"admin":     r.IsAdmin(),
			"refused":   r.EnforceOwn(policy.Lock) != nil,
			"forbidden": nova.Is(r.Enforce(policy.Lock, policy.Target{ProjectID: otherProject}), nova.Forbidden),
		}
	})
	for token, want := range map[string]string{
		"demo":   `{"admin":false,"forbidden":true,"others":false,"own":true,"refused":false}`,
		"reader": `{"admin":false,"forbidden":true,"others":false,"own":false,"refused":true}`,
		"admin":  `{"admin":true,"forbidden":false,"others":true,"own":true,"refused":false}`,
		"alt":    `{"admin":false,"forbidden":false,"others":true,"own":true,"refused":false}`,
	} {
		s.do(t, "GET /v2.1/things", as(token)).want(t, http.StatusOK, want)
	}
}

// Who is an administrator is for policy to say.
func TestRequest_AdminByPolicy(t *testing.T) {
	t.Parallel()
	options := policy.Defaults()
	options.Files = []policy.File{{Name: "policy.yaml", Text: []byte(`context_is_admin: "role:reader"`)}}
	enforcer, _, err := policy.New(options)
	if err != nil {
		t.Fatal(err)
	}
	s := ask(t, func(r *rest.Request) any { return r.IsAdmin() }, func(s *rest.Site) { s.Policy = enforcer })
	s.do(t, "GET /v2.1/things", as("reader")).want(t, http.StatusOK, "true")
}

// A handler is told who calls, and with which token.
func TestRequest_Caller(t *testing.T) {
	t.Parallel()
	var ofRequest, ofContext nova.Caller
	s := siteOf(t, func(m rest.Mapper) {
		m.Resource("thing", "things", controller{"index": rest.Do(func(ctx context.Context, r *rest.Request) (any, error) {
			ofRequest, ofContext = r.Caller, nova.CallerOf(ctx)
			return nil, nil
		})})
	})
	s.do(t, "GET /v2.1/things", as("demo")).want(t, http.StatusOK)
	want := callers["demo"]
	want.Token = "demo"
	if diff := cmp.Diff([]nova.Caller{want, want}, []nova.Caller{ofRequest, ofContext}); diff != "" {
		t.Errorf("caller (-want +got):\n%s", diff)
	}
}
