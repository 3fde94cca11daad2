package schema

import "slices"

// Queries of reads that know no parameters.
var (
	// NoQuery refuses any since 2.102. It is that of extensions, a flavor, its
	// extra specs and access, availability zones, quota class sets, audits of usage,
	// a server, its addresses, its metadata and one of its actions.
	NoQuery = NewQuery().Strict(102)

	// IgnoredQuery takes any, in all versions. It is that of tags, of the
	// defaults of a quota set and of the version documents.
	IgnoredQuery = NewQuery()
)

// FlavorsQuery is that of GET /flavors and GET /flavors/detail.
var FlavorsQuery = NewQuery(
	Param("limit", Natural),
	Param("marker", String),
	Param("is_public", String),
	Param("minRam", String),
	Param("minDisk", String),
	Param("sort_key", Enum(slices.Insert(slices.Clone(flavorSortKeys), 10, "rxtx_factor")...)).Until(101),
	Param("sort_key", Enum(flavorSortKeys...)).Since(102),
	Param("sort_dir", Enum("asc", "desc")),
	Param("name", String).Since(102),
).Strict(75)

var flavorSortKeys = []string{
	"created_at", "description", "disabled", "ephemeral_gb", "flavorid", "id", "is_public",
	"memory_mb", "name", "root_gb", "swap", "updated_at", "vcpu_weight", "vcpus",
}

// ImagesQuery is that of GET /images and GET /images/detail.
var ImagesQuery = NewQuery(
	Param("name", Any),
	Param("status", Any),
	Param("changes-since", Any),
	Param("server", Any),
	Param("type", Any),
	Param("minRam", Any),
	Param("minDisk", Any),
	Param("limit", Positive),
	Param("page_size", Positive),
	Param("marker", Any),
	Param("offset", Positive),
).Prefix("property-", Any)

// Queries of other resources.
var (
	LimitsQuery = NewQuery(
		Param("tenant_id", String),
	).Strict(75)

	KeyPairsQuery = NewQuery(
		Param("user_id", String).Since(10),
		Param("limit", Natural).Since(35),
		Param("marker", String).Since(35),
	).Strict(75)

	// KeyPairQuery is that of GET and DELETE.
	KeyPairQuery = NewQuery(
		Param("user_id", String).Since(10),
	).Strict(75)

	// QuotaSetQuery is that of GET, with and without detail, PUT and DELETE.
	QuotaSetQuery = NewQuery(
		Param("user_id", String),
	).Strict(75)

	// TenantUsagesQuery is that of the list, TenantUsageQuery that of one project.
	TenantUsagesQuery = NewQuery(append([]Property{Param("detailed", String)}, usageParams...)...).Strict(75)
	TenantUsageQuery  = NewQuery(usageParams...).Strict(75)

	ConsoleAuthTokenQuery = NewQuery().Strict(99)

	SecurityGroupsQuery = NewQuery(
		Param("limit", Natural),
		Param("offset", Natural),
		Param("all_tenants", String),
	)

	VolumesQuery = NewQuery(Param("limit", Natural), Param("offset", Natural))

	ServerGroupsQuery = NewQuery(
		Param("all_projects", String),
		Param("limit", Natural),
		Param("offset", Natural),
	).Strict(75)

	VolumeAttachmentsQuery = NewQuery(
		Param("limit", Natural),
		Param("offset", Natural),
	).Strict(75)

	MigrationsQuery = NewQuery(
		Param("hidden", String),
		Param("host", String),
		Param("instance_uuid", String),
		Param("source_compute", String),
		Param("status", String),
		Param("migration_type", String),
		OnceParam("limit", Natural).Since(59),
		OnceParam("marker", String).Since(59),
		OnceParam("changes-since", DateTime).Since(59),
		OnceParam("changes-before", DateTime).Since(66),
		OnceParam("user_id", String).Since(80),
		OnceParam("project_id", String).Since(80),
	).Strict(59)

	InstanceActionsQuery = NewQuery(
		OnceParam("limit", Natural).Since(58),
		OnceParam("marker", String).Since(58),
		OnceParam("changes-since", DateTime).Since(58),
		OnceParam("changes-before", DateTime).Since(66),
	).Strict(58)
)

// usageParams choose the period of usage, and since 2.40 the page.
var usageParams = []Property{
	Param("start", String),
	Param("end", String),
	Param("limit", Natural).Since(40),
	Param("marker", String).Since(40),
}
