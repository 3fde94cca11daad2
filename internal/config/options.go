package config

import (
	"iter"
	"slices"
)

// Sections are all options there are, in the order in which they are printed.
func Sections() []Section {
	return []Section{
		{"DEFAULT", "The process, and what has no section of its own.", slices.Concat(processOptions, serverOptions, hostOptions)},
		{"nova_api", "What Nova has no option for.", ownOptions},
		{"api", "What the compute API answers.", apiOptions},
		{"database", "Where everything is remembered.", databaseOptions},
		{"ssl", "TLS for the listener.", sslOptions},
		{"oslo_middleware", "What is done with a request before it is understood.", middlewareOptions},
		{"keystone_authtoken", "The identity service that tokens are validated against, and the service user that asks it.", keystoneOptions()},
		{"glance", "How the image service is found.", glanceOptions},
		{"neutron", "How the network service is found, and the service user for it: that of [keystone_authtoken] if there is no auth_url.", neutronOptions()},
		{"identity", "The bundled identity service.", identityOptions},
		{"image", "The bundled image service.", imageOptions},
		{"quota", "What a project may use if nothing was set for it; -1 is no limit.", quotaOptions},
		{"oslo_policy", "Who may do what.", policyOptions},
		{"filter_scheduler", "How hosts are compared; below zero, servers are packed instead of spread.", weightOptions},
		{"vnc", "VNC consoles.", vncOptions},
		{"serial_console", "Serial consoles.", serialConsoleOptions},
		{"consoleauth", "The tokens that open consoles.", consoleAuthOptions},
	}
}

// each walks all options with their keys.
func each() iter.Seq2[key, Option] {
	return func(yield func(key, Option) bool) {
		for _, s := range Sections() {
			for _, o := range s.Options {
				if !yield(key{s.Name, o.Name}, o) {
					return
				}
			}
		}
	}
}

var processOptions = []Option{
	{
		Name: "debug", Default: "false", at: func(c *Config) any { return &c.Debug },
		Help: "Log what is of use to developers, too.",
	},
	{
		Name: "state_path", Default: "./state", Accepts: notEmpty, at: func(c *Config) any { return &c.StateDir },
		Help: "The directory for what this process keeps in files: the SQLite database, the bundled image service's data, clouds.yaml and the openrc files. Made if there is none.",
	},
	{
		Name: "osapi_compute_listen", Default: "127.0.0.1", at: func(c *Config) any { return &c.ListenHost },
		Help: "The address to listen on. Empty: all that the machine has.",
	},
	{
		Name: "osapi_compute_listen_port", Default: "8774", Accepts: between(0, 65535), at: func(c *Config) any { return &c.ListenPort },
		Help: "The port to listen on; 0 for any that is free.",
	},
	{
		Name: "host", Accepts: maybe(hostName), at: func(c *Config) any { return &c.Host },
		Help: "The name of this process among those that share a database. Empty: the machine's name.",
	},
	{
		Name: "graceful_shutdown_timeout", Default: "60", at: func(c *Config) any { return &c.ShutdownTimeout },
		Help: "How long requests may take to finish once the process was told to stop.",
	},
	{
		Name: "client_socket_timeout", Default: "60", Accepts: between(1, 3600), at: func(c *Config) any { return &c.ClientTimeout },
		Help: "How long a client may take to send the next part of a request, or to take the next part of a response. Uploads and downloads may take as long as they like, as long as they move.",
	},
}

var serverOptions = []Option{
	{
		Name: "non_inheritable_image_properties", Default: "cache_in_nova,bittorrent", at: func(c *Config) any { return &c.NotInherited },
		Help: "The properties that an image of a server doesn't inherit from the image that the server was made of, beside those of signatures and encryption, which it never does.",
	},
	{
		Name: "password_length", Default: "12", Accepts: between(0, 255), at: func(c *Config) any { return &c.PasswordLength },
		Help: "The length of the administrator's password that a new server is given.",
	},
	{
		Name: "default_availability_zone", Default: "nova", Accepts: notEmpty, at: func(c *Config) any { return &c.DefaultZone },
		Help: "The availability zone of hosts that are in no other.",
	},
	{
		Name: "internal_service_availability_zone", Default: "internal", Accepts: notEmpty, at: func(c *Config) any { return &c.InternalZone },
		Help: "The availability zone that services other than compute are shown in.",
	},
}

