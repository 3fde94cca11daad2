package identity

import (
	"net/http"

	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// versions tells of v3 only: v2.0 is for those who know what they look for.
func (s *Service) versions(r *request) (kit.Reply, error) {
	return kit.Reply{
		Status: http.StatusMultipleChoices,
		Header: http.Header{"Location": {s.self(r.Request, "/v3/")}},
		Body:   object{"versions": object{"values": []object{s.v3View(r)}}},
	}, nil
}

func (s *Service) version3(r *request) (kit.Reply, error) {
	return kit.Reply{Body: object{"version": s.v3View(r)}}, nil
}

func (s *Service) version2(r *request) (kit.Reply, error) {
	return kit.Reply{Body: object{"version": s.v2View(r)}}, nil
}

// v3View is the version document of Keystone 22 and later, from which clients
// tell what to expect.
func (s *Service) v3View(r *request) object {
	return s.versionView(r, "v3.14", "stable", "2020-04-07T00:00:00Z", "/v3/", "application/vnd.openstack.identity-v3+json")
}

func (s *Service) v2View(r *request) object {
	return s.versionView(r, "v2.0", "deprecated", "2016-08-04T00:00:00Z", "/v2.0/", "application/vnd.openstack.identity-v2.0+json")
}

func (s *Service) versionView(r *request, id, status, updated, path, mediaType string) object {
	return object{
		"id": id, "status": status, "updated": updated,
		"links":       []object{{"rel": "self", "href": s.self(r.Request, path)}},
		"media-types": []object{{"base": "application/json", "type": mediaType}},
	}
}
