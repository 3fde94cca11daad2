package views

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/internal/nova"
)

func TestAvailabilityZones_EveryVersion(t *testing.T) {
	t.Parallel()
	var v AvailabilityZones
	seen := time.Date(2026, 11, 22, 18, 37, 51, 0, time.UTC)
	service := func(host, binary string, up bool) nova.ZoneService {
		return nova.ZoneService{Host: host, Binary: binary, Available: up, SeenAt: seen}
	}
	zones := []nova.Zone{
		{Name: "internal", Internal: true, Available: true, Services: []nova.ZoneService{
			service("vm", "nova-scheduler", true), service("vm", "nova-conductor", true),
		}},
		{Name: "nova", Available: true, Services: []nova.ZoneService{
			service("fake-1", "nova-compute", true), service("fake-2", "nova-compute", false),
		}},
		{Name: "closed"},
	}
	everyVersion(t, "availability_zones", nil, func(r Request) Dict { return v.Index(r, zones) })
	everyVersion(t, "availability_zones_detail", nil, func(r Request) Dict { return v.Detail(r, zones) })
}

func TestExtensions(t *testing.T) {
	t.Parallel()
	var v Extensions
	one := `{"alias":"NMN","description":"Multinic","links":[],"name":"Multinic",` +
		`"namespace":"http://docs.openstack.org/compute/ext/fake_xml","updated":"2014-12-03T00:00:00Z"}`
	e := nova.Extension{Alias: "NMN", Name: "Multinic"}
	for want, dict := range map[string]Dict{
		`{"extension":` + one + `}`:    v.Show(request{}, e),
		`{"extensions":[` + one + `]}`: v.Index(request{}, []nova.Extension{e}),
		`{"extensions":[]}`:            v.Index(request{}, nil),
	} {
		if diff := cmp.Diff(want, string(dict.AppendJSON(nil))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}
