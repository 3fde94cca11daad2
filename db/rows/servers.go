package rows

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// What several PostgreSQL servers need, of which one at a time can be written: a primary
// and its standbys. A URL names them as libpq has it: postgres://h1:5432,h2:5433/nova.

// defaultPort is PostgreSQL's.
const defaultPort = "5432"

// connectTimeout is how many seconds a server has to take a connection.
const connectTimeout = "5"

// severalServers are the settings that a URL with several servers stands for. The driver
// reads hosts and their ports only apart from each other. Unless the URL says otherwise, a
// connection is made to the server that can be written, and one that doesn't answer is
// left alone after a while. It returns the URL without the servers.
func severalServers(dsn string, query url.Values) (rest string, settings map[string]string) {
	address, found := strings.CutPrefix(dsn, "postgres://")
	at := strings.IndexAny(address+"/", "/?")
	name, authority := address[at:], address[:at]
	user, servers := "", authority
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		user, servers = authority[:i+1], authority[i+1:]
	}
	settings = map[string]string{"target_session_attrs": "read-write", "connect_timeout": connectTimeout}
	switch {
	case found && strings.Contains(servers, ","):
	case strings.Contains(query.Get("host"), ","):
		return dsn, settings
	default:
		return dsn, nil
	}
	var hosts, ports []string
	for server := range strings.SplitSeq(servers, ",") {
		host, port, err := net.SplitHostPort(server)
		if err != nil { // there is no port
			host, port = strings.Trim(server, "[]"), defaultPort
		}
		hosts, ports = append(hosts, host), append(ports, port)
	}
	settings["host"], settings["port"] = strings.Join(hosts, ","), strings.Join(ports, ",")
	return "postgres://" + user + name, settings
}

// errUnreached marks a connection that could not be made.
var errUnreached = errors.New("the database can't be reached")

// reaching marks the errors of a connector: the driver has no kind of its own for a server
// that it has reached but doesn't want, such as a standby.
type reaching struct{ driver.Connector }

// Connect opens a connection.
func (r reaching) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := r.Connector.Connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnreached, err)
	}
	return conn, nil
}
