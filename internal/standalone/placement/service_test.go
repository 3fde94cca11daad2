package placement_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/internal/hosts"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/placement"
)

var callers = map[string]nova.Caller{
	"admin":   {UserID: "u0", Roles: []string{"admin"}},
	"service": {UserID: "u1", Roles: []string{"service"}},
	"demo":    {UserID: "u2", Roles: []string{"member", "reader"}},
}

// newService has a host "big" in an aggregate, and a host "small" without a disk.
func newService(t *testing.T, store *db.Store) (service http.Handler, big, aggregate string) {
	t.Helper()
	known := hosts.New(hosts.Options{Store: store, Zone: "nova", InternalZone: "internal", DownTime: time.Minute})
	for _, h := range []nova.Host{
		{Name: "big", Node: "big-node", VCPUs: 8, RAM: 1024, Disk: 100, CPURatio: 16, RAMRatio: 1.5, DiskRatio: 1},
		{Name: "small", Node: "small-node", VCPUs: 1, RAM: 64, CPURatio: 1, RAMRatio: 1, DiskRatio: 1},
	} {
		service, _, err := store.Hold(t.Context(), nova.Service{ID: uuid.NewString(), Host: h.Name, Binary: hosts.BinaryCompute, Holder: "me"}, time.Minute, "")
		if err != nil {
			t.Fatal(err)
		}
		h.ID, h.ServiceID = uuid.NewString(), service.ID
		if err := store.RegisterHost(t.Context(), h); err != nil {
			t.Fatal(err)
		}
	}
	made, err := known.CreateAggregate(t.Context(), "rack", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := known.AddHost(t.Context(), made.Serial, "big"); err != nil {
		t.Fatal(err)
	}
	found, err := known.Named(t.Context(), []string{"big"})
	if err != nil {
		t.Fatal(err)
	}
	return placement.New(placement.Options{
		Source: known, Log: zerolog.Nop(),
		Validate: func(_ context.Context, token string) (nova.Caller, error) {
			if caller, ok := callers[token]; ok {
				return caller, nil
			}
			return nova.Caller{}, nova.Errorf(nova.Unauthorized, "nobody")
		},
		AuthURL: func(*http.Request) string { return "http://cloud/identity/v3" },
	}), found["big"].ID, made.ID
}

// TestProviders reads hosts as clients of Placement do, on both databases.
func TestProviders(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		service, big, aggregate := newService(t, store)
		one := "/resource_providers/" + big
		const unknown = "00000000-0000-4000-8000-000000000000"
		cases := []struct {
			as, version, path string
			status            int
			part              string
		}{
			{"", "", "/", 200, `"max_version":"1.39"`},
			{"", "", "/resource_providers", 401, "requires authentication"},
			{"demo", "", "/resource_providers", 403, `"title":"Forbidden"`},
			{"demo", "", one + "/usages", 403, `"request_id":"req-`},
			{"admin", "", "/resource_providers", 200, `"name":"small-node"`},
			{"service", "placement 1.14", "/resource_providers", 200, `"root_provider_uuid":"` + big + `"`},
			{"admin", "", "/resource_providers?name=none", 200, `{"resource_providers":[]}`},
			{"admin", "", "/resource_providers?name=big-node", 200, `"rel":"usages"`},
			{"admin", "placement 1.13", "/resource_providers?in_tree=" + big, 400, "in_tree"},
			{"admin", "placement 1.14", "/resource_providers?in_tree=" + unknown, 200, `{"resource_providers":[]}`},
			{"admin", "placement 1.40", "/resource_providers", 406, "Unacceptable version header: 1.40"},
			{"admin", "placement x", "/resource_providers", 400, "invalid version string: placement x"},
			{"admin", "compute 2.1, placement latest", one, 200, `"parent_provider_uuid":null`},
			{"admin", "", "/resource_providers/" + unknown, 404, "No resource provider with uuid " + unknown + " found"},
			{"admin", "", one + "/inventories", 200, `"VCPU":{"allocation_ratio":16,"max_unit":8,"min_unit":1,"reserved":0,"step_size":1,"total":8}`},
			{"admin", "", one + "/inventories/MEMORY_MB", 200, `"allocation_ratio":1.5`},
			{"admin", "", one + "/inventories/PCPU", 404, "No inventory of class PCPU for " + big},
			{"admin", "", one + "/usages", 200, `"usages":{"DISK_GB":0,"MEMORY_MB":0,"VCPU":0}`},
			{"admin", "", one + "/aggregates", 404, ""},
			{"admin", "placement 1.1", one + "/aggregates", 200, `{"aggregates":["` + aggregate + `"]}`},
			{"admin", "placement 1.19", one + "/aggregates", 200, `"resource_provider_generation":`},
			{"admin", "placement 1.5", one + "/traits", 404, ""},
			{"admin", "placement 1.6", one + "/traits", 200, `"traits":[]`},
			{"admin", "", "/none", 404, ""},
		}
		for _, c := range cases {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, c.path, http.NoBody)
			r.Header.Set("X-Auth-Token", c.as)
			if c.version != "" {
				r.Header.Set("OpenStack-API-Version", c.version)
			}
			w := httptest.NewRecorder()
			service.ServeHTTP(w, r)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.part) {
				t.Errorf("%s %s %s: got %d %s\nwant %d %s", c.as, c.version, c.path, w.Code, w.Body, c.status, c.part)
			}
		}
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPut, one, strings.NewReader("{}"))
		r.Header.Set("X-Auth-Token", "admin")
		service.ServeHTTP(w, r)
		if w.Code != http.StatusMethodNotAllowed {
			t.Errorf("PUT: got %d", w.Code)
		}
	})
}
