package config

import (
	"errors"
	"regexp"
	"strings"
)

// Cinder is the section [cinder]: the address of the block storage service, and the
// service user for it. A section without an auth_url has the service user of
// [keystone_authtoken].
type Cinder struct {
	Auth

	CatalogInfo      string // type:name:interface, where the name may be empty
	EndpointTemplate string // the address, with %(project_id)s where the project belongs; empty: the catalog is asked
	RegionName       string
	HTTPRetries      int
	CrossZoneAttach  bool
}

// catalogPattern is the form of catalog_info. Nova takes any interface.
var catalogPattern = regexp.MustCompile(`^[\w-]+:[^:]*:(public|internal|admin)(URL)?$`)

func cinderOptions() []Option {
	options := []Option{
		{
			Name: "catalog_info", Default: "volumev3::publicURL", Accepts: catalogInfo, at: func(c *Config) any { return &c.Cinder.CatalogInfo },
			Help: "What the service is looked up by in the identity service's catalog: type:name:interface. The name may be empty.",
		},
		{
			Name: "endpoint_template", Accepts: maybe(addressTemplate), at: func(c *Config) any { return &c.Cinder.EndpointTemplate },
			Help: "The address of the service, such as `http://localhost:8776/v3/%(project_id)s`. Empty: looked up in the identity service's catalog.",
		},
		{
			Name: "os_region_name", at: func(c *Config) any { return &c.Cinder.RegionName },
			Help: "The region of the catalog in which it is looked up. Empty: that of [keystone_authtoken].",
		},
		{
			Name: "http_retries", Default: "3", Accepts: between(0, 10), at: func(c *Config) any { return &c.Cinder.HTTPRetries },
			Help: "How often a request is sent again that found no connection.",
		},
		{
			Name: "cross_az_attach", Default: "true", at: func(c *Config) any { return &c.Cinder.CrossZoneAttach },
			Help: "Whether a server may have volumes of another availability zone.",
		},
	}
	return append(options, authOptions("", func(c *Config) *Auth { return &c.Cinder.Auth })...)
}

// addressTemplate accepts an address with places for a project's ID.
var addressTemplate = rule{webAddress.says, func(text string) error {
	return webAddress.check(strings.NewReplacer("%(project_id)s", "p", "%(tenant_id)s", "p").Replace(text))
}}

var catalogInfo = rule{"type:name:interface", func(text string) error {
	if !catalogPattern.MatchString(text) {
		return errors.New("want type:name:interface, such as volumev3::publicURL")
	}
	return nil
}}

// Catalog takes CatalogInfo apart. The type is empty for Nova's default, which
// stands for all types that the service has had; the interface is public, internal
// or admin.
func (c Cinder) Catalog() (kind, name, face string) {
	kind, rest, _ := strings.Cut(c.CatalogInfo, ":")
	name, face, _ = strings.Cut(rest, ":")
	if kind == "volumev3" {
		kind = ""
	}
	return kind, name, strings.TrimSuffix(face, "URL")
}
