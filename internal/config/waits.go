package config

import "time"

// Waits is the part of [DEFAULT] about states that servers don't stay in for ever.
type Waits struct {
	ReclaimInterval    time.Duration // zero: deleted servers can't be restored
	ShelvedOffloadTime int           // seconds; -1: for ever
	ShelvedPoll        int           // seconds; 0 or less: never
	ConfirmWindow      time.Duration // zero: a resize waits for ever
	ResizeToSameHost   bool
}

var waitOptions = []Option{
	{
		Name: "reclaim_instance_interval", Default: "0", at: func(c *Config) any { return &c.Waits.ReclaimInterval },
		Help: "How long a deleted server can be restored. 0: it is deleted for good at once.",
	},
	{
		Name: "resize_confirm_window", Default: "0", at: func(c *Config) any { return &c.Waits.ConfirmWindow },
		Help: "How long after it a resize is confirmed by itself. 0: it waits for somebody to confirm or revert it.",
	},
	{
		Name: "allow_resize_to_same_host", Default: "false", at: func(c *Config) any { return &c.Waits.ResizeToSameHost },
		Help: "Whether a server may stay on its host when it is resized. Otherwise there must be another host.",
	},
	{
		Name: "shelved_offload_time", Default: "0", Accepts: between(-1, 1e9), at: func(c *Config) any { return &c.Waits.ShelvedOffloadTime },
		Help: "How many seconds a shelved server stays on its host. 0: it leaves the host at once; -1: it stays there.",
	},
	{
		Name: "shelved_poll_interval", Default: "3600", Accepts: between(-1, 1e9), at: func(c *Config) any { return &c.Waits.ShelvedPoll },
		Help: "How many seconds lie between two looks for shelved servers that have stayed on their hosts for shelved_offload_time. 0 or less: nobody looks.",
	},
}
