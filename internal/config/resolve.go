package config

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// databaseFile is the SQLite database in the state directory.
const databaseFile = "nova.sqlite"

// resolve fills in what follows from other options.
func (c *Config) resolve(in Inputs) {
	c.Database.Connection = c.connection(lookup(in.Environ, "PGSSLMODE"))
	c.Policy.File = c.policyFile(in.Files)
	c.resolvePlaces()
	c.resolvePace()
	if c.Host == "" {
		c.Host = machineName()
	}
	if c.Glance.Override == "" && len(c.Glance.APIServers) > 0 {
		c.Glance.Override = c.Glance.APIServers[0]
	}
	if c.Neutron.URL == "" {
		c.Neutron.Auth = c.Keystone.Auth
	}
	if c.Cinder.URL == "" {
		c.Cinder.Auth = c.Keystone.Auth
	}
	if c.Cinder.RegionName == "" {
		c.Cinder.RegionName = c.Keystone.RegionName
	}
	for _, e := range []*Endpoint{&c.Glance.Endpoint, &c.Neutron.Endpoint} {
		if e.RegionName == "" {
			e.RegionName = c.Keystone.RegionName
		}
	}
	if c.Keystone.WWWAuthenticateURI == "" {
		c.Keystone.WWWAuthenticateURI = c.Keystone.URL
	}
	c.NovaAPI.PublicURL = strings.TrimRight(c.NovaAPI.PublicURL, "/")
}

// connection is the database's URL: a file in the state directory by default.
// PostgreSQL gets the sslmode that it has in every client but lib/pq, which
// would insist on TLS: a connection that works for Nova works here.
func (c *Config) connection(envMode string) string {
	connection := c.Database.Connection
	if connection == "" {
		return "sqlite:///" + filepath.ToSlash(filepath.Join(c.StateDir, databaseFile))
	}
	if !strings.HasPrefix(connection, "postgres") || envMode != "" {
		return connection
	}
	_, rawQuery, ok := strings.Cut(connection, "?")
	query, err := url.ParseQuery(rawQuery)
	if err != nil || query.Has("sslmode") || query.Has("sslrootcert") || query.Has("sslnegotiation") {
		return connection
	}
	if !ok || rawQuery == "" {
		return strings.TrimSuffix(connection, "?") + "?sslmode=prefer"
	}
	return connection + "&sslmode=prefer"
}

// policyFile is the path of policy_file: empty if it wasn't set and isn't there. A
// relative path is beside the last file of the configuration, as oslo.policy looks
// for it.
func (c *Config) policyFile(files []string) string {
	path := c.Policy.File
	if path == "" {
		return ""
	}
	if !filepath.IsAbs(path) {
		dir := c.StateDir
		if len(files) > 0 {
			dir = filepath.Dir(files[len(files)-1])
		}
		path = filepath.Join(dir, path)
	}
	_, set := c.from[key{"oslo_policy", "policy_file"}]
	if _, err := os.Stat(path); err != nil && !set {
		return ""
	}
	return path
}

// resolvePlaces decides which services are bundled: all or none, unless the
// configuration has it otherwise.
func (c *Config) resolvePlaces() {
	place := External
	if c.Keystone.URL == "" {
		place = Bundled
	}
	n := &c.NovaAPI
	if n.Identity == auto {
		n.Identity = place
	}
	for _, service := range []*string{&n.Image, &n.Network, &n.Volume} {
		if *service == auto {
			*service = n.Identity
		}
	}
}

// machineName is the machine's name, or localhost.
func machineName() string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		return "localhost"
	}
	return name
}