var hostOptions = []Option{
	{
		Name: "report_interval", Default: "10", Accepts: between(1, 86400), at: func(c *Config) any { return &c.Hosts.ReportInterval },
		Help: "How often a host says that it is up.",
	},
	{
		Name: "service_down_time", Default: "60", Accepts: between(2, 86400), at: func(c *Config) any { return &c.Hosts.DownTime },
		Help: "How long after its last word a host counts as down. More than report_interval.",
	},
	{
		Name: "cpu_allocation_ratio", Default: "16.0", Accepts: positive, at: func(c *Config) any { return &c.Hosts.CPURatio },
		Help: "How many virtual CPUs are given out for each CPU of a host.",
	},
	{
		Name: "ram_allocation_ratio", Default: "1.5", Accepts: positive, at: func(c *Config) any { return &c.Hosts.RAMRatio },
		Help: "How much memory is given out for each unit that a host has.",
	},
	{
		Name: "disk_allocation_ratio", Default: "1.0", Accepts: positive, at: func(c *Config) any { return &c.Hosts.DiskRatio },
		Help: "How much disk is given out for each unit that a host has.",
	},
	{
		Name: "reserved_host_cpus", Default: "0", Accepts: atLeast(0), at: func(c *Config) any { return &c.Hosts.ReservedCPUs },
		Help: "How many CPUs a host keeps for itself.",
	},
	{
		Name: "reserved_host_memory_mb", Default: "512", Accepts: atLeast(0), at: func(c *Config) any { return &c.Hosts.ReservedMemoryMB },
		Help: "How much memory a host keeps for itself, in MiB.",
	},
	{
		Name: "reserved_host_disk_mb", Default: "0", Accepts: atLeast(0), at: func(c *Config) any { return &c.Hosts.ReservedDiskMB },
		Help: "How much disk a host keeps for itself, in MiB.",
	},
}

var ownOptions = []Option{
	{
		Name: "public_url", Accepts: maybe(webAddress), at: func(c *Config) any { return &c.NovaAPI.PublicURL },
		Help: "Scheme, host and port at which clients reach this process, for the bundled identity service's catalog and for clouds.yaml. Empty: made from the address to listen on.",
	},
	{
		Name: "log_format", Default: auto, Accepts: oneOf(auto, "console", "json"), at: func(c *Config) any { return &c.NovaAPI.LogFormat },
		Help: "How the log is written: for people, or as a JSON object a line; auto is console on a terminal.",
	},
	{
		Name: "region_name", Default: "RegionOne", Accepts: notEmpty, at: func(c *Config) any { return &c.NovaAPI.RegionName },
		Help: "The region that the bundled identity service's catalog is for.",
	},
	{
		Name: "workers", Default: "10", Accepts: between(1, 1000), at: func(c *Config) any { return &c.NovaAPI.Workers },
		Help: "How many actions on servers are worked on at once.",
	},
	{
		Name: "lease_time", Default: "6", Accepts: between(1, 3600), at: func(c *Config) any { return &c.NovaAPI.LeaseTime },
		Help: "How long after the end of a worker its actions are taken up by another. A live worker renews its lease every third of this time.",
	},
	{
		Name: "list_timeout", Default: "15", Accepts: between(1, 3600), at: func(c *Config) any { return &c.NovaAPI.ListTimeout },
		Help: "How long the database may work on one list, such as servers filtered by a regular expression, before the client is told that it takes too long.",
	},
	{
		Name: "identity", Default: auto, Accepts: place, at: func(c *Config) any { return &c.NovaAPI.Identity },
		Help: "Whether the identity service is the bundled one; auto: if [keystone_authtoken] has no auth_url.",
	},
	{
		Name: "image", Default: auto, Accepts: place, at: func(c *Config) any { return &c.NovaAPI.Image },
		Help: "Whether the image service is the bundled one; auto: as the identity service.",
	},
	{
		Name: "network", Default: auto, Accepts: place, at: func(c *Config) any { return &c.NovaAPI.Network },
		Help: "Whether the network service is the bundled one; auto: as the identity service.",
	},
	{
		Name: "fake_hosts", Default: "fake-1,fake-2", Accepts: some(hostName), at: func(c *Config) any { return &c.NovaAPI.FakeHosts },
		Help: "The hosts that the fake driver pretends to run servers on.",
	},
	{
		Name: "fake_host_vcpus", Default: "128", Accepts: between(1, 1e6), at: func(c *Config) any { return &c.NovaAPI.FakeHostVCPUs },
		Help: "How many CPUs each fake host has.",
	},
	{
		Name: "fake_host_memory_mb", Default: "524288", Accepts: between(1, 1e9), at: func(c *Config) any { return &c.NovaAPI.FakeHostMemoryMB },
		Help: "How much memory each fake host has, in MiB.",
	},
	{
		Name: "fake_host_disk_gb", Default: "8192", Accepts: between(1, 1e9), at: func(c *Config) any { return &c.NovaAPI.FakeHostDiskGB },
		Help: "How much disk each fake host has, in GiB.",
	},
}

