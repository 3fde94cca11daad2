package network

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// defaultQuotas say how many of each kind a project may have; below 0 is no
// limit. They are Neutron's but for networks, subnets and ports, of which Neutron
// allows 100, 100 and 500: the compute service limits servers already, and whoever
// raises that limit should not have to find a second one here.
var defaultQuotas = map[string]int64{
	"network": -1, "subnet": -1, "subnetpool": -1, "port": -1, "router": 10, "floatingip": 50,
	"rbac_policy": 10, "security_group": 10, "security_group_rule": 100,
}

// quotaOf is the default quota of a kind.
func quotaOf(resource string) int64 { return defaultQuotas[resource] }

// maxQuota is the largest limit that Neutron's database can hold, and so
// clients expect.
const maxQuota = 1<<31 - 1

// quotaProject is the project that a request is about. Administrators ask about
// any, others only about their own, and only where ownToo says so.
func quotaProject(r *http.Request, rule string, ownToo bool) (string, error) {
	caller, project := nova.CallerOf(r.Context()), strings.TrimSuffix(chi.URLParam(r, "project"), ".json")
	if isAdmin(caller) || ownToo && project == caller.ProjectID {
		return project, nil
	}
	return "", disallowed(rule)
}

// listQuotas shows the projects that have limits of their own.
func (s *Service) listQuotas(r *http.Request) (kit.Reply, error) {
	if !isAdmin(nova.CallerOf(r.Context())) {
		return kit.Reply{}, disallowed("get_quota")
	}
	projects, err := s.Store.ProjectsWithLimits(r.Context())
	if err != nil {
		return kit.Reply{}, err
	}
	quotas := []object{}
	for _, project := range projects {
		limits, err := s.limits(r.Context(), project)
		if err != nil {
			return kit.Reply{}, err
		}
		quota := object{"project_id": project, "tenant_id": project}
		for resource, limit := range limits {
			quota[resource] = limit
		}
		quotas = append(quotas, quota)
	}
	return kit.Reply{Body: object{"quotas": quotas}}, nil
}

// limits are all limits of a project, by resource.
func (s *Service) limits(ctx context.Context, project string) (map[string]int64, error) {
	own, err := s.Store.Limits(ctx, project)
	limits := maps.Clone(defaultQuotas)
	maps.Copy(limits, own)
	return limits, err
}

// showQuota shows the limits of a project. The project "tenant" is how old
// clients ask who they are.
func (s *Service) showQuota(r *http.Request) (kit.Reply, error) {
	if chi.URLParam(r, "project") == "tenant" { // how clients of old asked who they are
		return kit.Reply{Body: object{"tenant": object{"tenant_id": nova.CallerOf(r.Context()).ProjectID}}}, nil
	}
	project, err := quotaProject(r, "get_quota", true)
	if err != nil {
		return kit.Reply{}, err
	}
	return s.quotaReply(r.Context(), project)
}

// quotaReply shows the limits of a project.
func (s *Service) quotaReply(ctx context.Context, project string) (kit.Reply, error) {
	limits, err := s.limits(ctx, project)
	if err != nil {
		return kit.Reply{}, err
	}
	return kit.Reply{Body: object{"quota": limits}}, nil
}

// showDefaultQuota shows the limits of a project without limits of its own.
func (s *Service) showDefaultQuota(r *http.Request) (kit.Reply, error) {
	if _, err := quotaProject(r, "get_quota", true); err != nil {
		return kit.Reply{}, err
	}
	return kit.Reply{Body: object{"quota": defaultQuotas}}, nil
}

// showQuotaDetails shows the limits of a project and how much it uses of them.
func (s *Service) showQuotaDetails(r *http.Request) (kit.Reply, error) {
	project, err := quotaProject(r, "get_quota", true)
	if err != nil {
		return kit.Reply{}, err
	}
	limits, err := s.limits(r.Context(), project)
	if err != nil {
		return kit.Reply{}, err
	}
	quota := object{}
	tables := s.Store
	counts := map[string]func(context.Context, string) (int64, error){
		"network": tables.Networks.Count, "subnet": tables.Subnets.Count, "port": tables.Ports.Count,
		"router": tables.Routers.Count, "floatingip": tables.FloatingIPs.Count,
		"security_group": tables.Groups.Count, "security_group_rule": tables.Rules.Count,
	}
	for resource, limit := range limits {
		var used int64
		if count, ok := counts[resource]; ok {
			if used, err = count(r.Context(), project); err != nil {
				return kit.Reply{}, err
			}
		}
		quota[resource] = object{"limit": limit, "used": used, "reserved": 0}
	}
	return kit.Reply{Body: object{"quota": quota}}, nil
}

// quotaWords may stand in a body beside the limits, and mean nothing here.
var quotaWords = []string{"tenant_id", "project_id", "force", "check_limit"}

// updateQuota gives a project limits of its own. Limits that the body does not
// name stay.
func (s *Service) updateQuota(r *http.Request) (kit.Reply, error) {
	project, err := quotaProject(r, "update_quota", false)
	if err != nil {
		return kit.Reply{}, err
	}
	var body object
	if err := s.kit.Decode(r, &body); err != nil {
		return kit.Reply{}, err
	}
	wanted, ok := body["quota"].(object)
	if !ok {
		return kit.Reply{}, badRequest("Unable to find 'quota' in request body")
	}
	limits := map[string]int64{}
	for _, resource := range slices.Sorted(maps.Keys(wanted)) {
		// The project is in the path; the rest is for other drivers of
		// Neutron's.
		if slices.Contains(quotaWords, resource) {
			continue
		}
		limit, err := quotaLimit(resource, wanted[resource])
		if err != nil {
			return kit.Reply{}, err
		}
		limits[resource] = limit
	}
	if err := s.Store.SetLimits(r.Context(), project, limits); err != nil {
		return kit.Reply{}, err
	}
	return s.quotaReply(r.Context(), project)
}

// quotaLimit reads the limit of one resource.
func quotaLimit(resource string, value any) (int64, error) {
	if _, ok := defaultQuotas[resource]; !ok {
		return 0, badRequest("Unrecognized attribute(s) '%s'", resource)
	}
	limit, err := integer(resource, value)
	switch {
	case err != nil:
		return 0, err
	case limit < -1:
		return 0, invalid(resource, "'%d' is too small - must be at least '-1'.", limit)
	case limit > maxQuota:
		return 0, invalid(resource, "'%d' is too large - must be no larger than '%d'.", limit, maxQuota)
	}
	return limit, nil
}

// deleteQuota gives a project the default limits again.
func (s *Service) deleteQuota(r *http.Request) (kit.Reply, error) {
	project, err := quotaProject(r, "delete_quota", false)
	if err != nil {
		return kit.Reply{}, err
	}
	err = s.Store.DeleteLimits(r.Context(), project)
	if nova.Is(err, nova.NotFound) {
		return kit.Reply{}, kit.Typed("TenantQuotaNotFound", nova.NotFound, "Quota for tenant %s could not be found.", project)
	}
	return kit.Reply{}, err
}
