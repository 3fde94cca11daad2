package config

import "time"

// Keystone is the section [keystone_authtoken]: the identity service, and the
// service user for all other services.
type Keystone struct {
	Auth

	WWWAuthenticateURI string // the identity service that a client without a token is told; never empty if Auth.URL is set
	RegionName         string
	TokenCacheTime     time.Duration // zero: every token is validated anew for each request

	ServiceRoles         []string
	ServiceRolesRequired bool
}

func keystoneOptions() []Option {
	return append(authOptions("Default", func(c *Config) *Auth { return &c.Keystone.Auth }),
		Option{
			// It goes out with every 401, so it should be an address that clients reach, where
			// auth_url may be an internal one.
			Name: "www_authenticate_uri", Accepts: maybe(webAddress), at: func(c *Config) any { return &c.Keystone.WWWAuthenticateURI },
			Help: "The address of the identity service that clients without a token are told. Empty: auth_url.",
		},
		Option{
			Name: "region_name", at: func(c *Config) any { return &c.Keystone.RegionName },
			Help: "The region of the catalog in which services are looked up. Empty: any.",
		},
		Option{
			// As in keystonemiddleware: a token that is revoked at an external Keystone works for as
			// long as this. The bundled identity service tells the cache at once.
			Name: "token_cache_time", Default: "300", Accepts: between(0, 86400), at: func(c *Config) any { return &c.Keystone.TokenCacheTime },
			Help: "How long a validated token is trusted before the identity service is asked again.",
		},
		Option{
			// The default is keystonemiddleware's. Users who held the role could go on with expired
			// tokens, so give it to services alone.
			Name: "service_token_roles", Default: "service", at: func(c *Config) any { return &c.Keystone.ServiceRoles },
			Help: "A service that sends its own token with a user's (X-Service-Token) needs one of these roles. The user's token may have expired then.",
		},
		Option{
			Name: "service_token_roles_required", Default: "true", at: func(c *Config) any { return &c.Keystone.ServiceRolesRequired },
			Help: "Whether a request is refused if the service's token has none of service_token_roles.",
		},
	)
}

// An Auth is a service user's login at the identity service. Domains are given by
// ID or by name; the ID wins.
type Auth struct {
	URL               string
	Username          string
	Password          string
	ProjectName       string
	UserDomainName    string
	UserDomainID      string
	ProjectDomainName string
	ProjectDomainID   string
	CAFile            string
	Insecure          bool // don't verify certificates
}

// authOptions makes the options of a service user for a section. domain is the
// default of its two domain names.
func authOptions(domain string, auth func(*Config) *Auth) []Option {
	field := func(of func(*Auth) any) func(*Config) any {
		return func(c *Config) any { return of(auth(c)) }
	}
	return []Option{
		{Name: "auth_url", Accepts: maybe(webAddress), at: field(func(a *Auth) any { return &a.URL }), Help: "The address of the identity service."},
		{Name: "username", at: field(func(a *Auth) any { return &a.Username }), Help: "The service user."},
		{Name: "password", Secret: true, at: field(func(a *Auth) any { return &a.Password }), Help: "The service user's password."},
		{Name: "project_name", at: field(func(a *Auth) any { return &a.ProjectName }), Help: "The service user's project."},
		{Name: "user_domain_name", Default: domain, at: field(func(a *Auth) any { return &a.UserDomainName }), Help: "The domain of the user, by name."},
		{Name: "user_domain_id", at: field(func(a *Auth) any { return &a.UserDomainID }), Help: "The domain of the user, by ID: instead of the name."},
		{Name: "project_domain_name", Default: domain, at: field(func(a *Auth) any { return &a.ProjectDomainName }), Help: "The domain of the project, by name."},
		{Name: "project_domain_id", at: field(func(a *Auth) any { return &a.ProjectDomainID }), Help: "The domain of the project, by ID: instead of the name."},
		{Name: "cafile", at: field(func(a *Auth) any { return &a.CAFile }), Help: "A file with the certificates to trust, in PEM. Empty: the system's."},
		{Name: "insecure", Default: "false", at: field(func(a *Auth) any { return &a.Insecure }), Help: "Don't verify certificates."},
	}
}
