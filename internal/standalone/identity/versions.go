package identity

import (
	"net/http"

	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// versions lists the versions of the API. Only v3 is in the list: a client must
// know of v2.0 by itself, since others would choose it.
func (s *Service) versions(r *request) (kit.Reply, error) {
	return kit.Reply{
		Status: http.StatusMultipleChoices,
		Header: http.Header{"Location": {s.self(r.Request, "/v3/")}},
		Body:   object{"versions": object{"values": []object{s.v3View(r)}}},
	}, nil
}

// version3 describes v3, which clients ask for to find out where they are.
func (s *Service) version3(r *request) (kit.Reply, error) {
	return kit.Reply{Body: object{"version": s.v3View(r)}}, nil
}

// version2 describes v2.0, of which there are tokens and tenants only.
func (s *Service) version2(r *request) (kit.Reply, error) {
	return kit.Reply{Body: object{"version": s.v2View(r)}}, nil
}

// v3View is the description that Keystone 22 gives of itself. Clients conclude
// from the number which calls there are.
func (s *Service) v3View(r *request) object {
	return s.versionView(r, "v3.14", "stable", "2020-04-07T00:00:00Z", "/v3/", "application/vnd.openstack.identity-v3+json")
}

// v2View describes v2.0 as the last Keystone with it did.
func (s *Service) v2View(r *request) object {
	return s.versionView(r, "v2.0", "deprecated", "2016-08-04T00:00:00Z", "/v2.0/", "application/vnd.openstack.identity-v2.0+json")
}

// versionView is the form that both descriptions have.
func (s *Service) versionView(r *request, id, status, updated, path, mediaType string) object {
	return object{
		"id": id, "status": status, "updated": updated,
		"links":       []object{{"rel": "self", "href": s.self(r.Request, path)}},
		"media-types": []object{{"base": "application/json", "type": mediaType}},
	}
}
