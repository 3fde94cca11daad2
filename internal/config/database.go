package config

// Database is the section [database]: which database, and how many connections.
type Database struct {
	Connection  string // sqlite:///FILE or postgresql://…; never empty after Load
	MaxPoolSize int
	MaxOverflow int
}

// MaxConns is the most connections that the process may hold open.
func (d Database) MaxConns() int { return d.MaxPoolSize + d.MaxOverflow }

var databaseOptions = []Option{
	{
		Name: "connection", Secret: true, Accepts: maybe(storeAddress), at: func(c *Config) any { return &c.Database.Connection },
		Help: "The database: sqlite:///FILE (four slashes for an absolute path) or postgresql://USER:PASSWORD@HOST/NAME. Empty: nova.sqlite in state_path.",
	},
	{
		Name: "max_pool_size", Default: "32", Accepts: between(2, 10000), at: func(c *Config) any { return &c.Database.MaxPoolSize },
		Help: "How many connections to the database are kept. Half of them are for lists.",
	},
	{
		Name: "max_overflow", Default: "0", Accepts: between(0, 10000), at: func(c *Config) any { return &c.Database.MaxOverflow },
		Help: "How many connections more than max_pool_size there may be.",
	},
}
