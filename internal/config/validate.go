package config

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// Validate checks what no option can tell by itself, and reports all that is
// wrong.
func (c *Config) Validate() error {
	v := validator{from: c.from}
	if c.NovaAPI.Identity == External {
		v.need(c.Keystone.URL != "", "keystone_authtoken", "auth_url", "must be set: the identity service isn't the bundled one")
	}
	v.checkAuth("keystone_authtoken", c.Keystone.Auth)
	if c.Neutron.Auth != c.Keystone.Auth {
		v.checkAuth("neutron", c.Neutron.Auth)
	}
	if c.Cinder.Auth != c.Keystone.Auth {
		v.checkAuth("cinder", c.Cinder.Auth)
	}
	if c.NovaAPI.Identity == Bundled { // its catalog is made of these
		const why = "must be set: the service isn't the bundled one, but the identity service is"
		v.need(c.NovaAPI.Image != External || c.Glance.Override != "", "glance", "endpoint_override", why)
		v.need(c.NovaAPI.Network != External || c.Neutron.Override != "", "neutron", "endpoint_override", why)
		v.need(c.NovaAPI.Volume != External || c.Cinder.EndpointTemplate != "", "cinder", "endpoint_template", why)
	}
	v.need(len(c.Glance.APIServers) < 2, "glance", "api_servers",
		"want one address: of a load balancer, if there are several services")
	const roles = 3
	v.need(len(c.NovaAPI.Roles) == roles || !strings.HasPrefix(c.Database.Connection, "sqlite"), "nova_api", "roles",
		"a SQLite file has one process, which needs all roles; for several processes, [database] connection must name a PostgreSQL database")
	v.need(c.Hosts.DownTime > c.Hosts.ReportInterval, "DEFAULT", "service_down_time", "must be more than report_interval")
	const both = "must be set: a certificate needs its key"
	v.need(c.SSL.CertFile != "" || c.SSL.KeyFile == "", "ssl", "cert_file", both)
	v.need(c.SSL.KeyFile != "" || c.SSL.CertFile == "", "ssl", "key_file", both)
	v.need(c.SSL.CertFile == "" || readable(c.SSL.CertFile), "ssl", "cert_file", "can't read "+c.SSL.CertFile)
	v.need(c.SSL.KeyFile == "" || readable(c.SSL.KeyFile), "ssl", "key_file", "can't read "+c.SSL.KeyFile)
	n := c.Notifications
	v.checkTransport(n)
	v.need(n.Bus.CAFile == "" || readable(n.Bus.CAFile), "oslo_messaging_rabbit", "ssl_ca_file", "can't read "+n.Bus.CAFile)
	v.need(n.Bus.CertFile == "" || readable(n.Bus.CertFile), "oslo_messaging_rabbit", "ssl_cert_file", "can't read "+n.Bus.CertFile)
	v.need((n.Bus.CertFile == "") == (n.Bus.KeyFile == ""), "oslo_messaging_rabbit", "ssl_key_file", "must be set with ssl_cert_file, and only then")
	v.need(c.Policy.File == "" || readable(c.Policy.File), "oslo_policy", "policy_file",
		"can't read "+c.Policy.File)
	_, err := c.OTel.HeaderMap()
	v.need(err == nil, "otel", "headers", "want NAME=VALUE")
	return errors.Join(v.faults...)
}

// A validator gathers faults.
type validator struct {
	from   map[key]string
	faults []error
}

// need reports a fault of an option unless all is well, with where its value
// came from if it has one.
func (v *validator) need(ok bool, section, option, why string) {
	if ok {
		return
	}
	k := key{section, option}
	err := fmt.Errorf("%v: %s", k, why)
	if from, found := v.from[k]; found {
		err = fmt.Errorf("%s: %w", from, err)
	}
	v.faults = append(v.faults, err)
}

// checkAuth demands a whole service user where there is a part of one.
func (v *validator) checkAuth(section string, a Auth) {
	if a.URL == "" {
		return
	}
	const why = "must be set: there is an auth_url"
	v.need(a.Username != "", section, "username", why)
	v.need(a.Password != "", section, "password", why)
	v.need(a.ProjectName != "", section, "project_name", why)
	v.need(a.UserDomainName+a.UserDomainID != "", section, "user_domain_name", "must be set, or user_domain_id: there is an auth_url")
	v.need(a.ProjectDomainName+a.ProjectDomainID != "", section, "project_domain_name", "must be set, or project_domain_id: there is an auth_url")
	v.need(a.CAFile == "" || readable(a.CAFile), section, "cafile", "can't read "+a.CAFile)
}

// readable reports whether the process may read a file. It is better to know that
// at the start than at the first connection.
func readable(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	_ = f.Close()
	return true
}
