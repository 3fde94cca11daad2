package identity

import (
	"strings"

	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// maxCatalog bounds the endpoints in the catalog of a token.
const maxCatalog = 1000

// baseWord stands at the start of an endpoint's URL for the address at which
// clients reach this process. It is replaced when the endpoint is shown, so that
// the database doesn't depend on the port of the day.
const baseWord = "{base}"

// expand fills in the URL of an endpoint for a session. It reports false if the
// URL needs a project and the session is not for one.
func expand(template, base string, session identitydb.Session) (url string, ok bool) {
	needsProject := strings.Contains(template, "(project_id)s") || strings.Contains(template, "(tenant_id)s")
	if needsProject && session.Kind != identitydb.KindProject {
		return "", false
	}
	return fillWords(template, base, session), true
}

// fillWords replaces the words of a URL. A project is the session's, if it is for
// one.
func fillWords(template, base string, session identitydb.Session) string {
	project := ""
	if session.Kind == identitydb.KindProject {
		project = session.Target
	}
	return strings.NewReplacer(
		baseWord, base,
		"$(project_id)s", project, "%(project_id)s", project,
		"$(tenant_id)s", project, "%(tenant_id)s", project,
		"$(user_id)s", session.UserID, "%(user_id)s", session.UserID,
	).Replace(template)
}

// catalog lists the services with their endpoints, as a token shows them.
func (s *Service) catalog(r *request, session identitydb.Session) ([]object, error) {
	entries, err := s.store.Catalog(r.Context(), maxCatalog)
	if err != nil {
		return nil, err
	}
	// The entries of one service are next to each other.
	services, last := []object{}, ""
	for _, e := range entries {
		if e.ServiceID != last {
			services = append(services, object{"id": e.ServiceID, "type": e.ServiceType, "name": e.ServiceName, "endpoints": []object{}})
			last = e.ServiceID
		}
		if e.EndpointID == nil {
			continue
		}
		url, ok := expand(*e.URL, s.base(r.Request), session)
		if !ok {
			continue
		}
		service := services[len(services)-1]
		endpoints, _ := service["endpoints"].([]object)
		service["endpoints"] = append(endpoints, object{
			"id": *e.EndpointID, "interface": *e.Interface, "region_id": e.RegionID, "region": e.RegionID, "url": url,
		})
	}
	return services, nil
}

// showCatalog shows the catalog of a token for a project; others have none, as in
// Keystone.
func (s *Service) showCatalog(r *request) (kit.Reply, error) {
	if r.caller.Kind != identitydb.KindProject {
		return kit.Reply{}, nova.Errorf(nova.Forbidden, "You are not authorized to perform the requested action.")
	}
	catalog, err := s.catalog(r, r.caller)
	return kit.Reply{Body: object{"catalog": catalog, "links": object{"self": s.self(r.Request, "/v3/auth/catalog")}}}, err
}
