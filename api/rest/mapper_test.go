package rest_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/internal/microversion"
	"github.com/nova-api/nova-api/internal/policy"
)

func TestMapper_Routes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	body := `{"thing": {"name": "x"}}`
	for _, test := range []struct {
		request string
		status  int
		action  string
		id      string
		parent  string
	}{
		{"GET /things", 200, "index", "", ""},
		{"GET /things/detail", 200, "detail", "", ""}, // static before parameter
		{"GET /things/1", 200, "show", "1", ""},
		{"GET /things/details", 200, "show", "details", ""},
		{"POST /things " + body, 202, "read", "", ""},
		{"PUT /things/1 " + body, 200, "read", "1", ""},
		{`POST /things/own/action {"poke": null}`, 202, "poke", "own", ""},
		{"GET /things/1/parts", 200, "parts", "", "1"},
		{"GET /things/1/parts/2", 200, "part", "2", "1"},
		{"PUT /things/1/parts", 200, "update_all", "", "1"},
		{"DELETE /things/1/parts", 200, "delete_all", "", "1"},
		{"GET /limits", 200, "limits", "", ""},
		{"GET /things/%31", 200, "show", "1", ""},
		{"GET /th%69ngs/det%61il", 200, "detail", "", ""},
		{"GET /things/a%20b%3Fc%25", 200, "show", "a b?c%", ""},
		{"GET /things/h%C3%A9", 200, "show", "hé", ""},
		{"GET /things/a+b", 200, "show", "a+b", ""},
		{"GET /things/1%2Fparts%2F2", 200, "part", "2", "1"}, // an encoded slash is a slash
		{"GET //things///1//parts", 200, "parts", "", "1"},   // and several are one
		{"GET /things/%2F1", 200, "show", "1", ""},
		{"GET /things/1/parts/2%0A", 200, "part", "2", "1"}, // a line feed at the end is no part of the path
		{"GET /things/1/parts%0A", 200, "parts", "", "1"},
		{"GET /things/1/parts/2%0A%0A", 200, "part", "2\n", "1"},
	} {
		for _, root := range []string{"/v2.1", "/v2.1/" + demoProject} {
			t.Run(test.request+" "+root, func(t *testing.T) {
				t.Parallel()
				request := strings.Replace(test.request, " /", " "+root+"/", 1)
				r := s.do(t, request, as("admin"), at("2.10")).action(t, test.status, test.action)
				answer := r.decoded(t)
				if answer["id"] != test.id || answer["parent"] != test.parent {
					t.Errorf("id %q of %q, want %q of %q", answer["id"], answer["parent"], test.id, test.parent)
				}
			})
		}
	}
}

func TestMapper_Unrouted(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, request := range []string{
		"GET /nothing", "GET /things/", "GET /things/1/", "GET /things/1/nothing", "GET /things/1/parts/",
		"GET /things/1/2", "GET /things/1%2F2", "GET /limits/1",
		// Wrong methods: Nova knows no 405.
		"POST /things/1", "PUT /things", "DELETE /things", "PATCH /things/1", "HEAD /things", "HEAD /things/1",
		"TRACE /things", "PROPFIND /things", "POST /things/detail", "GET /things/1/action", "POST /limits", "PUT /things/1/parts/2",
		"POST /versions/v2.1", "GET /versions", "GET /versions/",
		// What is no text.
		"GET /things/%00", "GET /things/a%00b/parts", "GET /things/%ff", "GET /%ff", "PUT /things/%c3%28", "GET /%00/things",
		// What is no project.
		"GET /NOTHEX/things", "GET /demo/things", "GET /" + strings.ToUpper(demoProject) + "/things",
		"GET /" + demoProject + "/nothing", "GET /" + demoProject, "POST /" + demoProject + "/",
		"GET /" + demoProject + "/" + demoProject + "/things",
	} {
		for _, root := range []string{"/v2.1", "/v2"} {
			t.Run(request+" "+root, func(t *testing.T) {
				t.Parallel()
				s.do(t, strings.Replace(request, " /", " "+root+"/", 1)).unrouted(t)
			})
		}
	}
}

// A project's ID can begin like a resource's name.
func TestMapper_ProjectLikeResource(t *testing.T) {
	t.Parallel()
	for _, project := range []string{"f", "fa", "fade", "ab-cd", "0", "e0e0", "deadbeef"} {
		s := siteOf(t, func(m rest.Mapper) {
			m.Resource("face", "faces", controller{"index": rest.Do(echo("faces")), "show": rest.Do(echo("face"))})
			m.Resource("e", "ee-ee", controller{"index": rest.Do(echo("ee-ee"))})
		})
		s.do(t, "GET /v2.1/faces").action(t, 200, "faces")
		s.do(t, "GET /v2.1/faces/f").action(t, 200, "face")
		s.do(t, "GET /v2.1/"+project+"/faces").want(t, http.StatusBadRequest) // routed, but not the caller's
		s.do(t, "GET /v2.1/"+demoProject+"/faces/"+project).action(t, 200, "face")
	}
}

func TestMapper_Options(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, path := range []string{"/v2.1/things", "/v2/nothing", "/v3"} {
		r := s.do(t, "OPTIONS "+path, header("X-Auth-Token")).want(t, http.StatusOK, "")
		if ids := r.header["x-openstack-request-id"]; ids != nil { //nolint:staticcheck // Nova writes it so
			t.Errorf("%s: request ID %q", path, ids)
		}
		if got := r.header.Get("Content-Length"); got != "0" {
			t.Errorf("Content-Length %q", got)
		}
	}
}