var apiOptions = []Option{
	{
		Name: "max_limit", Default: "1000", Accepts: between(1, 1e5), at: func(c *Config) any { return &c.API.MaxLimit },
		Help: "The most items of a list that one response holds, whatever limit the client asks for.",
	},
	{
		Name: "compute_link_prefix", Accepts: maybe(webAddress), at: func(c *Config) any { return &c.API.ComputeLinkPrefix },
		Help: "What links to this API begin with. Empty: scheme and host of the request.",
	},
	{
		Name: "glance_link_prefix", Accepts: maybe(webAddress), at: func(c *Config) any { return &c.API.GlanceLinkPrefix },
		Help: "What links to images begin with. Empty: the address of the image service.",
	},
	{
		Name: "enable_instance_password", Default: "true", at: func(c *Config) any { return &c.API.InstancePassword },
		Help: "Show the administrator's password in the response that creates a server.",
	},
}

var databaseOptions = []Option{
	{
		Name: "connection", Secret: true, Accepts: maybe(storeAddress), at: func(c *Config) any { return &c.Database.Connection },
		Help: "The database: sqlite:///FILE (four slashes for an absolute path) or postgresql://USER:PASSWORD@HOST/NAME. Empty: nova.sqlite in state_path.",
	},
	{
		Name: "max_pool_size", Default: "32", Accepts: between(2, 10000), at: func(c *Config) any { return &c.Database.MaxPoolSize },
		Help: "How many connections to the database are kept. Half of them are for lists.",
	},
	{
		Name: "max_overflow", Default: "0", Accepts: between(0, 10000), at: func(c *Config) any { return &c.Database.MaxOverflow },
		Help: "How many connections more than max_pool_size there may be.",
	},
}

var middlewareOptions = []Option{
	{
		Name: "max_request_body_size", Default: "114688", Accepts: between(1, 1<<30), at: func(c *Config) any { return &c.Middleware.MaxBodySize },
		Help: "The largest request body that is read, in bytes. The bundled image service's uploads aren't bound by it.",
	},
}

func keystoneOptions() []Option {
	return append(authOptions("Default", func(c *Config) *Auth { return &c.Keystone.Auth }),
		Option{
			Name: "www_authenticate_uri", Accepts: maybe(webAddress), at: func(c *Config) any { return &c.Keystone.WWWAuthenticateURI },
			Help: "The address of the identity service that clients without a token are told. Empty: auth_url.",
		},
		Option{
			Name: "region_name", at: func(c *Config) any { return &c.Keystone.RegionName },
			Help: "The region of the catalog in which services are looked up. Empty: any.",
		},
		Option{
			Name: "token_cache_time", Default: "300", Accepts: between(0, 86400), at: func(c *Config) any { return &c.Keystone.TokenCacheTime },
			Help: "How long the identity service's word on a token is believed.",
		},
	)
}

// authOptions are the options of a service user, in whichever section.
func authOptions(domain string, auth func(*Config) *Auth) []Option {
	field := func(of func(*Auth) any) func(*Config) any {
		return func(c *Config) any { return of(auth(c)) }
	}
	return []Option{
		{Name: "auth_url", Accepts: maybe(webAddress), at: field(func(a *Auth) any { return &a.URL }), Help: "The address of the identity service."},
		{Name: "username", at: field(func(a *Auth) any { return &a.Username }), Help: "The service user."},
		{Name: "password", Secret: true, at: field(func(a *Auth) any { return &a.Password }), Help: "The service user's password."},
		{Name: "project_name", at: field(func(a *Auth) any { return &a.ProjectName }), Help: "The service user's project."},
		{Name: "user_domain_name", Default: domain, at: field(func(a *Auth) any { return &a.UserDomainName }), Help: "The domain of the user, by name."},
		{Name: "user_domain_id", at: field(func(a *Auth) any { return &a.UserDomainID }), Help: "The domain of the user, by ID: instead of the name."},
		{Name: "project_domain_name", Default: domain, at: field(func(a *Auth) any { return &a.ProjectDomainName }), Help: "The domain of the project, by name."},
		{Name: "project_domain_id", at: field(func(a *Auth) any { return &a.ProjectDomainID }), Help: "The domain of the project, by ID: instead of the name."},
		{Name: "cafile", at: field(func(a *Auth) any { return &a.CAFile }), Help: "A file with the certificates to trust, in PEM. Empty: the system's."},
		{Name: "insecure", Default: "false", at: field(func(a *Auth) any { return &a.Insecure }), Help: "Don't verify certificates."},
	}
}

var glanceOptions = append(endpointOptions(func(c *Config) *Endpoint { return &c.Glance.Endpoint }), Option{
	Name: "api_servers", at: func(c *Config) any { return &c.Glance.APIServers },
	Help: "The older name of endpoint_override. One address: put a load balancer in front of several.",
})

func neutronOptions() []Option {
	return append(endpointOptions(func(c *Config) *Endpoint { return &c.Neutron.Endpoint }),
		authOptions("", func(c *Config) *Auth { return &c.Neutron.Auth })...)
}

