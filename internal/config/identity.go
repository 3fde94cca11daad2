package config

// Identity is the section [identity]: the bundled identity service.
type Identity struct {
	MaxTokensPerUser int // the most tokens of one user that are kept; the oldest go first
}

var identityOptions = []Option{
	{
		Name: "max_tokens_per_user", Default: "10000", Accepts: between(10, 1e6), at: func(c *Config) any { return &c.Identity.MaxTokensPerUser },
		Help: "How many tokens of one user are kept. Beyond that, a new token revokes the user's oldest; clients log in again by themselves.",
	},
}
