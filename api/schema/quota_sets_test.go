package schema

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/internal/microversion"
)

func TestQuotaSetUpdate(t *testing.T) {
	t.Parallel()
	checkBody(t, QuotaSetUpdate, []bodyCase{
		{1, `{"quota_set": {"cores": "-1", "force": "True"}}`, ""},
		{1, `{"quota_set": {}}`, ""},
		{1, `{"quota_set": {"cores": -2}}`, "Invalid input for field/attribute cores. Value: -2. -2 is less than the minimum of -1"},
		{
			1, `{"quota_set": {"cores": "2147483648"}}`,
			"Invalid input for field/attribute cores. Value: 2147483648. 2147483648 is greater than the maximum of 2147483647",
		},
		{1, `{"quota_set": {"cores": "1.0"}}`, "Invalid input for field/attribute cores. Value: 1.0. '1.0' does not match '^-?[0-9]+$'"},
		{
			1, `{"quota_set": {"cores": true}}`,
			"Invalid input for field/attribute cores. Value: True. True is not of type 'integer', 'string'",
		},
		{
			1, `{"quota_set": {"cores": null}}`,
			"Invalid input for field/attribute cores. Value: None. None is not of type 'integer', 'string'",
		},
		{104, `{"quota_set": {"ram": 1e1}}`, ""},
	})
}

// TestQuotas_Breaks takes the resources whose quota was given up through the
// last version of each and the next.
func TestQuotas_Breaks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		body *Body
		root string
		last microversion.Version
		keys []string
	}{
		{QuotaSetUpdate, "quota_set", 35, []string{"floating_ips", "fixed_ips", "security_groups", "security_group_rules"}},
		{QuotaSetUpdate, "quota_set", 56, []string{"injected_files", "injected_file_content_bytes", "injected_file_path_bytes"}},
		{QuotaClassSetUpdate, "quota_class_set", 49, []string{"floating_ips", "fixed_ips", "security_groups", "security_group_rules"}},
		{QuotaClassSetUpdate, "quota_class_set", 56, []string{"injected_files", "injected_file_content_bytes", "injected_file_path_bytes"}},
	} {
		for _, key := range c.keys {
			body := fmt.Sprintf(`{%q: {%q: 1}}`, c.root, key)
			checkBody(t, c.body, []bodyCase{
				{c.last, body, ""},
				{c.last + 1, body, fmt.Sprintf("Invalid input for field/attribute %s. Value: {'%s': 1}. "+
					"Additional properties are not allowed ('%s' was unexpected)", c.root, key, key)},
			})
		}
	}
}

func TestUpdateQuotaSet_Decode(t *testing.T) {
	t.Parallel()
	got := decodeInto[QuotaSetUpdateBody](t, `{"quota_set": {"cores": "-1", "ram": 5, "force": "yes"}}`)
	want := QuotaSetUpdateBody{QuotaLimits{Limits: map[string]int{"cores": -1, "ram": 5}, Force: true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
