package config

import "time"

// Waits is the part of [DEFAULT] about states that servers don't stay in for ever.
type Waits struct {
	ReclaimInterval time.Duration // zero: deleted servers can't be restored
}

var waitOptions = []Option{
	{
		Name: "reclaim_instance_interval", Default: "0", at: func(c *Config) any { return &c.Waits.ReclaimInterval },
		Help: "How long a deleted server can be restored. 0: it is deleted for good at once.",
	},
}
