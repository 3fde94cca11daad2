package api_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/nova-api/nova-api/api"
	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

// use makes a project and a user of it have something.
func (s *site) use(project, user string, usage nova.Usage) {
	s.t.Helper()
	err := s.store.Tx(s.t.Context(), func(tx *db.Store) error { return tx.Consume(s.t.Context(), project, user, usage, nil, nil) })
	if err != nil {
		s.t.Fatal(err)
	}
}

const (
	quotaNow  = `"cores": 20, "instances": 10, "key_pairs": 100, "metadata_items": 128, "ram": 51200, "server_group_members": 10, "server_groups": 10`
	quotaOnce = quotaNow + `, "injected_file_content_bytes": 10240, "injected_file_path_bytes": 255, "injected_files": 5,
		"fixed_ips": -1, "floating_ips": -1, "security_groups": -1, "security_group_rules": -1`
)

func TestQuotaSets_Show(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		own, other, unknown := "/v2.1/os-quota-sets/"+demoProject, "/v2.1/os-quota-sets/"+altProject, "/v2.1/os-quota-sets/"+unknownProject
		s.Do("GET "+own, as("reader")).Want(t, 200, whole(`{"quota_set": {"id": "`+demoProject+`", `+quotaOnce+`}}`))
		s.Do("GET "+own, as("reader"), at(57)).Want(t, 200, whole(`{"quota_set": {"id": "`+demoProject+`", `+quotaNow+`}}`))
		s.Do("GET "+own+"?user_id=demo-user", as("reader"), at(57)).Want(t, 200, whole(`{"quota_set": {"id": "`+demoProject+`", `+quotaNow+`}}`))
		s.Do("GET "+own+"?bogus=1", as("reader"), at(74)).Want(t, 200)
		s.Do("GET "+own+"?bogus=1", as("reader"), at(75)).Want(t, 400)

		denied := func(rule string) check {
			return fault("forbidden", "Policy doesn't allow os_compute_api:os-quota-sets:"+rule+" to be performed.")
		}
		invalid := fault("badRequest", "Project ID "+unknownProject+" is not a valid project.")
		s.Do("GET "+other, as("demo")).Want(t, 403, denied("show"))
		s.Do("GET "+unknown, as("demo")).Want(t, 403, denied("show"))
		s.Do("GET "+unknown+"/detail", as("demo")).Want(t, 403, denied("detail"))
		s.Do("GET "+unknown+"/defaults", as("demo")).Want(t, 200, has("quota_set/id", unknownProject))
		s.Do("GET "+other+"/defaults?bogus=1", as("demo"), at(104)).Want(t, 200, whole(`{"quota_set": {"id": "`+altProject+`", `+quotaNow+`}}`))
		s.Do("GET "+other).Want(t, 200)
		for _, path := range []string{"", "/detail", "/defaults"} {
			s.Do("GET "+unknown+path).Want(t, 400, invalid)
		}
		s.Do(`PUT `+unknown+` {"quota_set": {}}`).Want(t, 400, invalid)
		s.Do(`PUT `+own+` {"quota_set": {}}`, as("demo")).Want(t, 403, denied("update"))
		s.Do("DELETE "+own, as("demo")).Want(t, 403, denied("delete"))
		s.Do("DELETE "+unknown).Want(t, 202, empty)
	})
}

func TestQuotaSets_Detail(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.use(demoProject, "demo-user", nova.Usage{Instances: 2, Cores: 4, RAM: 2048})
		s.use(demoProject, "reader-user", nova.Usage{Instances: 1, Cores: 1, RAM: 512})
		path := "GET /v2.1/os-quota-sets/" + demoProject + "/detail"
		item := func(limit, used int) any { return map[string]any{"limit": limit, "in_use": used, "reserved": 0} }
		s.Do(path, as("reader")).Want(t, 200,
			has("quota_set/id", demoProject), has("quota_set/cores", item(20, 5)), has("quota_set/instances", item(10, 3)),
			has("quota_set/ram", item(51200, 2560)), has("quota_set/key_pairs", item(100, 0)), has("quota_set/floating_ips", item(-1, 0)))
		s.Do(path+"?user_id=demo-user", as("reader"), at(36)).Want(t, 200,
			has("quota_set/cores", item(20, 4)), has("quota_set/instances", item(10, 2)), lacks("quota_set/floating_ips"))
	})
}

