package schema

import (
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/internal/microversion"
	"github.com/nova-api/nova-api/internal/nova"
)

// TestQueries: what is kept of a query in a version, or why it is refused.
func TestQueries(t *testing.T) {
	t.Parallel()
	const unexpectedX = "Additional properties are not allowed ('x' was unexpected)"
	for _, c := range []struct {
		name     string
		query    *Query
		version  microversion.Version
		in, kept string
		want     string
	}{
		{"none, ignored", NoQuery, 101, "x=1", "", ""},
		{"none, refused", NoQuery, 102, "x=1", "", unexpectedX},
		{"never refused", IgnoredQuery, 104, "x=1", "", ""},
		{"flavors", FlavorsQuery, 1, "limit=1&limit=2&is_public=None&x=1&name=a", "is_public=None&limit=1&limit=2", ""},
		{"flavors on /v2", FlavorsQuery, 0, "limit=1&x=1", "limit=1", ""},
		{
			"flavors, negative limit", FlavorsQuery, 1, "limit=-1", "",
			"Invalid input for query parameters limit. Value: -1. '-1' does not match '^[0-9]*$'",
		},
		{"flavors, empty limit", FlavorsQuery, 1, "limit=", "", "Invalid input for query parameters limit. Value: . '' should be non-empty"},
		{"flavors, stranger", FlavorsQuery, 75, "x=1", "", unexpectedX},
		{"flavors by factor", FlavorsQuery, 101, "sort_key=rxtx_factor", "sort_key=rxtx_factor", ""},
		{
			"flavors by factor, too late", FlavorsQuery, 102, "sort_key=rxtx_factor", "",
			"Invalid input for query parameters sort_key. Value: rxtx_factor. 'rxtx_factor' is not one of ['created_at', " +
				"'description', 'disabled', 'ephemeral_gb', 'flavorid', 'id', 'is_public', 'memory_mb', 'name', 'root_gb', " +
				"'swap', 'updated_at', 'vcpu_weight', 'vcpus']",
		},
		{
			"flavors by name, too soon", FlavorsQuery, 101, "name=a", "",
			"Additional properties are not allowed ('name' was unexpected)",
		},
		{"flavors by name", FlavorsQuery, 102, "name=a", "name=a", ""},
		{"images", ImagesQuery, 35, "name=a&property-x=1&property-=2&limit=1&x=1", "limit=1&name=a&property-=2&property-x=1", ""},
		{"images, no limit", ImagesQuery, 0, "limit=0", "", "Invalid input for query parameters limit. Value: 0. 0 is less than the minimum of 1"},
		{"limits", LimitsQuery, 74, "tenant_id=p&reserved=1", "tenant_id=p", ""},
		{"limits, strict", LimitsQuery, 75, "x=1", "", unexpectedX},
		{"key pairs", KeyPairsQuery, 9, "user_id=u", "", ""},
		{"key pairs of a user", KeyPairsQuery, 10, "user_id=u&limit=1", "user_id=u", ""},
		{"key pairs in pages", KeyPairsQuery, 35, "user_id=u&limit=1&marker=m", "limit=1&marker=m&user_id=u", ""},
		{"key pairs, strict", KeyPairsQuery, 75, "x=1", "", unexpectedX},
		{"key pair", KeyPairQuery, 10, "user_id=u&limit=1", "user_id=u", ""},
		{"key pair, strict", KeyPairQuery, 75, "x=1", "", unexpectedX},
		{"quota set", QuotaSetQuery, 74, "user_id=u&x=1", "user_id=u", ""},
		{"quota set, strict", QuotaSetQuery, 75, "x=1", "", unexpectedX},
		{"usages", TenantUsagesQuery, 39, "start=a&end=b&detailed=1&limit=x&x=1", "detailed=1&end=b&start=a", ""},
		{"usages in pages", TenantUsagesQuery, 40, "limit=1&marker=m&detailed=1&x=1", "detailed=1&limit=1&marker=m", ""},
		{"usages, strict", TenantUsagesQuery, 75, "x=1", "", unexpectedX},
		{"usage", TenantUsageQuery, 39, "start=a&detailed=1&limit=x", "start=a", ""},
		{"usage in pages", TenantUsageQuery, 40, "limit=1&marker=m&detailed=1", "limit=1&marker=m", ""},
		{
			"usage, bad limit", TenantUsageQuery, 40, "limit=x", "",
			"Invalid input for query parameters limit. Value: x. 'x' does not match '^[0-9]*$'",
		},
		{"usage, strict", TenantUsageQuery, 75, "x=1", "", unexpectedX},
		{"actions", InstanceActionsQuery, 57, "limit=1&x=1", "", ""},
		{
			"actions, twice", InstanceActionsQuery, 58, "limit=1&limit=2", "",
			"Invalid input for query parameters limit. Value: ['1', '2']. ['1', '2'] is too long",
		},
		{"actions, strict", InstanceActionsQuery, 58, "x=1", "", unexpectedX},
		{
			"actions before", InstanceActionsQuery, 65, "changes-before=2020-01-01", "",
			"Additional properties are not allowed ('changes-before' was unexpected)",
		},
		{"actions before, now", InstanceActionsQuery, 66, "changes-before=2020-01-01", "changes-before=2020-01-01", ""},
		{
			"actions at no time", InstanceActionsQuery, 66, "changes-since=now", "",
			"Invalid input for query parameters changes-since. Value: now. 'now' is not a 'date-time'",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			checkQuery(t, c.query, c.version, c.in, c.kept, c.want)
		})
	}
}

