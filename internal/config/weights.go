package config

// Weights is the section [filter_scheduler]: the multipliers of the scheduler's
// weighers. A multiplier below zero packs servers instead of spreading them.
type Weights struct {
	RAM  float64
	CPU  float64
	Disk float64

	SoftAffinity     float64
	SoftAntiAffinity float64
}

var weightOptions = []Option{
	{Name: "ram_weight_multiplier", Default: "1.0", Accepts: finite, at: func(c *Config) any { return &c.Weights.RAM }, Help: "How much free memory counts."},
	{Name: "cpu_weight_multiplier", Default: "1.0", Accepts: finite, at: func(c *Config) any { return &c.Weights.CPU }, Help: "How much free CPUs count."},
	{Name: "disk_weight_multiplier", Default: "1.0", Accepts: finite, at: func(c *Config) any { return &c.Weights.Disk }, Help: "How much free disk counts."},
	{Name: "soft_affinity_weight_multiplier", Default: "1.0", Accepts: finite, at: func(c *Config) any { return &c.Weights.SoftAffinity }, Help: "How much it counts that other members of a soft-affinity group run on the host."},
	{Name: "soft_anti_affinity_weight_multiplier", Default: "1.0", Accepts: finite, at: func(c *Config) any { return &c.Weights.SoftAntiAffinity }, Help: "How much it counts that no other members of a soft-anti-affinity group run on the host."},
}