func TestQuotaSets_Update(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.use(altProject, "alt-user", nova.Usage{Instances: 1, Cores: 1, RAM: 512})
		set := "/v2.1/os-quota-sets/" + altProject
		for _, c := range []struct {
			query, limits string
			minor, status int
			want          check
		}{
			{"", `{"cores": 21, "fixed_ips": 3}`, 1, 200, has("quota_set/fixed_ips", 3)},
			{"", `{"cores": "22"}`, 1, 200, has("quota_set/cores", 22)},
			{"", `{}`, 36, 200, lacks("quota_set/fixed_ips", "quota_set/id")},
			{"", `{"tenant_id": "x"}`, 1, 400, nil},
			{"", `{"fixed_ips": 3}`, 36, 400, nil},
			{"", `{"injected_files": 3}`, 57, 400, nil},
			{"", `{"cores": -2}`, 1, 400, nil},
			{"?user_id=u1", `{"cores": 30}`, 93, 400, fault("badRequest", "Quota limit 30 for cores must be less than or equal to 22.")},
			{"?user_id=u1", `{"cores": 20, "instances": 3, "key_pairs": 4}`, 93, 200, has("quota_set/cores", 20)},
			{"?user_id=u2", `{"cores": 3}`, 93, 400, fault("badRequest", "Quota limit 3 for cores must be less than or equal to 2.")},
			{"", `{"cores": 10}`, 93, 400, fault("badRequest", "Quota limit 10 for cores must be greater than or equal to already used and reserved 20.")},
			{"", `{"instances": 0}`, 93, 400, fault("badRequest", "Quota limit 0 for instances must be greater than or equal to already used and reserved 3.")},
			{"?user_id=alt-user", `{"ram": 511}`, 93, 400, fault("badRequest", "Quota limit 511 for ram must be greater than or equal to already used and reserved 512.")},
			{"", `{"ram": 511, "force": "True"}`, 93, 200, has("quota_set/ram", 511)},
			{"", `{"cores": -1}`, 93, 200, has("quota_set/cores", -1)},
			{"?user_id=u1", `{"cores": -1}`, 93, 200, has("quota_set/cores", -1)},
			{"?user_id=u1", `{"instances": -1}`, 93, 400, fault("badRequest", "Quota limit -1 for instances must be less than or equal to 10.")},
			{"?user_id=u1", `{"instances": -1, "force": true}`, 93, 200, has("quota_set/instances", -1)},
		} {
			r := s.Do("PUT "+set+c.query+` {"quota_set": `+c.limits+`}`, at(c.minor)).Want(t, c.status)
			if c.want != nil {
				r.Want(t, c.status, c.want)
			}
		}
		s.Do("GET "+set+"?user_id=&user_id=u1&user_id=u2", at(93)).Want(t, 200, has("quota_set/key_pairs", 4)) // the first that isn't empty
		s.Do("GET "+set, at(93)).Want(t, 200, has("quota_set/key_pairs", 100))
		s.Do("DELETE "+set+"?user_id=u1").Want(t, 202, empty)
		s.Do("GET "+set+"?user_id=u1", at(93)).Want(t, 200, has("quota_set/key_pairs", 100), has("quota_set/ram", 511))
		s.Do("DELETE "+set).Want(t, 202, empty)
		s.Do("GET "+set, at(93)).Want(t, 200, has("quota_set/ram", 51200))
	})
}

// TestQuotaSets_NoIdentity asks after projects while nobody can tell.
func TestQuotaSets_NoIdentity(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.Open(t, dbtest.SQLite(t)), func(o *api.Options, _ *compute.Options) {
		o.ProjectExists = func(context.Context, string) (bool, error) {
			return false, nova.Because(errors.New("refused"), nova.Unavailable, "")
		}
	})
	s.Do("GET /v2.1/os-quota-sets/"+demoProject).Want(t, 503)
}

func TestQuotaClassSets(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		const class, other = "/v2.1/os-quota-class-sets/default", "/v2.1/os-quota-class-sets/foo"
		s.Do("GET "+class, at(57)).Want(t, 200, whole(`{"quota_class_set": {"id": "default", `+quotaNow+`}}`))
		s.Do("GET "+class, at(49)).Want(t, 200, has("quota_class_set/fixed_ips", -1), lacks("quota_class_set/server_groups"))
		s.Do(`PUT `+class+` {"quota_class_set": {"cores": "33", "fixed_ips": 4}}`, at(49)).Want(t, 200,
			has("quota_class_set/cores", 33), has("quota_class_set/fixed_ips", 4), lacks("quota_class_set/id"))
		s.Do(`PUT `+class+` {"quota_class_set": {"fixed_ips": 4}}`, at(50)).Want(t, 400)
		s.Do("GET /v2.1/os-quota-sets/"+demoProject, as("demo")).Want(t, 200, has("quota_set/cores", 33))
		s.Do("GET /v2.1/limits", as("demo")).Want(t, 200, has("limits/absolute/maxTotalCores", 33))
		s.Do("GET /v2.1/os-quota-sets/"+demoProject+"/defaults", as("demo")).Want(t, 200, has("quota_set/cores", 33))

		s.Do(`PUT `+other+` {"quota_class_set": {"cores": 44}}`, at(50)).Want(t, 200, has("quota_class_set/cores", 44))
		s.Do("GET "+other, at(50)).Want(t, 200, has("quota_class_set/cores", 44), has("quota_class_set/id", "foo"))
		s.Do("GET "+class, at(50)).Want(t, 200, has("quota_class_set/cores", 33))
		s.Do(`PUT /v2.1/os-quota-class-sets/`+strings.Repeat("a", 256)+` {"quota_class_set": {}}`).Want(t, 400,
			fault("badRequest", "quota_class_name has 256 characters, more than 255."))
		s.Do("GET "+class, as("demo")).Want(t, 403)
		s.Do(`PUT `+class+` {"quota_class_set": {}}`, as("demo")).Want(t, 403)
		s.Do("GET "+class+"?x=1", at(102)).Want(t, 400)
	})
}