func TestMapper_Panics(t *testing.T) {
	t.Parallel()
	do := rest.Do(echo("x"))
	for _, test := range []struct {
		name   string
		c      rest.Controller
		extra  []rest.Option
		reason string // empty: it doesn't
	}{
		{"fine", controller{"index": do}, nil, ""},
		{"nothing at all", controller{}, nil, ""},
		{"action without route", controller{"index": do, "detail": do}, nil, "no route reaches detail of /v2.1/things"},
		{"misspelt action", controller{"indx": do}, nil, "no route reaches indx"},
		{"route without action", controller{"index": do}, []rest.Option{rest.Collection{"detail": "GET"}}, `GET /v2.1/things/detail has no operation "detail"`},
		{"member without action", controller{}, []rest.Option{rest.Member{"act": "POST"}}, `POST /v2.1/things/{id}/act has no operation "act"`},
		{"singular without action", controller{}, []rest.Option{rest.Singular{"all": "PUT"}}, `PUT /v2.1/things has no operation "all"`},
		{"action by body without actions", controller{}, []rest.Option{rest.Member{"action": "POST"}}, `has no operation "action"`},
		{"action by body without route", actor{members: rest.Operations{"poke": do}}, nil, "no route reaches action"},
		{"action by body twice", actor{controller{"action": do}, rest.Operations{"poke": do}}, []rest.Option{rest.Member{"action": "POST"}}, `"action" twice`},
		{"unknown method", controller{"detail": do}, []rest.Option{rest.Collection{"detail": "get"}}, `method "get"`},
		{"method without use", controller{"detail": do}, []rest.Option{rest.Collection{"detail": "PATCH"}}, `method "PATCH"`},
		{"one route twice", controller{"index": do, "all": do}, []rest.Option{rest.Singular{"all": "GET"}}, "two operations at GET /v2.1/things"},
		{"unknown rule", controller{"index": do.Needs("os_compute_api:things:list")}, nil, `index of /v2.1/things needs "os_compute_api:things:list"`},
		{
			"unknown rule of a member's action",
			actor{members: rest.Operations{"poke": do.Needs("typo")}},
			[]rest.Option{rest.Member{"action": "POST"}},
			`poke of /v2.1/things needs "typo"`,
		},
		{"no version", controller{"index": do.Since(50).Until(49)}, nil, "no version has index"},
		{"version to come", controller{"index": do.Since(int(microversion.Max) + 1)}, nil, "no version has index"},
		{"one version", controller{"index": do.Since(50).Until(50).Needs(policy.ServerIndex)}, nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cause := panics(func() {
				siteOf(t, func(m rest.Mapper) { m.Resource("thing", "things", test.c, test.extra...) })
			})
			if test.reason == "" {
				if cause != nil {
					t.Errorf("panics: %v", cause)
				}
				return
			}
			text, _ := cause.(string)
			contains(t, "panic", text, test.reason)
		})
	}
}

// The same name under two roots, and a resource that is mapped twice.
func TestMapper_ResourceTwice(t *testing.T) {
	t.Parallel()
	c := controller{"index": rest.Do(echo("x"))}
	if cause := panics(func() {
		siteOf(t, func(m rest.Mapper) {
			m.Resource("thing", "things", c)
			m.Resource("thing", "things", c)
		})
	}); cause == nil {
		t.Error("a resource can be mapped twice")
	}
}

// A table of actions can be shared: nobody writes into it.
func TestMapper_LeavesTables(t *testing.T) {
	t.Parallel()
	c := things()
	siteOf(t, func(m rest.Mapper) {
		m.Resource("thing", "things", c, rest.Collection{"detail": "GET"}, rest.Member{"action": "POST", "fail": "GET"})
	})
	if _, ok := c.controller["action"]; ok {
		t.Error("the mapper wrote into the controller's table")
	}
}

// An action is a value: a change makes a copy.
func TestAction_IsAValue(t *testing.T) {
	t.Parallel()
	base := rest.Do(echo("base")).Status(http.StatusAccepted)
	first, second := base.StatusSince(10, http.StatusCreated), base.StatusSince(10, http.StatusOK)
	s := siteOf(t, func(m rest.Mapper) {
		m.Resource("a", "as", controller{"index": first})
		m.Resource("b", "bs", controller{"index": second})
		m.Resource("c", "cs", controller{"index": base})
	})
	for request, status := range map[string]int{"GET /v2.1/as": 201, "GET /v2.1/bs": 200, "GET /v2.1/cs": 202} {
		s.do(t, request, at("2.10")).want(t, status)
		s.do(t, request, at("2.9")).want(t, http.StatusAccepted)
		s.do(t, strings.Replace(request, "v2.1", "v2", 1), at("2.10")).want(t, http.StatusAccepted)
	}
}

func TestAction_Versions(t *testing.T) {
	t.Parallel()
	called := map[string]bool{}
	s := siteOf(t, func(m rest.Mapper) {
		m.Resource("a", "as", controller{"index": rest.Do(func(_ context.Context, r *rest.Request) (any, error) {
			called[r.Version.String()] = true
			return nil, nil
		}).Since(3).Until(5)})
	})
	for version, status := range map[string]int{"2.1": 404, "2.2": 404, "2.3": 200, "2.4": 200, "2.5": 200, "2.6": 404, "latest": 404} {
		r := s.do(t, "GET /v2.1/as", at(version)).want(t, status)
		if status == http.StatusNotFound {
			r.want(t, status, `{"itemNotFound":{"code":404,"message":"The resource could not be found."}}`)
		}
	}
	s.do(t, "GET /v2/as").want(t, http.StatusNotFound)
	if len(called) != 3 || !called["2.3"] || !called["2.4"] || !called["2.5"] {
		t.Errorf("handler called at %v", called)
	}
}
