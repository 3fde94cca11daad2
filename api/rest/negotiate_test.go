package rest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// both are the values of the two headers of a request: nil for one that isn't
// sent.
type both struct{ current, legacy []string }

func (b both) option() option {
	return func(r *http.Request) {
		if b.current != nil {
			r.Header[http.CanonicalHeaderKey("OpenStack-API-Version")] = b.current
		}
		if b.legacy != nil {
			r.Header[http.CanonicalHeaderKey("X-OpenStack-Nova-API-Version")] = b.legacy
		}
	}
}

func TestNegotiation_Good(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	long := strings.Repeat("compute 2.3, ", 50) + "compute 2.9"
	for _, test := range []struct {
		headers both
		want    string
	}{
		{both{}, "2.1"},
		{both{current: []string{"compute 2.1"}}, "2.1"},
		{both{current: []string{"compute 2.47"}}, "2.47"},
		{both{current: []string{"compute " + newest}}, newest},
		{both{current: []string{"compute latest"}}, newest},
		{both{legacy: []string{"2.47"}}, "2.47"},
		{both{legacy: []string{"latest"}}, newest},
		// The service's name, in any case and any space around it.
		{both{current: []string{"COMPUTE 2.4"}}, "2.4"},
		{both{current: []string{" compute  2.4 "}}, "2.4"},
		{both{current: []string{"compute\t2.5"}}, "2.5"},
		// Lists: the last that is about us.
		{both{current: []string{"compute 2.1, compute 2.5"}}, "2.5"},
		{both{current: []string{"compute 2.5, volume 3.59"}}, "2.5"},
		{both{current: []string{"volume 3.59,compute 2.5,"}}, "2.5"},
		{both{current: []string{"compute 2.4", "compute 2.6"}}, "2.6"},
		{both{current: []string{"compute 2.4", "volume 3.1"}}, "2.4"},
		{both{current: []string{long}}, "2.9"},
		{both{legacy: []string{"2.7,2.9"}}, "2.9"},
		{both{legacy: []string{" 2.7 , 2.9 "}}, "2.9"},
		{both{legacy: []string{"2.5", "2.6"}}, "2.6"},
		// The first header goes before the second, if it is about us.
		{both{[]string{"compute 2.4"}, []string{"2.9"}}, "2.4"},
		{both{[]string{"compute 2.4"}, []string{"rubbish"}}, "2.4"},
		{both{[]string{"volume 3.1"}, []string{"2.9"}}, "2.9"},
		{both{[]string{"compute"}, []string{"2.9"}}, "2.9"},
		{both{[]string{""}, []string{"2.9"}}, "2.9"},
		// What is about nobody.
		{both{current: []string{"volume 3.1"}}, "2.1"},
		{both{current: []string{"compute"}}, "2.1"},
		{both{current: []string{"2.4"}}, "2.1"},
		{both{current: []string{"computer 2.7"}}, "2.1"},
		{both{current: []string{"compute-2.7"}}, "2.1"},
		{both{current: []string{"nova 2.50"}}, "2.1"},
		{both{current: []string{""}}, "2.1"},
	} {
		for _, path := range []string{"/v2.1/things/1", "/v2.1/" + demoProject + "/things/1", "/v2.1", "/v2.1/"} {
			r := s.do(t, "GET "+path, test.headers.option()).want(t, http.StatusOK)
			checkVersionHeaders(t, r, test.want)
			if strings.HasSuffix(path, "1/1") {
				if got := r.decoded(t)["version"]; got != test.want {
					t.Errorf("%s %q: handler called at %s, want %s", path, test.headers, got, test.want)
				}
			}
		}
	}
}

func checkVersionHeaders(t *testing.T, r *reply, version string) {
	t.Helper()
	for name, want := range map[string][]string{
		"OpenStack-API-Version":        {"compute " + version},
		"X-OpenStack-Nova-API-Version": {version},
		"Vary":                         {"OpenStack-API-Version", "X-OpenStack-Nova-API-Version"},
	} {
		if diff := cmp.Diff(want, r.raw(name)); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", r.request, name, diff)
		}
	}
}

