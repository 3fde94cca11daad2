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
	// SQLite is for one process: it locks the file. Everything that several processes do needs
	// PostgreSQL.
	{
		Name: "connection", Secret: true, Accepts: maybe(storeAddress), at: func(c *Config) any { return &c.Database.Connection },
		Help: "The database: sqlite:///FILE (four slashes for an absolute path) or postgresql://USER:PASSWORD@HOST/NAME. HOST may be a primary and its standbys: HOST1:5432,HOST2:5433. Empty: nova.sqlite in state_path.",
	},
	// Lists have connections of their own, so that no number of slow lists keeps other
	// requests, heartbeats and leases waiting. Nova's default of 5 is for each of its many
	// processes.
	{
		Name: "max_pool_size", Default: "32", Accepts: between(2, 10000), at: func(c *Config) any { return &c.Database.MaxPoolSize },
		Help: "How many connections to the database are kept. Half of them are for lists.",
	},
	// Nova's default is 50. Connections are dear to PostgreSQL, and more of them than cores
	// make it slower.
	{
		Name: "max_overflow", Default: "0", Accepts: between(0, 10000), at: func(c *Config) any { return &c.Database.MaxOverflow },
		Help: "How many connections more than max_pool_size there may be.",
	},
}
