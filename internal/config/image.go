package config

// Image is the section [image]: the bundled image service.
type Image struct {
	MaxGB int // of the data of all images of a project, in GiB; 0 for any amount
}

var imageOptions = []Option{
	// Generous, because it is there for runaway clients. Glance has unified limits for this,
	// and is unlimited without them.
	{
		Name: "max_gb", Default: "1024", Accepts: between(0, 1e9), at: func(c *Config) any { return &c.Image.MaxGB },
		Help: "How much data the images of a project may hold together, in GiB; 0 is no limit.",
	},
}
