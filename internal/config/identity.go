package config

// Identity is the section [identity]: the bundled identity service.
type Identity struct {
	MaxTokensPerUser   int // the most tokens of one user that are kept; the oldest go first
	PasswordHashRounds int // bcrypt's cost of new hashes of passwords: a power of two
}

var identityOptions = []Option{
	// Tokens live for hours, and a client that logs in for each call makes thousands. Without
	// a bound they fill the database faster than expired ones are removed.
	{
		Name: "max_tokens_per_user", Default: "10000", Accepts: between(10, 1e6), at: func(c *Config) any { return &c.Identity.MaxTokensPerUser },
		Help: "How many tokens of one user are kept. Beyond that, a new token revokes the user's oldest; clients log in again by themselves.",
	},
	// Old hashes keep their cost until the password is set again.
	{
		Name: "password_hash_rounds", Default: "10", Accepts: between(4, 16), at: func(c *Config) any { return &c.Identity.PasswordHashRounds },
		Help: "How costly a new hash of a password is, and each check against it: bcrypt's power of two. 10 takes about 60 ms of a processor, 4 is for tests.",
	},
}
