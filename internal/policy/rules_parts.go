package policy

// These are the rules of the parts of a server: metadata, tags, addresses, the
// record of actions.
const (
	ServerMetadataIndex          Rule = "os_compute_api:server-metadata:index"
	ServerMetadataShow           Rule = "os_compute_api:server-metadata:show"
	ServerMetadataCreate         Rule = "os_compute_api:server-metadata:create"
	ServerMetadataUpdateAll      Rule = "os_compute_api:server-metadata:update_all"
	ServerMetadataUpdate         Rule = "os_compute_api:server-metadata:update"
	ServerMetadataDelete         Rule = "os_compute_api:server-metadata:delete"
	ServerTagsIndex              Rule = "os_compute_api:os-server-tags:index"
	ServerTagsShow               Rule = "os_compute_api:os-server-tags:show"
	ServerTagsUpdateAll          Rule = "os_compute_api:os-server-tags:update_all"
	ServerTagsUpdate             Rule = "os_compute_api:os-server-tags:update"
	ServerTagsDeleteAll          Rule = "os_compute_api:os-server-tags:delete_all"
	ServerTagsDelete             Rule = "os_compute_api:os-server-tags:delete"
	IPsIndex                     Rule = "os_compute_api:ips:index"
	IPsShow                      Rule = "os_compute_api:ips:show"
	InstanceActionsList          Rule = "os_compute_api:os-instance-actions:list"
	InstanceActionsShow          Rule = "os_compute_api:os-instance-actions:show"
	InstanceActionsEvents        Rule = "os_compute_api:os-instance-actions:events"
	InstanceActionsEventsDetails Rule = "os_compute_api:os-instance-actions:events:details"
	ServerPasswordShow           Rule = "os_compute_api:os-server-password:show"  //nolint:gosec // the name of a rule, no credential
	ServerPasswordClear          Rule = "os_compute_api:os-server-password:clear" //nolint:gosec // the name of a rule, no credential
	ServerDiagnostics            Rule = "os_compute_api:os-server-diagnostics"
	ServerTopologyIndex          Rule = "compute:server:topology:index"
	ServerTopologyHostIndex      Rule = "compute:server:topology:host:index"
)

// serverPartRules let readers look and members change. What tells of hosts is for
// administrators.
var serverPartRules = []Entry{
	// The metadata that servers read for themselves comes from the metadata service and asks
	// no policy.
	{ServerMetadataIndex, reader, "List a server's metadata.", ops{"GET /servers/{server_id}/metadata"}},
	{ServerMetadataShow, reader, "Show one item of a server's metadata.", ops{"GET /servers/{server_id}/metadata/{id}"}},
	{ServerMetadataCreate, member, "Add to a server's metadata.", ops{"POST /servers/{server_id}/metadata"}},
	{ServerMetadataUpdateAll, member, "Replace a server's metadata.", ops{"PUT /servers/{server_id}/metadata"}},
	{ServerMetadataUpdate, member, "Set one item of a server's metadata.", ops{"PUT /servers/{server_id}/metadata/{id}"}},
	{ServerMetadataDelete, member, "Delete one item of a server's metadata.", ops{"DELETE /servers/{server_id}/metadata/{id}"}},
	// Tags are there since 2.26.
	{ServerTagsIndex, reader, "List a server's tags.", ops{"GET /servers/{server_id}/tags"}},
	{ServerTagsShow, reader, "Ask whether a server has a tag.", ops{"GET /servers/{server_id}/tags/{id}"}},
	{ServerTagsUpdateAll, member, "Replace a server's tags.", ops{"PUT /servers/{server_id}/tags"}},
	{ServerTagsUpdate, member, "Add a tag to a server.", ops{"PUT /servers/{server_id}/tags/{id}"}},
	{ServerTagsDeleteAll, member, "Take all tags off a server.", ops{"DELETE /servers/{server_id}/tags"}},
	{ServerTagsDelete, member, "Take a tag off a server.", ops{"DELETE /servers/{server_id}/tags/{id}"}},
	{IPsIndex, reader, "List a server's addresses.", ops{"GET /servers/{server_id}/ips"}},
	{IPsShow, reader, "Show a server's addresses in one network.", ops{"GET /servers/{server_id}/ips/{id}"}},
	// Readers see what was done, when and by whom. Since 2.51 they also see the events,
	// without what the two rules below add.
	{
		InstanceActionsList, reader, "List what was done to a server.",
		ops{"GET /servers/{server_id}/os-instance-actions"},
	},
	{
		InstanceActionsShow, reader, "Show one thing that was done to a server.",
		ops{"GET /servers/{server_id}/os-instance-actions/{id}"},
	},
	{
		InstanceActionsEvents, admin, "See the host and the traceback in the events of an action.",
		ops{"GET /servers/{server_id}/os-instance-actions/{id}"},
	},
	{
		InstanceActionsEventsDetails, admin, "See why an event of an action failed.",
		ops{"GET /servers/{server_id}/os-instance-actions/{id}"},
	},
	// The password is encrypted for the key pair of the server's owner, so it is of no use to
	// other readers.
	{
		ServerPasswordShow, reader, "Show the encrypted password that a server has made for itself.",
		ops{"GET /servers/{server_id}/os-server-password"},
	},
	{
		ServerPasswordClear, member, "Forget the encrypted password that a server has made for itself.",
		ops{"DELETE /servers/{server_id}/os-server-password"},
	},
	{ServerDiagnostics, admin, "Read a server's counters from its hypervisor.", ops{"GET /servers/{server_id}/diagnostics"}},
	// The topology is there since 2.78. Its second rule adds the numbers of the host's nodes
	// and processors.
	{ServerTopologyIndex, reader, "Show a server's NUMA topology.", ops{"GET /servers/{server_id}/topology"}},
	{
		ServerTopologyHostIndex, admin, "See which nodes and processors of the host a server's topology uses.",
		ops{"GET /servers/{server_id}/topology"},
	},
}