// endpointOptions say how a service is found, in whichever section.
func endpointOptions(of func(*Config) *Endpoint) []Option {
	return []Option{
		{
			Name: "endpoint_override", Accepts: maybe(webAddress), at: func(c *Config) any { return &of(c).Override },
			Help: "The address of the service. Empty: looked up in the identity service's catalog.",
		},
		{
			Name: "region_name", at: func(c *Config) any { return &of(c).RegionName },
			Help: "The region of the catalog in which it is looked up. Empty: that of [keystone_authtoken].",
		},
		{
			Name: "valid_interfaces", Default: "internal,public", Accepts: some(oneOf("internal", "public", "admin")), at: func(c *Config) any { return &of(c).ValidInterfaces },
			Help: "The interfaces of the catalog in which it is looked up, in order of preference.",
		},
	}
}

var imageOptions = []Option{
	{
		Name: "max_gb", Default: "1024", Accepts: between(0, 1e9), at: func(c *Config) any { return &c.Image.MaxGB },
		Help: "How much data the images of a project may hold together, in GiB; 0 is no limit.",
	},
}

var quotaOptions = []Option{
	{Name: "instances", Default: "10", Accepts: quota, at: func(c *Config) any { return &c.Quota.Instances }, Help: "Servers."},
	{Name: "cores", Default: "20", Accepts: quota, at: func(c *Config) any { return &c.Quota.Cores }, Help: "Virtual CPUs."},
	{Name: "ram", Default: "51200", Accepts: quota, at: func(c *Config) any { return &c.Quota.RAM }, Help: "Memory, in MiB."},
	{Name: "metadata_items", Default: "128", Accepts: quota, at: func(c *Config) any { return &c.Quota.MetadataItems }, Help: "Items of metadata of one server."},
	{Name: "injected_files", Default: "5", Accepts: quota, at: func(c *Config) any { return &c.Quota.InjectedFiles }, Help: "Files given to one server."},
	{Name: "injected_file_content_bytes", Default: "10240", Accepts: quota, at: func(c *Config) any { return &c.Quota.InjectedFileContentBytes }, Help: "Bytes of one such file."},
	{Name: "injected_file_path_length", Default: "255", Accepts: quota, at: func(c *Config) any { return &c.Quota.InjectedFilePathLength }, Help: "Length of the path of one such file."},
	{Name: "key_pairs", Default: "100", Accepts: quota, at: func(c *Config) any { return &c.Quota.KeyPairs }, Help: "Key pairs of one user."},
	{Name: "server_groups", Default: "10", Accepts: quota, at: func(c *Config) any { return &c.Quota.ServerGroups }, Help: "Server groups."},
	{Name: "server_group_members", Default: "10", Accepts: quota, at: func(c *Config) any { return &c.Quota.ServerGroupMembers }, Help: "Servers in one group."},
}

var policyOptions = []Option{
	{
		Name: "policy_file", Default: "policy.yaml", at: func(c *Config) any { return &c.Policy.File },
		Help: "The file with rules that replace the built-in ones. A relative path is looked up beside the last configuration file, or in state_path if there is none. It may be missing unless it is set.",
	},
	{
		Name: "enforce_scope", Default: "true", at: func(c *Config) any { return &c.Policy.EnforceScope },
		Help: "Refuse tokens whose scope isn't that of the rule.",
	},
	{
		Name: "enforce_new_defaults", Default: "true", at: func(c *Config) any { return &c.Policy.EnforceNewDefaults },
		Help: "Leave out the built-in rules that Nova has deprecated, from before there were readers and managers.",
	},
}

var weightOptions = []Option{
	{Name: "ram_weight_multiplier", Default: "1.0", Accepts: finite, at: func(c *Config) any { return &c.Weights.RAM }, Help: "How much free memory counts."},
	{Name: "cpu_weight_multiplier", Default: "1.0", Accepts: finite, at: func(c *Config) any { return &c.Weights.CPU }, Help: "How much free CPUs count."},
	{Name: "disk_weight_multiplier", Default: "1.0", Accepts: finite, at: func(c *Config) any { return &c.Weights.Disk }, Help: "How much free disk counts."},
	{Name: "soft_affinity_weight_multiplier", Default: "1.0", Accepts: finite, at: func(c *Config) any { return &c.Weights.SoftAffinity }, Help: "How much it counts that other members of a soft-affinity group run on the host."},
	{Name: "soft_anti_affinity_weight_multiplier", Default: "1.0", Accepts: finite, at: func(c *Config) any { return &c.Weights.SoftAntiAffinity }, Help: "How much it counts that no other members of a soft-anti-affinity group run on the host."},
}

// Rules that several options share.
var (
	quota    = atLeast(Unlimited)
	place    = oneOf(auto, Bundled, External)
	positive = between(0.0001, 1e6)
)
