package rest_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
)

// Of two things that are wrong with a request, the one that is looked at first
// is answered. Each case has the fault of its step and of all later ones.
func TestOrder(t *testing.T) {
	t.Parallel()
	s := siteOf(t, func(m rest.Mapper) {
		m.Resource("thing", "things", actor{
			controller{
				"update": rest.OnWith(loadThing, nameBody, func(context.Context, *rest.Request, thing, named) (any, error) {
					return nil, nova.Errorf(nova.Conflict, "the handler")
				}).Query(thingsQuery).Needs(policy.Lock).Since(5),
			},
			rest.Operations{
				"rename": rest.OnWith(loadThing, schema.NewBody(schema.Object(schema.Prop("rename", schema.String).Required())),
					func(context.Context, *rest.Request, thing, struct{}) (any, error) {
						return nil, nova.Errorf(nova.Conflict, "the handler")
					}).Needs(policy.Lock).Since(5),
			},
		}, rest.Member{"action": "POST"})
	})
	const (
		wrongProject = "/v2.1/" + otherProject
		ownProject   = "/v2.1/" + demoProject
		badName      = `{"thing": {"name": 5}}`
		goodName     = `{"thing": {"name": "x"}}`
	)
	text := header("Content-Type", "text/html")
	huge := "{" + strings.Repeat(" ", maxBody)
	noToken, reader := header("X-Auth-Token"), as("reader")
	for _, test := range []struct {
		step    string
		request string
		options []option
		status  int
		part    string
	}{
		{"size", "PUT " + wrongProject + "/nothing " + huge, []option{noToken, at("x"), text}, 413, "Request is too large"},
		{"token", "PUT " + wrongProject + "/nothing {", []option{noToken, at("x"), text}, 401, "requires authentication"},
		{"route", "PUT " + wrongProject + "/nothing {", []option{at("x"), text}, 404, plainNotFound},
		{"method", "PATCH " + wrongProject + "/things/x {", []option{at("x"), text}, 404, plainNotFound},
		{"version's form", "PUT " + wrongProject + "/things/x {", []option{at("x"), text}, 400, "API Version String x"},
		{"version's range", "PUT " + wrongProject + "/things/x {", []option{at("9.9"), text}, 406, "Version 9.9"},
		{"media type", "PUT " + wrongProject + "/things/x {", []option{at("2.4"), text}, 415, "Unsupported Content-Type"},
		{"syntax", "PUT " + wrongProject + "/things/x {", []option{at("2.4")}, 400, "Malformed request body"},
		{"project", "PUT " + wrongProject + "/things/x?limit=x " + badName, []option{at("2.4")}, 400, "Malformed request URL"},
		{"version's span", "PUT " + ownProject + "/things/x?limit=x " + badName, []option{at("2.4"), reader}, 404, "The resource could not be found."},
		{"query", "PUT " + ownProject + "/things/x?limit=x " + badName, []option{at("2.5"), reader}, 400, "query parameters limit"},
		{"body", "PUT " + ownProject + "/things/x " + badName, []option{at("2.5"), reader}, 400, "Invalid input for field/attribute name"},
		{"member", "PUT " + ownProject + "/things/x " + goodName, []option{at("2.5"), reader}, 404, "Thing x could not be found."},
		{"policy", "PUT " + ownProject + "/things/own " + goodName, []option{at("2.5"), reader}, 403, "Policy doesn't allow os_compute_api:os-lock-server:lock"},
		{"handler", "PUT " + ownProject + "/things/own " + goodName, []option{at("2.5")}, 409, "the handler"},

		// Actions that the body names: its key is looked at before the project.
		{"action: media type", "POST " + wrongProject + "/things/x/action {", []option{at("2.4"), text}, 415, "Unsupported"},
		{"action: syntax", "POST " + wrongProject + "/things/x/action {", []option{at("2.4")}, 400, "Malformed request body"},
		{"action: name", "POST " + wrongProject + `/things/x/action {"nothing": 1}`, []option{at("2.4")}, 400, "There is no such action: nothing"},
		{"action: no name", "POST " + wrongProject + `/things/x/action null`, []option{at("2.4")}, 404, "The resource could not be found."},
		{"action: project", "POST " + wrongProject + `/things/x/action {"rename": 1}`, []option{at("2.4")}, 400, "Malformed request URL"},
		{"action: span", "POST " + ownProject + `/things/x/action {"rename": 1}`, []option{at("2.4"), reader}, 404, "The resource could not be found."},
		{"action: body", "POST " + ownProject + `/things/x/action {"rename": 1}`, []option{at("2.5"), reader}, 400, "field/attribute rename"},
		{"action: member", "POST " + ownProject + `/things/x/action {"rename": ""}`, []option{at("2.5"), reader}, 404, "Thing x could not"},
		{"action: policy", "POST " + ownProject + `/things/own/action {"rename": ""}`, []option{at("2.5"), reader}, 403, "Policy doesn't allow"},
		{"action: handler", "POST " + ownProject + `/things/own/action {"rename": ""}`, []option{at("2.5")}, 409, "the handler"},
	} {
		t.Run(test.step, func(t *testing.T) {
			t.Parallel()
			r := s.do(t, test.request, test.options...).want(t, test.status)
			contains(t, test.step, r.body, test.part)
		})
	}
}

