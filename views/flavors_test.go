package views

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
)

var tiny = nova.Flavor{
	Serial: 7, ID: "1", Name: "m1.tiny", RAM: 512, VCPUs: 1, Disk: 1, RxTx: 1, Public: true,
	ExtraSpecs: map[string]string{"hw:cpu_policy": "mixed"},
}

func TestFlavors_EveryVersion(t *testing.T) {
	t.Parallel()
	var v Flavors
	for _, c := range []struct {
		name   string
		breaks []int
		render func(Request) Dict
		denied []policy.Rule
	}{
		{"flavor", []int{55, 61, 75, 102}, func(r Request) Dict { return v.Show(r, tiny) }, nil},
		{
			"flavor_without_extra_specs",
			[]int{55, 75, 102},
			func(r Request) Dict { return v.Show(r, tiny) },
			[]policy.Rule{policy.FlavorExtraSpecsIndex},
		},
		{"flavors", []int{55}, func(r Request) Dict { return v.Index(r, []nova.Flavor{tiny}) }, nil},
		{"flavors_detail", []int{55, 61, 75, 102}, func(r Request) Dict { return v.Detail(r, []nova.Flavor{tiny}) }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			everyVersion(t, c.name, c.breaks, c.render, c.denied...)
		})
	}
}

func TestFlavors_Swap(t *testing.T) {
	t.Parallel()
	swapped := tiny
	swapped.Swap = 512
	for _, c := range []struct {
		flavor nova.Flavor
		minor  int
		want   any
	}{{tiny, 74, ""}, {tiny, 75, 0}, {swapped, 1, 512}, {swapped, 75, 512}} {
		if got := swap(request{minor: c.minor}, c.flavor); got != c.want {
			t.Errorf("swap of %d at 2.%d: %v, want %v", c.flavor.Swap, c.minor, got, c.want)
		}
	}
}

// TestFlavors_Parts renders what is the same in all versions.
func TestFlavors_Parts(t *testing.T) {
	t.Parallel()
	var v Flavors
	for _, c := range []struct {
		name string
		dict Dict
		want string
	}{
		{"extra specs", v.ExtraSpecs(map[string]string{"b": "<in> x", "a": ""}), `{"extra_specs":{"a":"","b":"<in> x"}}`},
		{"no extra specs", v.ExtraSpecs(nil), `{"extra_specs":{}}`},
		{"given", v.GivenExtraSpecs(map[string]any{"b": json.Number("1.50"), "a": "&"}), `{"extra_specs":{"a":"&","b":1.50}}`},
		{"one", v.ExtraSpec("a", "b"), `{"a":"b"}`},
		{"access", v.Access("1", []string{"p"}), `{"flavor_access":[{"flavor_id":"1","tenant_id":"p"}]}`},
		{"no access", v.Access("1", nil), `{"flavor_access":[]}`},
	} {
		if diff := cmp.Diff(c.want, string(c.dict.AppendJSON(nil))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestList_Next(t *testing.T) {
	t.Parallel()
	var v Flavors
	for _, c := range []struct {
		limit   int
		flavors []nova.Flavor
		next    string
	}{
		{2, []nova.Flavor{tiny}, ""},
		{1, []nova.Flavor{tiny}, "http://nova.example/v2.1/flavors/detail?marker=1"},
		{1, nil, ""},
	} {
		var decoded struct {
			Links []struct{ Rel, Href string } `json:"flavors_links"`
		}
		if err := json.Unmarshal(v.Detail(request{limit: c.limit}, c.flavors).AppendJSON(nil), &decoded); err != nil {
			t.Fatal(err)
		}
		got := ""
		if len(decoded.Links) == 1 && decoded.Links[0].Rel == "next" {
			got = decoded.Links[0].Href
		}
		if got != c.next {
			t.Errorf("limit %d, %d flavors: next %q, want %q", c.limit, len(c.flavors), got, c.next)
		}
	}
}
