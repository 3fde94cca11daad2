package rows

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"modernc.org/sqlite"

	"github.com/nova-api/nova-api/internal/pattern"
)

// A dialect holds the differences between the two databases.
type dialect struct {
	name       string            // as database/sql's driver, and goose, call it
	words      *strings.Replacer // what migrations and layouts write: $serial, $time, …
	lock       string            // how a query claims rows that others may want too
	forUpdate  string            // how a query keeps rows from changing until its transaction ends
	matches    string            // the operator of a regular expression
	separator  string            // the character that separates the values of a packed row
	float      string            // a number as text, with all its digits; %s is the column
	pattern    func(pattern.Pattern) string
	splitPools bool                                   // readers and the writer have connections of their own
	inspect    func(ctx context.Context, s *DB) error // looks at a database before it is touched
	open       func(dsn string, p pool) (*sqlx.DB, error)
	fault      func(error) error                  // gives a driver's error a kind
	trouble    func(err error, file string) error // says what is wrong with the database itself
	tables     string                             // the query for the names of all tables
}

// dialects are the two databases. All differences between them are here: no query
// asks which one it is for.
var dialects = map[string]dialect{
	"postgres": {
		name: "postgres",
		words: strings.NewReplacer("$serial", "BIGSERIAL PRIMARY KEY", "$time", "TIMESTAMPTZ", "$float", "DOUBLE PRECISION", "$blob", "BYTEA",
			"$object", "JSON_OBJECT_AGG"),
		lock:      "FOR UPDATE SKIP LOCKED",
		forUpdate: "FOR UPDATE",
		matches:   "~",
		separator: "chr(31)",
		float:     "%s",
		pattern:   pattern.Pattern.Postgres,
		inspect:   func(context.Context, *DB) error { return nil }, // connecting changes nothing
		open:      openPostgres,
		fault:     postgresFault,
		trouble:   postgresTrouble,
		tables:    "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY table_name",
	},
	"sqlite": {
		name: "sqlite",
		words: strings.NewReplacer("$serial", "INTEGER PRIMARY KEY AUTOINCREMENT", "$time", "TIMESTAMP", "$float", "REAL", "$blob", "BLOB",
			"$object", "JSON_GROUP_OBJECT"),
		matches:    "REGEXP",
		separator:  "char(31)",
		float:      "format('%%!.17g', %s)",
		pattern:    pattern.Pattern.Go,
		splitPools: true, // one writer at a time: nothing to lock
		inspect:    inspectSQLite,
		open:       openSQLite,
		fault:      sqliteFault,
		trouble:    sqliteTrouble,
		tables:     "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
	},
}

// parseConnection splits a connection URL into the name of a dialect and the DSN
// for its driver.
func parseConnection(connection string) (name, dsn string, err error) {
	scheme, rest, ok := strings.Cut(connection, "://")
	if !ok {
		return "", "", errors.New("database connection: want a URL such as sqlite:///nova.db or postgres://user@host/nova")
	}
	switch scheme, _, _ = strings.Cut(scheme, "+"); scheme {
	case "postgres", "postgresql":
		return "postgres", "postgres://" + rest, nil
	case "sqlite":
		path := strings.TrimPrefix(rest, "/")
		if path == "" {
			return "", "", errors.New("database connection: sqlite:// needs a file, as in sqlite:///nova.db")
		}
		return "sqlite", path, nil
	}
	return "", "", fmt.Errorf("database connection: no driver for %q: want sqlite or postgres", scheme)
}

// A pool configures one pool of connections.
type pool struct {
	readOnly bool
	conns    int           // at most
	timeout  time.Duration // of a statement; 0 for none
	silence  time.Duration // of a server while a statement runs
}

// openPostgres opens a pool of PostgreSQL connections. None of them is made before
// it is needed.
func openPostgres(dsn string, p pool) (*sqlx.DB, error) {
	settings := map[string]string{
		"timezone":        "UTC", // in which times are cast to text
		"connect_timeout": connectTimeout,
	}
	if p.timeout > 0 {
		settings["statement_timeout"] = strconv.FormatInt(max(p.timeout.Milliseconds(), 1), 10)
	}
	dsn, err := withSettings(dsn, settings)
	if err != nil {
		return nil, err
	}
	connector, err := pq.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	connector.Dialer(dialer{silence: p.silence})
	d := sql.OpenDB(preparing{reaching{connector}, sqlx.DOLLAR})
	d.SetMaxOpenConns(p.conns)
	d.SetMaxIdleConns(p.conns)
	d.SetConnMaxIdleTime(5 * time.Minute)
	return sqlx.NewDb(d, "postgres"), nil
}

// withSettings adds settings of PostgreSQL's to a URL, for each session. What
// the URL says itself stays.
func withSettings(dsn string, settings map[string]string) (string, error) {
	address, rawQuery, _ := strings.Cut(dsn, "?")
	query, err := url.ParseQuery(rawQuery)
	if err != nil {
		return "", errors.New("database connection: what follows the ? can't be read") // err may hold the password
	}
	address, several := severalServers(address, query)
	for _, all := range []map[string]string{several, settings} {
		for name, value := range all {
			if !query.Has(name) {
				query.Set(name, value)
			}
		}
	}
	return address + "?" + query.Encode(), nil
}

// openSQLite opens a pool of connections to a file: readers, or the one writer.
// Writers begin with a lock, so that no transaction fails half-way because another
// one writes.
func openSQLite(path string, p pool) (*sqlx.DB, error) {
	q := url.Values{"_pragma": {"journal_mode(WAL)", "busy_timeout(5000)", "synchronous(NORMAL)", "foreign_keys(1)"}}
	q.Set("_time_format", "sqlite")
	if p.readOnly {
		q.Add("_pragma", "query_only(1)")
	} else {
		q.Set("_txlock", "immediate")
		p.conns = 1
	}
	connector, err := sqlite.NewConnector(fileURL(path) + "?" + q.Encode())
	if err != nil {
		return nil, err
	}
	d := sql.OpenDB(preparing{connector, sqlx.QUESTION})
	d.SetMaxOpenConns(p.conns)
	d.SetMaxIdleConns(p.conns)
	sqlx.BindDriver("sqlite", sqlx.QUESTION) // sqlx knows it by its cgo name only
	return sqlx.NewDb(d, "sqlite"), nil
}

// inspectSQLite readies the driver, which must be done before any file is opened, and
// refuses a file of another program before openSQLite changes its
// journal to ours.
func inspectSQLite(ctx context.Context, s *DB) error {
	if err := registerRegexp(); err != nil {
		return err
	}
	if err := createFile(s.dsn); err != nil {
		return err
	}
	d, err := sql.Open("sqlite", fileURL(s.dsn)+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	_, err = s.checkTables(ctx, sqlx.NewDb(d, "sqlite"))
	return err
}

// fileURL is how SQLite takes a path that may hold any character.
func fileURL(path string) string { return "file:" + (&url.URL{Path: path}).EscapedPath() }

// createFile makes an empty SQLite database unless there is one. SQLite itself
// would let everybody read it.
func createFile(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// SkipLocked is the end of a query that claims rows and passes over those that
// others have claimed.
func (s *DB) SkipLocked() string { return s.dialect.lock }

// ForUpdate is the end of a query that keeps others from changing its rows until
// the transaction ends.
func (s *DB) ForUpdate() string { return s.dialect.forUpdate }

// Matches is the condition that a pattern matches a column, with its argument.
// A null column matches nothing.
func (s *DB) Matches(column string, p pattern.Pattern) (condition string, arg any) {
	return column + " " + s.dialect.matches + " ?", s.dialect.pattern(p)
}
