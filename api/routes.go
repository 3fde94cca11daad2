package api

import "github.com/nova-api/nova-api/api/rest"

// routes is the map of the API: a line for each resource, and below it the
// resources that its members have.
func routes(m rest.Mapper, o Options) {
	m.Resource("extension", "extensions", &Extensions{o})
	m.Resource("availability_zone", "os-availability-zone", &AvailabilityZones{o}, rest.Collection{"detail": "GET"})

	flavor := m.Resource("flavor", "flavors", &Flavors{o}, rest.Collection{"detail": "GET"}, rest.Member{"action": "POST"})
	flavor.Resource("extra_spec", "os-extra_specs", &FlavorExtraSpecs{o})
	flavor.Resource("access", "os-flavor-access", &FlavorAccess{o})

	image := m.Resource("image", "images", &Images{o}, rest.Collection{"detail": "GET"})
	image.Resource("meta", "metadata", &ImageMetadata{o}, rest.Singular{"update_all": "PUT"})

	m.Resource("keypair", "os-keypairs", &KeyPairs{o})
	m.Resource("limit", "limits", &Limits{o})
	m.Resource("quota_set", "os-quota-sets", &QuotaSets{o}, rest.Member{"detail": "GET", "defaults": "GET"})
	m.Resource("quota_class", "os-quota-class-sets", &QuotaClassSets{o})

	m.Resource("aggregate", "os-aggregates", &Aggregates{o}, rest.Member{"action": "POST", "images": "POST"})
	m.Resource("hypervisor", "os-hypervisors", &Hypervisors{o}, rest.Collection{"detail": "GET", "statistics": "GET"},
		rest.Member{"uptime": "GET", "search": "GET", "servers": "GET"})
	m.Resource("host", "os-hosts", &HostMachines{o}, rest.Member{"reboot": "GET", "shutdown": "GET", "startup": "GET"})
	m.Resource("baremetal_node", "os-baremetal-nodes", &BaremetalNodes{o}, rest.Member{"action": "POST"})
	m.Resource("service", "os-services", &Services{o})

	m.Resource("instance_usage_audit_log", "os-instance_usage_audit_log", &InstanceUsageAuditLogs{o})
	m.Resource("tenant_usage", "os-simple-tenant-usage", &TenantUsages{o})

	m.Resource("console_auth_token", "os-console-auth-tokens", &ConsoleAuthTokens{o})
	m.Resource("server_external_event", "os-server-external-events", &ServerExternalEvents{o})
	m.Resource("network", "os-networks", &Networks{o})
	m.Resource("tenant_network", "os-tenant-networks", &TenantNetworks{o})
	m.Resource("floating_ip", "os-floating-ips", &FloatingIPs{o})
	m.Resource("floating_ip_pool", "os-floating-ip-pools", &FloatingIPPools{o})
	m.Resource("security_group", "os-security-groups", &SecurityGroups{o})
	m.Resource("security_group_rule", "os-security-group-rules", &SecurityGroupRules{o})
	m.Resource("volume", "os-volumes", &Volumes{o}, rest.Collection{"detail": "GET"})
	m.Resource("snapshot", "os-snapshots", &VolumeSnapshots{o}, rest.Collection{"detail": "GET"})
	m.Resource("assisted_volume_snapshot", "os-assisted-volume-snapshots", &AssistedVolumeSnapshots{o})
	m.Resource("server_group", "os-server-groups", &ServerGroups{o})

	m.Resource("migration", "os-migrations", &Migrations{o})

	server := m.Resource("server", "servers", &Servers{o},
		rest.Collection{"detail": "GET"}, rest.Member{"action": "POST", "backup_instance": "POST"})
	server.Resource("meta", "metadata", &ServerMetadata{ofServer{o}}, rest.Singular{"update_all": "PUT"})
	server.Resource("tag", "tags", &ServerTags{ofMappedServer{o}}, rest.Singular{"update_all": "PUT", "delete_all": "DELETE"})
	server.Resource("ip", "ips", &ServerIPs{ofServer{o}})
	server.Resource("interface", "os-interface", &Interfaces{ofServer{o}})
	server.Resource("security_group", "os-security-groups", &ServerSecurityGroups{ofServer{o}})
	server.Resource("remote_console", "remote-consoles", &RemoteConsoles{ofServer{o}})
	server.Resource("volume_attachment", "os-volume_attachments", &VolumeAttachments{ofServer{o}})
	server.Resource("share", "shares", &ServerShares{ofMappedServer{o}})
	server.Resource("diagnostics", "diagnostics", &ServerDiagnostics{ofServer{o}})
	server.Resource("topology", "topology", &ServerTopology{ofServer{o}})
	server.Resource("server_password", "os-server-password", &ServerPassword{ofServer{o}}, rest.Singular{"clear": "DELETE"})
	server.Resource("server_migration", "migrations", &ServerMigrations{ofServer{o}}, rest.Member{"action": "POST"})
	server.Resource("instance_action", "os-instance-actions", &InstanceActions{ofServer{o}})

	m.Resource("volume_boot", "os-volumes_boot", &VolumesBoot{Servers{o}}, rest.Collection{"detail": "GET"}, rest.Member{"action": "POST"})

	gone(m, server)
}