func TestLimits(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.use(demoProject, "demo-user", nova.Usage{Instances: 2, Cores: 4, RAM: 2048})
		const now = `"maxTotalInstances": 10, "maxTotalCores": 20, "maxTotalRAMSize": 51200, "maxServerMeta": 128, "maxTotalKeypairs": 100,
			"maxServerGroups": 10, "maxServerGroupMembers": 10, "totalRAMUsed": 2048, "totalCoresUsed": 4, "totalInstancesUsed": 2, "totalServerGroupsUsed": 0`
		s.Do("GET /v2.1/limits", as("reader"), at(57)).Want(t, 200, whole(`{"limits": {"rate": [], "absolute": {`+now+`}}}`))
		s.Do("GET /v2.1/limits", as("reader")).Want(t, 200, whole(`{"limits": {"rate": [], "absolute": {`+now+`,
			"maxImageMeta": 128, "maxPersonality": 5, "maxPersonalitySize": 10240, "maxTotalFloatingIps": -1, "maxSecurityGroups": -1,
			"maxSecurityGroupRules": -1, "totalFloatingIpsUsed": 0, "totalSecurityGroupsUsed": 0}}}`))
		denied := fault("forbidden", "Policy doesn't allow os_compute_api:limits:other_project to be performed.")
		s.Do("GET /v2.1/limits?tenant_id="+demoProject, as("demo")).Want(t, 403, denied)
		s.Do("GET /v2.1/limits?tenant_id="+demoProject).Want(t, 200, has("limits/absolute/totalCoresUsed", 4))
		s.Do("GET /v2.1/limits?tenant_id="+unknownProject).Want(t, 200, has("limits/absolute/totalCoresUsed", 0))
		s.Do("GET /v2.1/limits?reserved=1", at(74)).Want(t, 200)
		s.Do("GET /v2.1/limits?reserved=1", at(75)).Want(t, 400)
	})
}

func TestSamples_Quotas(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		set, class := "/v2.1/os-quota-sets/"+demoProject, "/v2.1/os-quota-class-sets/test_class"
		samples := []sample{}
		for minor, folder := range map[int]string{1: "", 36: "v2.36", 57: "v2.57"} {
			name := func(kind, file string) string {
				return strings.ReplaceAll(fmt.Sprintf("%s/%s/%s", kind, folder, file), "//", "/")
			}
			samples = append(
				samples,
				sample{name("os-quota-sets", "user-quotas-show-get-resp.json"), "GET " + set + "?user_id=u", minor, 200, nil},
				sample{name("os-quota-sets", "quotas-show-get-resp.json"), "GET " + set, minor, 200, nil},
				sample{name("os-quota-sets", "quotas-show-detail-get-resp.json"), "GET " + set + "/detail", minor, 200, nil},
				sample{name("os-quota-sets", "quotas-show-defaults-get-resp.json"), "GET " + set + "/defaults", minor, 200, nil},
				sample{name("os-quota-sets", "quotas-update-post-resp.json"), "PUT " + set + ` {"quota_set": {"cores": 45}}`, minor, 200, nil},
				sample{name("limits", "limit-get-resp.json"), "GET /v2.1/limits", minor, 200, nil},
			)
		}
		for minor, folder := range map[int]string{1: "", 50: "v2.50", 57: "v2.57"} {
			name := func(file string) string {
				return strings.ReplaceAll(fmt.Sprintf("os-quota-class-sets/%s/%s", folder, file), "//", "/")
			}
			samples = append(
				samples,
				sample{name("quota-classes-show-get-resp.json"), "GET " + class, minor, 200, nil},
				sample{name("quota-classes-update-post-resp.json"), "PUT " + class + ` {"quota_class_set": {"cores": 45}}`, minor, 200, nil},
			)
		}
		s.conform(t, append(samples, sample{"limits/v2.39/limit-get-resp.json", "GET /v2.1/limits", 39, 200, nil}))
	})
}
