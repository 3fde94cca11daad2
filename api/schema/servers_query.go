package schema

import "slices"

// ServersQuery is the query of GET /servers and GET /servers/detail. /v2 does
// not check it.
var ServersQuery = NewQuery(slices.Concat(
	serverFilters,
	[]Property{
		Param("tags", Regexp).Since(26),
		Param("tags-any", Regexp).Since(26),
		Param("not-tags", Regexp).Since(26),
		Param("not-tags-any", Regexp).Since(26),
		Param("changes-before", DateTime).Since(66),
		Param("locked", String).Since(73),
	},
)...).Prefix("_", String).Strict(75).Since(1)

// serverFilters are the parameters that all versions know.
var serverFilters = []Property{
	Param("user_id", String),
	Param("project_id", String),
	Param("tenant_id", String),
	Param("launch_index", String),
	Param("image_ref", String),
	Param("image", String),
	Param("kernel_id", Regexp),
	Param("ramdisk_id", Regexp),
	Param("hostname", Regexp),
	Param("key_name", Regexp),
	Param("power_state", Regexp),
	Param("vm_state", String),
	Param("task_state", String),
	Param("host", String),
	Param("node", Regexp),
	Param("flavor", Regexp),
	Param("reservation_id", Regexp),
	Param("launched_at", Regexp),
	Param("terminated_at", Regexp),
	Param("availability_zone", Regexp),
	Param("name", Regexp),
	Param("display_name", Regexp),
	Param("description", Regexp),
	Param("display_description", Regexp),
	Param("locked_by", Regexp),
	Param("uuid", String),
	Param("root_device_name", Regexp),
	Param("config_drive", Regexp),
	Param("access_ip_v4", Regexp),
	Param("access_ip_v6", Regexp),
	Param("auto_disk_config", Regexp),
	Param("progress", Regexp),
	Param("sort_key", Enum(slices.Concat(ServerSortKeys, serverSortKeysIgnored)...)).Until(74),
	Param("sort_key", Enum(append(slices.Clip(ServerSortKeys), "locked")...)).Since(75),
	Param("sort_dir", String),
	Param("all_tenants", String),
	Param("soft_deleted", String),
	Param("deleted", String),
	Param("status", String),
	Param("changes-since", DateTime),
	Param("ip", Regexp),
	Param("ip6", Regexp),
	Param("created_at", Regexp),
	Param("block_device_mapping", String),
	Param("services", String),
	Param("metadata", String),
	Param("system_metadata", String),
	Param("info_cache", String),
	Param("security_groups", String),
	Param("pci_devices", String),
	Param("limit", Natural),
	Param("marker", String),
}

// ServerSortKeys are the keys that servers are sorted by at all versions. Since
// 2.73 there is also "locked".
var ServerSortKeys = []string{
	"access_ip_v4", "access_ip_v6", "auto_disk_config", "availability_zone", "config_drive",
	"created_at", "display_description", "display_name", "host", "hostname", "image_ref",
	"instance_type_id", "kernel_id", "key_name", "launch_index", "launched_at", "locked_by", "node",
	"power_state", "progress", "project_id", "ramdisk_id", "root_device_name", "task_state",
	"terminated_at", "updated_at", "user_id", "uuid", "vm_state",
}

// serverSortKeysIgnored are keys that versions up to 2.74 accept. Of these,
// only "locked" has an effect, since 2.73.
var serverSortKeysIgnored = []string{
	"architecture", "cell_name", "cleaned", "default_ephemeral_device", "default_swap_device",
	"deleted", "deleted_at", "disable_terminate", "ephemeral_gb", "ephemeral_key_uuid", "id",
	"key_data", "launched_on", "locked", "memory_mb", "os_type", "reservation_id", "root_gb",
	"shutdown_terminate", "user_data", "vcpus", "vm_mode",
}
