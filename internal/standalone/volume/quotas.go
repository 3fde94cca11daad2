package volume

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/python"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// quotaRoutes are the calls about the limits of projects.
func (s *Service) quotaRoutes() []route {
	return []route{
		{"GET", "/os-quota-sets/{target}", 0, s.showQuota},
		{"GET", "/os-quota-sets/{target}/defaults", 0, s.showDefaultQuota},
		{"PUT", "/os-quota-sets/{target}", 0, s.updateQuota},
		{"DELETE", "/os-quota-sets/{target}", 0, s.deleteQuota},
		{"GET", "/os-quota-class-sets/{class}", 0, s.showClass},
		{"PUT", "/os-quota-class-sets/{class}", 0, s.updateClass},
	}
}

// quotaNames are the resources that have limits: those of all volumes, and three
// for each type.
func (s *Service) quotaNames(ctx context.Context) ([]string, error) {
	names := slices.Sorted(maps.Keys(cinderLimits))
	types, err := s.Store.Types.List(ctx, volumedb.Filter{Page: nova.Page{Limit: -1}})
	for _, t := range types {
		names = append(names, "volumes_"+t.Name, "gigabytes_"+t.Name, "snapshots_"+t.Name)
	}
	return names, err
}

// quotaSet shows limits; those by type are none unless they are given.
func (s *Service) quotaSet(ctx context.Context, limits map[string]int64) (object, error) {
	names, err := s.quotaNames(ctx)
	set := object{}
	for _, name := range names {
		set[name] = int64(-1)
		if limit, ok := limits[name]; ok {
			set[name] = limit
		}
	}
	return set, err
}

// showQuota shows the limits of a project and, if asked, what is used of them.
//
// GET /os-quota-sets/{project} answers 200: numbers, or with usage=true objects
// of limit, in_use and reserved. Nothing is ever reserved: what is being made is
// in use already.
func (s *Service) showQuota(r *http.Request) (kit.Reply, error) {
	project := chi.URLParam(r, "target")
	if err := mayRead(nova.CallerOf(r.Context()), project, "volume_extension:quotas:show"); err != nil {
		return kit.Reply{}, err
	}
	limits, err := s.limitsOf(r.Context(), s.Store, project)
	if err != nil {
		return kit.Reply{}, err
	}
	set, err := s.quotaSet(r.Context(), limits)
	if err != nil {
		return kit.Reply{}, err
	}
	if queryBool(r, "usage") {
		used, err := s.Store.Used(r.Context(), project)
		if err != nil {
			return kit.Reply{}, err
		}
		for name, limit := range set {
			set[name] = object{"limit": limit, "in_use": used[name], "reserved": 0}
		}
	}
	set["id"] = project
	return kit.Reply{Body: object{"quota_set": set}}, nil
}

// showDefaultQuota shows the limits of projects without their own. GET /os-quota-
// sets/{project}/defaults answers 200; the default class comes before the
// configuration.
func (s *Service) showDefaultQuota(r *http.Request) (kit.Reply, error) {
	project := chi.URLParam(r, "target")
	if err := mayRead(nova.CallerOf(r.Context()), project, "volume_extension:quotas:show"); err != nil {
		return kit.Reply{}, err
	}
	limits, err := s.defaultLimits(r.Context(), s.Store)
	if err != nil {
		return kit.Reply{}, err
	}
	set, err := s.quotaSet(r.Context(), limits)
	set["id"] = project
	return kit.Reply{Body: object{"quota_set": set}}, err
}

// updateQuota gives a project limits of its own: all that the body has, or none.
//
// PUT /os-quota-sets/{project} answers 200 with all limits of the project.
// Invalid for names that there aren't, and for a limit below what is used; the
// project is locked, so that it holds in the next moment, too.
func (s *Service) updateQuota(r *http.Request) (kit.Reply, error) {
	ctx, project := r.Context(), chi.URLParam(r, "target")
	if err := mayAdminister(nova.CallerOf(ctx), "volume_extension:quotas:update"); err != nil {
		return kit.Reply{}, err
	}
	body, err := s.body(r, schema{key: "quota_set", open: latest + 1})
	if err != nil {
		return kit.Reply{}, err
	}
	limits, err := s.limitsIn(ctx, body)
	if err != nil {
		return kit.Reply{}, err
	}
	err = s.Store.Tx(ctx, func(tx *volumedb.Store) error {
		if err := tx.LockProject(ctx, project); err != nil {
			return err
		}
		used, err := tx.Used(ctx, project)
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(limits)) {
			if limit := limits[name]; limit >= 0 && limit < used[name] {
				return nova.Errorf(nova.Invalid, "Quota %s limit must be equal or greater than existing resources. Current usage is %d "+
					"and the requested limit is %d.", name, used[name], limit)
			}
		}
		return tx.SetLimits(ctx, project, limits)
	})
	if err != nil {
		return kit.Reply{}, err
	}
	if limits, err = s.limitsOf(ctx, s.Store, project); err != nil {
		return kit.Reply{}, err
	}
	set, err := s.quotaSet(ctx, limits)
	return kit.Reply{Body: object{"quota_set": set}}, err
}