// What is on no member asks policy after the body, before the handler.
func TestOrder_WithoutMember(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.do(t, `POST /v2.1/things {"thing": {}}`).want(t, http.StatusBadRequest)
	s.do(t, `POST /v2.1/things {"thing": {"name": "x"}}`).want(t, http.StatusForbidden,
		`{"forbidden":{"code":403,"message":"Policy doesn't allow os_compute_api:os-flavor-manage:create to be performed."}}`)
	s.do(t, `POST /v2.1/things {"thing": {"name": "x"}}`, as("admin")).action(t, http.StatusAccepted, "read")
}

func TestProject(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	mismatch := func(path, own string) string {
		return `{"badRequest":{"code":400,"message":"Malformed request URL: URL's project_id '` + path +
			`' doesn't match Context's project_id '` + own + `'"}}`
	}
	for _, root := range []string{"/v2.1/", "/v2/"} {
		s.do(t, "GET "+root+demoProject+"/things/1").action(t, http.StatusOK, "show")
		s.do(t, "GET "+root+demoProject+"/things/1", as("admin")).action(t, http.StatusOK, "show")
		for _, project := range []string{otherProject, "0", demoProject + "0", "-"} {
			s.do(t, "GET "+root+project+"/things/1").want(t, http.StatusBadRequest, mismatch(project, demoProject))
			s.do(t, "GET "+root+project+"/things/1", as("admin")).want(t, http.StatusBadRequest, mismatch(project, demoProject))
		}
		s.do(t, "GET "+root+demoProject+"/things/1", as("system")).want(t, http.StatusBadRequest, mismatch(demoProject, "None"))
		s.do(t, "GET "+root+"things/1", as("system")).action(t, http.StatusOK, "show")
	}
}

// Policy is asked about the member's owner, not about the caller.
func TestPolicy_OwnerOfMember(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	const poke = `/action {"poke": null}`
	refused := `{"forbidden":{"code":403,"message":"Policy doesn't allow os_compute_api:os-lock-server:lock to be performed."}}`
	s.do(t, "POST /v2.1/things/own"+poke, at("2.5")).action(t, http.StatusAccepted, "poke")
	s.do(t, "POST /v2.1/things/others"+poke, at("2.5")).want(t, http.StatusForbidden, refused)
	s.do(t, "POST /v2.1/things/others"+poke, at("2.5"), as("alt")).action(t, http.StatusAccepted, "poke")
	s.do(t, "POST /v2.1/things/others"+poke, at("2.5"), as("admin")).action(t, http.StatusAccepted, "poke")
	s.do(t, "POST /v2.1/things/own"+poke, at("2.5"), as("reader")).want(t, http.StatusForbidden, refused)
	s.do(t, "POST /v2.1/things/own"+poke, at("2.5"), as("system")).want(t, http.StatusForbidden, refused) // the scope
}
