package config

// FilterScheduler is the section [filter_scheduler]: which hosts a server may go
// to, and which of them is best.
type FilterScheduler struct {
	Available []string
	Enabled   []string
	Subset    int

	MaxIOOps     int
	MaxInstances int

	IsolatedImages []string
	IsolatedHosts  []string
	OnlyIsolated   bool

	ImageNamespace      string
	ImageSeparator      string
	DefaultArchitecture string

	Weights Weights
}

// Weights are the multipliers of the scheduler's weighers. A multiplier below zero
// packs servers instead of spreading them.
type Weights struct {
	RAM  float64
	CPU  float64
	Disk float64

	SoftAffinity     float64
	SoftAntiAffinity float64

	IOOps        float64
	NumInstances float64
	Version      float64
}

var filterSchedulerOptions = []Option{
	{
		Name: "available_filters", Default: "nova.scheduler.filters.all_filters", at: func(c *Config) any { return &c.FilterScheduler.Available },
		Help: "The filters that may be enabled: their paths in Nova, or the path of all.",
	},
	{
		Name: "enabled_filters", at: func(c *Config) any { return &c.FilterScheduler.Enabled },
		Help: "The filters that a host must pass, beside its room, its zone, and that it is enabled. Without any, those that Nova enables, " +
			"and those for hints: SameHostFilter, DifferentHostFilter, SimpleCIDRAffinityFilter and JsonFilter.",
	},
	{
		Name: "host_subset_size", Default: "1", Accepts: atLeast(1), at: func(c *Config) any { return &c.FilterScheduler.Subset },
		Help: "A server goes to any of so many of the best hosts.",
	},
	{
		Name: "max_io_ops_per_host", Default: "8", Accepts: atLeast(0), at: func(c *Config) any { return &c.FilterScheduler.MaxIOOps },
		Help: "IoOpsFilter: for how many servers a host may be moving data.",
	},
	{
		Name: "max_instances_per_host", Default: "50", Accepts: atLeast(1), at: func(c *Config) any { return &c.FilterScheduler.MaxInstances },
		Help: "NumInstancesFilter: how many servers a host may have.",
	},
	{
		Name: "isolated_images", at: func(c *Config) any { return &c.FilterScheduler.IsolatedImages },
		Help: "IsolatedHostsFilter: the IDs of images whose servers go to isolated hosts.",
	},
	{
		Name: "isolated_hosts", at: func(c *Config) any { return &c.FilterScheduler.IsolatedHosts },
		Help: "IsolatedHostsFilter: the names of isolated hosts.",
	},
	{
		Name: "restrict_isolated_hosts_to_isolated_images", Default: "true", at: func(c *Config) any { return &c.FilterScheduler.OnlyIsolated },
		Help: "IsolatedHostsFilter: isolated hosts are for servers of isolated images only.",
	},
	{
		Name: "aggregate_image_properties_isolation_namespace", at: func(c *Config) any { return &c.FilterScheduler.ImageNamespace },
		Help: "AggregateImagePropertiesIsolation: how the metadata begins that it compares.",
	},
	{
		Name: "aggregate_image_properties_isolation_separator", Default: ".", at: func(c *Config) any { return &c.FilterScheduler.ImageSeparator },
		Help: "AggregateImagePropertiesIsolation: what stands behind the namespace.",
	},
	{
		Name: "image_properties_default_architecture", at: func(c *Config) any { return &c.FilterScheduler.DefaultArchitecture },
		Help: "ImagePropertiesFilter: the architecture of images that name none.",
	},
	{Name: "ram_weight_multiplier", Default: "1.0", Accepts: finite, at: weight(func(w *Weights) *float64 { return &w.RAM }), Help: "How much free memory counts."},
	{Name: "cpu_weight_multiplier", Default: "1.0", Accepts: finite, at: weight(func(w *Weights) *float64 { return &w.CPU }), Help: "How much free CPUs count."},
	{Name: "disk_weight_multiplier", Default: "1.0", Accepts: finite, at: weight(func(w *Weights) *float64 { return &w.Disk }), Help: "How much free disk counts."},
	{Name: "soft_affinity_weight_multiplier", Default: "1.0", Accepts: finite, at: weight(func(w *Weights) *float64 { return &w.SoftAffinity }), Help: "How much it counts that other members of a soft-affinity group run on the host."},
	{Name: "soft_anti_affinity_weight_multiplier", Default: "1.0", Accepts: finite, at: weight(func(w *Weights) *float64 { return &w.SoftAntiAffinity }), Help: "How much it counts that no other members of a soft-anti-affinity group run on the host."},
	{Name: "io_ops_weight_multiplier", Default: "-1.0", Accepts: finite, at: weight(func(w *Weights) *float64 { return &w.IOOps }), Help: "How much it counts for how many servers the host is moving data."},
	{Name: "num_instances_weight_multiplier", Default: "0.0", Accepts: finite, at: weight(func(w *Weights) *float64 { return &w.NumInstances }), Help: "How much it counts how many servers the host has."},
	{Name: "hypervisor_version_weight_multiplier", Default: "1.0", Accepts: finite, at: weight(func(w *Weights) *float64 { return &w.Version }), Help: "How much the version of the host's hypervisor counts."},
}

func weight(of func(*Weights) *float64) func(*Config) any {
	return func(c *Config) any { return of(&c.FilterScheduler.Weights) }
}
