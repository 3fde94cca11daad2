package volume

import (
	"context"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// A version is a microversion of the API: the N of 3.N.
type version int

// latest is the newest version that is served.
const latest version = 71

// String gives the version as clients write it.
func (v version) String() string { return "3." + strconv.Itoa(int(v)) }

const (
	versionHeader  = "OpenStack-API-Version"
	versionService = "volume"
)

// versionPattern is the form of a version, as Cinder has it.
var versionPattern = regexp.MustCompile(`^([1-9]\d*)\.([1-9]\d*|0)$`)

type versionKey struct{}

// versionOf is the version that a request asks for.
func versionOf(r *http.Request) version {
	v, _ := r.Context().Value(versionKey{}).(version)
	return v
}

// negotiate reads the version that a request asks for, and says in the response
// which one was served.
func (s *Service) negotiate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, err := askedVersion(r.Header.Get(versionHeader))
		if err != nil {
			s.kit.Handle(func(*http.Request) (kit.Reply, error) { return kit.Reply{}, err })(w, r)
			return
		}
		w.Header().Set(versionHeader, versionService+" "+v.String())
		w.Header().Set("Vary", versionHeader)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), versionKey{}, v)))
	})
}

// askedVersion reads a header such as "compute 2.1, volume 3.27". Without one,
// the oldest version is served.
func askedVersion(header string) (version, error) {
	if header == "" {
		return 0, nil
	}
	for part := range strings.SplitSeq(header, ",") {
		words := strings.Fields(part)
		if len(words) != 2 || words[0] != versionService {
			continue
		}
		if words[1] == "latest" {
			return latest, nil
		}
		found := versionPattern.FindStringSubmatch(words[1])
		if found == nil {
			return 0, nova.Errorf(nova.Invalid, "API Version String %s is of invalid format. Must be of format MajorNum.MinorNum.", words[1])
		}
		minor, err := strconv.Atoi(found[2])
		if err != nil || found[1] != "3" || version(minor) > latest {
			return 0, nova.Errorf(nova.NotAcceptable, "Version %s is not supported by the API. Minimum is %s and maximum is %s.",
				words[1], version(0), latest)
		}
		return version(minor), nil
	}
	return 0, nova.Errorf(nova.NotFound, "API version None is not supported on this method.")
}

// choices answers GET /, which needs no token, with the versions that there are.
func (s *Service) choices(r *http.Request) (kit.Reply, error) {
	reply, err := s.versions(r)
	reply.Status = http.StatusMultipleChoices
	return reply, err
}

// versions shows the one version of the API.
func (s *Service) versions(r *http.Request) (kit.Reply, error) {
	return kit.Reply{Body: object{"versions": []object{{
		"id": "v3.0", "status": "CURRENT", "version": latest.String(), "min_version": version(0).String(), "updated": "2023-08-31T00:00:00Z",
		"links": []object{
			{"rel": "describedby", "type": "text/html", "href": "https://docs.openstack.org/"},
			{"rel": "self", "href": s.base(r) + "/v3/"},
		},
		"media-types": []object{{"base": "application/json", "type": "application/vnd.openstack.volume+json;version=3"}},
	}}}}, nil
}
