package config

// Unlimited is the value of a quota without a limit.
const Unlimited = -1

// Quota is the section [quota]: the limits of projects that an administrator has
// set no others for.
type Quota struct {
	Instances                int
	Cores                    int
	RAM                      int // MiB
	MetadataItems            int
	InjectedFiles            int
	InjectedFileContentBytes int
	InjectedFilePathLength   int
	KeyPairs                 int
	ServerGroups             int
	ServerGroupMembers       int
}

var quota = atLeast(Unlimited)

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
