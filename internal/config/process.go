package config

// The options of [DEFAULT] are fields of Config itself.
var processOptions = []Option{
	{
		Name: "debug", Default: "false", at: func(c *Config) any { return &c.Debug },
		Help: "Log messages for developers too.",
	},
	// What a process keeps here is its own, but for the images: API processes on several
	// machines need a file system in common for those.
	{
		Name: "state_path", Default: "./state", Accepts: notEmpty, at: func(c *Config) any { return &c.StateDir },
		Help: "The directory for the files of this process: the SQLite database, the bundled image service's data, clouds.yaml and the openrc files. Created if it does not exist.",
	},
	// Nova listens on all addresses. A fresh checkout with a known set of users should not.
	{
		Name: "osapi_compute_listen", Default: "127.0.0.1", at: func(c *Config) any { return &c.ListenHost },
		Help: "The address to listen on. Empty: all addresses of the machine.",
	},
	// With port 0, tests of any number run side by side; the log's first line says which port
	// it is.
	{
		Name: "osapi_compute_listen_port", Default: "8774", Accepts: between(0, 65535), at: func(c *Config) any { return &c.ListenPort },
		Help: "The port to listen on; 0 for any free one.",
	},
	// Services without a host of their own, such as the scheduler, are listed under this name.
	// Hypervisors have theirs from the driver.
	{
		Name: "host", Accepts: maybe(hostName), at: func(c *Config) any { return &c.Host },
		Help: "The name of this process among those that share a database. Empty: the machine's name.",
	},
	// The orchestrator's own patience must be longer, or it kills what would have ended well.
	{
		Name: "graceful_shutdown_timeout", Default: "60", at: func(c *Config) any { return &c.ShutdownTimeout },
		Help: "How long requests may take to finish once the process is told to stop.",
	},
	// There is no RPC, but the option is what operators know: it is the deadline of a question
	// in the table asks.
	{
		Name: "rpc_response_timeout", Default: "60", Accepts: between(1, 3600), at: func(c *Config) any { return &c.ResponseTimeout },
		Help: "How long the process of a host may take for what a client waits for, such as a console's output or the attachment of an interface.",
	},
	{
		Name: "heal_instance_info_cache_interval", Default: "60", Accepts: between(0, 86400), at: func(c *Config) any { return &c.HealInterval },
		Help: "How often a process compares what the servers on its hosts show of the network with the network service, in case word of a change got lost. 0: never.",
	},
	{
		Name: "reimage_timeout_per_gb", Default: "20", Accepts: between(1, 86400), at: func(c *Config) any { return &c.ReimageTime },
		Help: "How long the block storage service may take to write an image over the volume that a server boots from, which is rebuilt, for each GB of the image.",
	},
	// It is per piece and not per request: a deadline for whole requests would cut off slow
	// uploads, none would let a client hold a connection for ever.
	{
		Name: "client_socket_timeout", Default: "60", Accepts: between(1, 3600), at: func(c *Config) any { return &c.ClientTimeout },
		Help: "How long a client may take to send the next part of a request, or to take the next part of a response. Uploads and downloads may take as long as they like, as long as they move.",
	},
}

var serverOptions = []Option{
	// The default is Nova's. Properties of Nova's own bookkeeping, which differ from release
	// to release, are left out in any case.
	{
		Name: "non_inheritable_image_properties", Default: "cache_in_nova,bittorrent", at: func(c *Config) any { return &c.NotInherited },
		Help: "The properties that an image of a server doesn't inherit from the image that the server was made of, beside those of signatures and encryption, which it never does.",
	},
	// The password is shown once and stored nowhere. Hypervisors that can't set it ignore it,
	// as the fake one does.
	{
		Name: "password_length", Default: "12", Accepts: between(0, 255), at: func(c *Config) any { return &c.PasswordLength },
		Help: "The length of the administrator's password that a new server is given.",
	},
	{
		Name: "force_config_drive", Default: "false", at: func(c *Config) any { return &c.ForceConfigDrive },
		Help: "Whether every server that this process's hosts build gets a config drive, be it asked for or not.",
	},
	// Nova knows two options for this: default_availability_zone for hosts, and
	// default_schedule_zone for servers. The latter is not here: a server without a zone may
	// go anywhere.
	{
		Name: "default_availability_zone", Default: "nova", Accepts: notEmpty, at: func(c *Config) any { return &c.DefaultZone },
		Help: "The availability zone of hosts that are in no other.",
	},
	// It can't be asked for: no server is ever placed there.
	{
		Name: "internal_service_availability_zone", Default: "internal", Accepts: notEmpty, at: func(c *Config) any { return &c.InternalZone },
		Help: "The availability zone that services other than compute are shown in.",
	},
	// What became of an audit is asked of the API, so this is about processes that serve it.
	{
		Name: "instance_usage_audit_period", Default: "month", Accepts: auditCycle, at: func(c *Config) any { return &c.AuditPeriod },
		Help: "How long the periods are for which the usage of servers is told: hour, day, month or year. With @ and a number, they begin at that minute, hour, day or month: month@15 is from the 15th to the 15th.",
	},
}