// limitsIn reads the limits in a body.
func (s *Service) limitsIn(ctx context.Context, body object) (map[string]int64, error) {
	names, err := s.quotaNames(ctx)
	if err != nil {
		return nil, err
	}
	limits, bad := map[string]int64{}, []string{}
	for _, name := range slices.Sorted(maps.Keys(body)) {
		if slices.Contains([]string{"tenant_id", "project_id", "id", "force"}, name) { // which clients send along
			continue
		}
		if !slices.Contains(names, name) {
			bad = append(bad, name)
			continue
		}
		limit, ok := numberOf(body[name])
		switch {
		case !ok:
			return nil, nova.Errorf(nova.Invalid, "%s must be an integer. Value: %s", name, python.Str(body[name]))
		case limit < -1:
			return nil, nova.Errorf(nova.Invalid, "%s must be >= -1", name)
		case limit > maxInt:
			return nil, nova.Errorf(nova.Invalid, "%s must be <= %d", name, maxInt)
		}
		limits[name] = limit
	}
	if len(bad) > 0 {
		return nil, invalidInput("Bad key(s) in quota set: %s", strings.Join(bad, ", "))
	}
	return limits, nil
}

// deleteQuota gives a project the default limits again. DELETE /os-quota-
// sets/{project} answers 200 without a body, whether the project had any or not.
func (s *Service) deleteQuota(r *http.Request) (kit.Reply, error) {
	if err := mayAdminister(nova.CallerOf(r.Context()), "volume_extension:quotas:delete"); err != nil {
		return kit.Reply{}, err
	}
	return kit.Reply{Status: http.StatusOK}, s.Store.DeleteLimits(r.Context(), chi.URLParam(r, "target"))
}

// defaultClass is the class of all projects.
const defaultClass = "default"

// classLimits are the limits of a class. A class that nobody has said anything of
// has those of the configuration.
func (s *Service) classLimits(ctx context.Context, class string) (object, error) {
	limits := maps.Clone(cinderLimits)
	maps.Copy(limits, s.Limits)
	own, err := s.Store.ClassLimits(ctx, class)
	if err != nil {
		return nil, err
	}
	maps.Copy(limits, own)
	return s.quotaSet(ctx, limits)
}

// showClass shows the limits of a class. GET /os-quota-class-sets/{class} answers
// 200 for any name, as Cinder does; only the class "default" has an effect.
func (s *Service) showClass(r *http.Request) (kit.Reply, error) {
	if err := mayAdminister(nova.CallerOf(r.Context()), "volume_extension:quota_classes:get"); err != nil {
		return kit.Reply{}, err
	}
	class := chi.URLParam(r, "class")
	set, err := s.classLimits(r.Context(), class)
	if err != nil {
		return kit.Reply{}, err
	}
	set["id"] = class
	return kit.Reply{Body: object{"quota_class_set": set}}, nil
}

// updateClass sets limits of a class: all that the body has, or none. PUT /os-
// quota-class-sets/{class} answers 200 with all limits of the class, without its
// name. Usage isn't looked at: projects may be above it.
func (s *Service) updateClass(r *http.Request) (kit.Reply, error) {
	ctx, class := r.Context(), chi.URLParam(r, "class")
	if err := mayAdminister(nova.CallerOf(ctx), "volume_extension:quota_classes:update"); err != nil {
		return kit.Reply{}, err
	}
	if wrong := text(class); wrong != "" {
		return kit.Reply{}, badField("quota_class_name", class, wrong)
	}
	body, err := s.body(r, schema{key: "quota_class_set", open: latest + 1})
	if err != nil {
		return kit.Reply{}, err
	}
	limits, err := s.limitsIn(ctx, body)
	if err != nil {
		return kit.Reply{}, err
	}
	if err := s.Store.SetClassLimits(ctx, class, limits); err != nil {
		return kit.Reply{}, err
	}
	set, err := s.classLimits(ctx, class)
	return kit.Reply{Body: object{"quota_class_set": set}}, err
}