func checkQuery(t *testing.T, q *Query, v microversion.Version, in, kept, want string) {
	t.Helper()
	values, err := url.ParseQuery(in)
	if err != nil {
		t.Fatal(err)
	}
	got, err := q.Check(v, values)
	if nova.Message(err) != want {
		t.Errorf("%s %s:\n got %q\nwant %q", v, in, nova.Message(err), want)
	}
	if diff := cmp.Diff(kept, got.Encode()); err == nil && diff != "" {
		t.Errorf("%s %s: kept the wrong parameters:\n%s", v, in, diff)
	}
}

func TestServersQuery(t *testing.T) {
	t.Parallel()
	const stranger = "'x' does not match any of the regexes: '^_'"
	for _, c := range []struct {
		version        microversion.Version
		in, kept, want string
	}{
		{0, "x=1&limit=-1", "limit=-1&x=1", ""},
		{1, "x=1&name=a&tags=t&_y=1", "_y=1&name=a", ""},
		{25, "tags=t", "", ""},
		{26, "tags=t&not-tags-any=u", "not-tags-any=u&tags=t", ""},
		{65, "changes-before=never", "", ""},
		{66, "changes-before=never", "", "Invalid input for query parameters changes-before. Value: never. 'never' is not a 'date-time'"},
		{72, "locked=true", "", ""},
		{73, "locked=true", "locked=true", ""},
		{74, "x=1", "", ""},
		{75, "x=1", "", stranger},
		{104, "all_tenants=&status=ACTIVE&status=ERROR", "all_tenants=&status=ACTIVE&status=ERROR", ""},
		{1, "name=", "", "Invalid input for query parameters name. Value: . '' is not a 'regex'"},
		{1, "name=(", "", "Invalid input for query parameters name. Value: (. '(' is not a 'regex'"},
		{74, "sort_key=vcpus", "sort_key=vcpus", ""},
		{74, "sort_dir=up", "sort_dir=up", ""},
		{104, "sort_key=locked&sort_key=uuid", "sort_key=locked&sort_key=uuid", ""},
	} {
		checkQuery(t, ServersQuery, c.version, c.in, c.kept, c.want)
	}
	for _, key := range serverSortKeysIgnored {
		_, err := ServersQuery.Check(75, url.Values{"sort_key": {key}})
		if refused := err != nil; refused != (key != "locked") {
			t.Errorf("sort_key=%s since 2.75: %v", key, err)
		}
	}
}
