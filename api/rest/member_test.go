package rest_test

import (
	"net/http"
	"testing"
)

func TestActionByBody(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	unknown := func(name string) string {
		return `{"badRequest":{"code":400,"message":"There is no such action: ` + name + `"}}`
	}
	for _, test := range []struct {
		body   string
		status int
		want   string
	}{
		{``, 400, malformed},
		{` `, 400, malformed},
		{`{`, 400, malformed},
		{`{}`, 400, malformed},
		{`{"poke": null} x`, 400, malformed},
		{`{"poke": null}{"poke": null}`, 400, malformed},
		{`{"poke": null, "rename": null}`, 400, malformed},
		{`[]`, 400, malformed},
		{`[1, 2]`, 400, malformed},
		{`""`, 400, malformed},
		{`"poke"`, 400, malformed},
		{"{\"poke\": \"\xff\"}", 400, malformed},
		{"\xef\xbb\xbf{}", 400, malformed}, // a byte order mark
		{`null`, 404, notFound},
		{`5`, 404, notFound},
		{`0`, 404, notFound},
		{`5.5`, 404, notFound},
		{`true`, 404, notFound},
		{`false`, 404, notFound},
		{`[1]`, 404, notFound},
		{`["poke"]`, 404, notFound},
		{`"a"`, 404, notFound},
		{`"é"`, 404, notFound},
		{`{"nothing": null}`, 400, unknown("nothing")},
		{`{"": null}`, 400, unknown("")},
		{`{"action": null}`, 400, unknown("action")},
		{`{"index": null}`, 400, unknown("index")}, // no way round the routes
		{`{"Poke": null}`, 400, unknown("Poke")},
		{`{"<b>\"&": null}`, 400, unknown(`<b>\"&`)},
	} {
		for _, path := range []string{"/v2.1/things/own/action", "/v2/things/own/action", "/v2.1/" + demoProject + "/things/own/action"} {
			s.do(t, "POST "+path+" "+test.body).want(t, test.status, test.want)
		}
	}
}

// A key that stands twice is one key, and its last value counts.
func TestActionByBody_Twice(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.do(t, `POST /v2.1/things/own/action {"poke": 5, "poke": null}`, at("2.5")).action(t, http.StatusAccepted, "poke")
	s.do(t, `POST /v2.1/things/own/action {"poke": null, "poke": 5}`, at("2.5")).want(t, http.StatusBadRequest)
	s.do(t, `POST /v2.1/things {"thing": {"name": "not seen"}, "thing": {"name": "b", "name": "c"}}`, as("admin")).
		action(t, http.StatusAccepted, "read")
	r := s.do(t, `POST /v2.1/things {"thing": {"name": "not seen"}, "thing": {"name": "b", "name": "c"}}`, as("admin"))
	if got := r.decoded(t)["name"]; got != "c" {
		t.Errorf("name %v: what was checked is not what was read", got)
	}
}

func TestBody(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	bad := func(text string) string { return `{"badRequest":{"code":400,"message":"` + text + `"}}` }
	for _, test := range []struct {
		body   string
		status int
		want   string // empty: any
	}{
		{`{"thing": {"name": "x"}}`, 202, ""},
		{"\n\t {\"thing\": {\"name\": \"x\"}} \r\n", 202, ""},
		{``, 400, bad(`None is not of type 'object'`)},
		{`null`, 400, bad(`None is not of type 'object'`)},
		{`[]`, 400, bad(`[] is not of type 'object'`)},
		{`"x"`, 400, bad(`'x' is not of type 'object'`)},
		{`{}`, 400, bad(`'thing' is a required property`)},
		{`{"thing": {}}`, 400, bad(`Invalid input for field/attribute thing. Value: {}. 'name' is a required property`)},
		{`{"thing": {"name": "x"}, "b": 1}`, 400, bad(`Additional properties are not allowed ('b' was unexpected)`)},
		{` `, 400, malformed},
		{`{}{}`, 400, malformed},
		{`{"thing": {"name": NaN}}`, 400, malformed},
		{`{'thing': {}}`, 400, malformed},
		{"\xff{}", 400, malformed},
		{"{\"thing\": {\"name\": \"\xff\"}}", 400, malformed},
		{"\x00", 400, malformed},
	} {
		r := s.do(t, "POST /v2.1/things "+test.body, as("admin")).want(t, test.status)
		if test.want != "" {
			r.want(t, test.status, test.want)
		}
	}
	// The legacy API drops what it doesn't know.
	r := s.do(t, `POST /v2/things {"thing": {"name": "x", "extra": 1}, "b": 1}`, as("admin")).action(t, http.StatusAccepted, "read")
	if got := r.decoded(t)["name"]; got != "x" {
		t.Errorf("name %v", got)
	}
}

// Bodies of methods that have none are not looked at.
func TestBody_Ignored(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.do(t, "GET /v2.1/things/1 {").action(t, http.StatusOK, "show")
	s.do(t, "DELETE /v2.1/things/1 {").want(t, http.StatusNoContent, "")
}

// What is sent to an action without a schema is looked at for its syntax only.
func TestBody_WithoutSchema(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.do(t, "PUT /v2.1/things/1/parts {").want(t, http.StatusBadRequest, malformed)
	s.do(t, `PUT /v2.1/things/1/parts [1]`).action(t, http.StatusOK, "update_all")
	s.do(t, `PUT /v2.1/things/1/parts`).action(t, http.StatusOK, "update_all")
}

func TestContentType(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for kind, good := range map[string]bool{
		"":                                       true,
		"application/json":                       true,
		"application/json; charset=utf-8":        true,
		"application/json;charset=latin1":        true,
		" application/json ":                     true,
		"application/vnd.openstack.compute+json": true,
		"text/plain":                             true,
		"text/plain;charset=UTF-8":               true,
		";":                                      true,
		"text/html":                              false,
		"application/xml":                        false,
		"application/x-www-form-urlencoded":      false,
		"APPLICATION/JSON":                       false,
		"application/vnd.openstack.compute.v1+xml": false,
		"application/jsonp":                        false,
		"rubbish":                                  false,
		"multipart/form-data; boundary=x":          false,
	} {
		for request, status := range map[string]int{
			"GET /v2.1/things/1": 200, "GET /v2/things/1": 200, `POST /v2.1/things {"thing": {"name": "x"}}`: 202,
			`POST /v2.1/things/own/action {"rename": null}`: 400, "DELETE /v2.1/things/1": 204, "GET /": 200,
		} {
			if good {
				s.do(t, request, as("admin"), header("Content-Type", kind)).want(t, status)
			} else {
				s.do(t, request, as("admin"), header("Content-Type", kind)).want(t, http.StatusUnsupportedMediaType, badMedia)
			}
		}
	}
}