func TestNegotiation_Malformed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, test := range []struct {
		headers both
		text    string
	}{
		{both{current: []string{"compute 2"}}, "2"},
		{both{current: []string{"compute 2."}}, "2."},
		{both{current: []string{"compute .1"}}, ".1"},
		{both{current: []string{"compute 2.01"}}, "2.01"},
		{both{current: []string{"compute 02.5"}}, "02.5"},
		{both{current: []string{"compute 0.5"}}, "0.5"},
		{both{current: []string{"compute 2.5.1"}}, "2.5.1"},
		{both{current: []string{"compute 2.-5"}}, "2.-5"},
		{both{current: []string{"compute +2.5"}}, "+2.5"},
		{both{current: []string{"compute abc"}}, "abc"},
		{both{current: []string{"compute LATEST"}}, "LATEST"},
		{both{current: []string{"compute Latest"}}, "Latest"},
		{both{current: []string{"compute 2.4 x"}}, "2.4 x"},
		{both{current: []string{"compute 2.4;q=1"}}, "2.4;q=1"},
		{both{current: []string{"compute 2.50, compute abc"}}, "abc"},
		{both{current: []string{"compute ²·⁵"}}, "²·⁵"},
		{both{current: []string{"compute <b>"}}, "<b>"},
		{both{[]string{"compute abc"}, []string{"2.9"}}, "abc"},
		{both{legacy: []string{""}}, ""},
		{both{legacy: []string{"2.7,"}}, ""},
		{both{legacy: []string{"compute 2.7"}}, "compute 2.7"},
		{both{[]string{"volume 3.1"}, []string{"2"}}, "2"},
	} {
		want := `{"badRequest":{"code":400,"message":"API Version String ` + test.text +
			` is of invalid format. Must be of format MajorNum.MinorNum."}}`
		for _, path := range []string{"/v2.1/things/1", "/v2.1/"} {
			r := s.do(t, "GET "+path, test.headers.option()).want(t, http.StatusBadRequest, want)
			for _, name := range []string{"OpenStack-API-Version", "X-OpenStack-Nova-API-Version", "Vary"} {
				if got := r.raw(name); got != nil {
					t.Errorf("%s: there is a %s: %q", test.text, name, got)
				}
			}
		}
	}
}

func TestNegotiation_NotAcceptable(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, version := range []string{"2.0", "1.0", "3.0", "3.1", "2.105", "22.1", "1.47", "2.99999999999999999999999", "99999999999999999999.1"} {
		want := `{"computeFault":{"code":406,"message":"Version ` + version +
			` is not supported by the API. Minimum is 2.1 and maximum is ` + newest + `."}}`
		for _, headers := range []both{{current: []string{"compute " + version}}, {legacy: []string{version}}} {
			for _, path := range []string{"/v2.1/things/1", "/v2.1/"} {
				r := s.do(t, "GET "+path, headers.option()).want(t, http.StatusNotAcceptable, want)
				checkVersionHeaders(t, r, version) // the one that was asked for
			}
		}
	}
}

// Where versions play no part.
func TestNegotiation_Ignored(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for path, status := range map[string]int{
		"/": 200, "/v2": 200, "/v2/": 200, "/nothing": 300, "/v2.1/nothing": 404, "/v2/nothing": 404, "/v2/things/1": 200,
	} {
		for _, version := range []string{"abc", "9.9", "2.50"} {
			r := s.do(t, "GET "+path, at(version), header("X-OpenStack-Nova-API-Version", version)).want(t, status)
			for _, name := range []string{"OpenStack-API-Version", "X-OpenStack-Nova-API-Version", "Vary"} {
				if got := r.raw(name); got != nil {
					t.Errorf("%s: there is a %s: %q", path, name, got)
				}
			}
		}
	}
}
