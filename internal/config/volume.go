package config

// Volume is the section [volume]: the bundled block storage service. The limits are
// those of projects that an administrator has given no others; -1 is no limit. The
// options are called as in cinder.conf.
type Volume struct {
	Volumes   int
	Snapshots int
	Gigabytes int // of all volumes and snapshots of a project, in GiB
	VolumeGB  int // of one volume, in GiB
}

var volumeOptions = []Option{
	{
		Name: "quota_volumes", Default: "10", Accepts: between(-1, 1e9), at: func(c *Config) any { return &c.Volume.Volumes },
		Help: "How many volumes a project may have.",
	},
	{
		Name: "quota_snapshots", Default: "10", Accepts: between(-1, 1e9), at: func(c *Config) any { return &c.Volume.Snapshots },
		Help: "How many snapshots of volumes a project may have.",
	},
	{
		Name: "quota_gigabytes", Default: "1000", Accepts: between(-1, 1e9), at: func(c *Config) any { return &c.Volume.Gigabytes },
		Help: "How large the volumes and snapshots of a project may be together, in GiB.",
	},
	{
		Name: "per_volume_size_limit", Default: "-1", Accepts: between(-1, 1e9), at: func(c *Config) any { return &c.Volume.VolumeGB },
		Help: "How large a volume may be, in GiB.",
	},
}