// Rules of attachments of a server: interfaces, volumes, shares,
// security groups, addresses.
const (
	InterfaceList          Rule = "os_compute_api:os-attach-interfaces:list"
	InterfaceShow          Rule = "os_compute_api:os-attach-interfaces:show"
	InterfaceCreate        Rule = "os_compute_api:os-attach-interfaces:create"
	InterfaceDelete        Rule = "os_compute_api:os-attach-interfaces:delete"
	VolumeAttachmentIndex  Rule = "os_compute_api:os-volumes-attachments:index"
	VolumeAttachmentShow   Rule = "os_compute_api:os-volumes-attachments:show"
	VolumeAttachmentCreate Rule = "os_compute_api:os-volumes-attachments:create"
	VolumeAttachmentUpdate Rule = "os_compute_api:os-volumes-attachments:update"
	VolumeAttachmentSwap   Rule = "os_compute_api:os-volumes-attachments:swap"
	VolumeAttachmentDelete Rule = "os_compute_api:os-volumes-attachments:delete"
	ServerShareIndex       Rule = "os_compute_api:os-server-shares:index"
	ServerShareShow        Rule = "os_compute_api:os-server-shares:show"
	ServerShareCreate      Rule = "os_compute_api:os-server-shares:create"
	ServerShareDelete      Rule = "os_compute_api:os-server-shares:delete"
	ServerSecurityGroups   Rule = "os_compute_api:os-security-groups:list"
	AddSecurityGroup       Rule = "os_compute_api:os-security-groups:add"
	RemoveSecurityGroup    Rule = "os_compute_api:os-security-groups:remove"
	AddFixedIP             Rule = "os_compute_api:os-multinic:add"
	RemoveFixedIP          Rule = "os_compute_api:os-multinic:remove"
	AddFloatingIP          Rule = "os_compute_api:os-floating-ips:add"
	RemoveFloatingIP       Rule = "os_compute_api:os-floating-ips:remove"
)

// serverAttachmentRules let members attach what belongs to their project: the
// services that own the things decide on those.
var serverAttachmentRules = []Entry{
	{InterfaceList, reader, "List a server's network interfaces.", ops{"GET /servers/{server_id}/os-interface"}},
	{
		InterfaceShow, reader, "Show a network interface of a server.",
		ops{"GET /servers/{server_id}/os-interface/{id}", "POST /servers/{server_id}/os-interface"},
	},
	{InterfaceCreate, member, "Attach a network interface to a server.", ops{"POST /servers/{server_id}/os-interface"}},
	{InterfaceDelete, member, "Detach a network interface from a server.", ops{"DELETE /servers/{server_id}/os-interface/{id}"}},
	{VolumeAttachmentIndex, reader, "List the volumes of a server.", ops{"GET /servers/{server_id}/os-volume_attachments"}},
	{
		VolumeAttachmentShow, reader, "Show how a volume is attached to a server.",
		ops{"GET /servers/{server_id}/os-volume_attachments/{id}"},
	},
	{VolumeAttachmentCreate, member, "Attach a volume to a server.", ops{"POST /servers/{server_id}/os-volume_attachments"}},
	// One operation with two rules: since 2.85 it can also change the flag alone, without
	// another volume.
	{
		VolumeAttachmentUpdate, member, "Change whether a volume goes when its server is deleted.",
		ops{"PUT /servers/{server_id}/os-volume_attachments/{id}"},
	},
	{
		VolumeAttachmentSwap, service, "Put one volume in the place of another, as the volume service does to move its data.",
		ops{"PUT /servers/{server_id}/os-volume_attachments/{id}"},
	},
	{
		VolumeAttachmentDelete, member, "Detach a volume from a server.",
		ops{"DELETE /servers/{server_id}/os-volume_attachments/{id}"},
	},
	// Shares are there since 2.97.
	{ServerShareIndex, reader, "List the shares of a server.", ops{"GET /servers/{server_id}/shares"}},
	{ServerShareShow, reader, "Show a share of a server.", ops{"GET /servers/{server_id}/shares/{id}"}},
	{ServerShareCreate, member, "Attach a share to a server.", ops{"POST /servers/{server_id}/shares"}},
	{ServerShareDelete, member, "Detach a share from a server.", ops{"DELETE /servers/{server_id}/shares/{id}"}},
	{ServerSecurityGroups, reader, "List a server's security groups.", ops{"GET /servers/{server_id}/os-security-groups"}},
	{AddSecurityGroup, member, "Put a server into a security group.", ops{"POST /servers/{id}/action (addSecurityGroup)"}},
	{
		RemoveSecurityGroup, member, "Take a server out of a security group.",
		ops{"POST /servers/{id}/action (removeSecurityGroup)"},
	},
	// These four actions end with 2.43; since then clients ask the network service.
	{AddFixedIP, member, "Give a server a further address of a network.", ops{"POST /servers/{id}/action (addFixedIp)"}},
	{RemoveFixedIP, member, "Take an address of a network from a server.", ops{"POST /servers/{id}/action (removeFixedIp)"}},
	{AddFloatingIP, member, "Give a server a floating address.", ops{"POST /servers/{id}/action (addFloatingIp)"}},
	{RemoveFloatingIP, member, "Take a floating address from a server.", ops{"POST /servers/{id}/action (removeFloatingIp)"}},
}
