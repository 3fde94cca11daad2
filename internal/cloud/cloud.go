package cloud

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"
)

// Clients are the clients of the other services.
type Clients struct {
	Identity *Identity
	Image    *ImageService
	Network  *NetworkService
	Volume   *VolumeService
}

// Options are what Clients are made of.
type Options struct {
	Login              Login  // the service's own user: [keystone_authtoken]
	WWWAuthenticateURI string // where a client without a token is sent; the login's URL if empty

	Image   Endpoint // [glance]
	Network Endpoint // [neutron]
	Volume  Endpoint // [cinder]

	Transport      http.RoundTripper // NewTransport's, or an InProcess; needed
	Timeout        time.Duration     // of one call, but for image data; 60 s if zero
	TokenCacheTime time.Duration     // how long a token is believed; zero: ask about each request
	Now            func() time.Time  // the clock; the real one if nil

	ServiceRoles         []string // a service needs one of them to pass a user's expired token on
	AnyoneMaySendService bool     // take a service's token without such a role for no service's, instead of refusing it

	// CatchUp is called before each answer about a token from the cache, and
	// sees to it that Identity.Forget has been called for revocations by other
	// processes. With an error no answer is given. It may be nil.
	CatchUp func(ctx context.Context) error
}

// A Login is a user of the identity service, and the project to work in. Of
// the domains either the name or the ID will do; the ID is preferred.
type Login struct {
	URL               string // of the identity API, with or without its version
	Username          string
	Password          string
	UserDomainName    string
	UserDomainID      string
	ProjectName       string
	ProjectDomainName string
	ProjectDomainID   string
}

// An Endpoint says where a service is: at a fixed address, or in the identity
// service's catalog.
type Endpoint struct {
	Override   string   // the address, if the catalog isn't to be asked; of volumes a template with %(project_id)s
	Type       string   // the type of service in the catalog; those that the service has today if empty
	Name       string   // the name of the service in the catalog; empty for any
	Region     string   // empty for any
	Interfaces []string // in order of preference; internal, then public if nil
	Retries    int      // how often a request is sent again that found no connection
	Login      Login    // the user there; Options.Login if it has no URL
}

const defaultTimeout = time.Minute

// New makes the clients. It asks nobody anything: services that are down at
// the start are found when they are up.
func New(o Options) (*Clients, error) {
	if o.Transport == nil {
		return nil, errors.New("clients of other services: no transport")
	}
	o.Timeout = cmp.Or(o.Timeout, defaultTimeout)
	if o.Now == nil {
		o.Now = time.Now //nolint:forbidigo // this is where the clock comes from
	}
	main, err := newSession(o, o.Login)
	if err != nil {
		return nil, err
	}
	network, err := sessionOf(o, o.Network, main)
	if err != nil {
		return nil, err
	}
	volume, err := sessionOf(o, o.Volume, main)
	if err != nil {
		return nil, err
	}
	identity, err := newIdentity(o, conn{session: main, service: identityService.at(Endpoint{Override: main.identity})})
	if err != nil {
		return nil, err
	}
	return &Clients{
		Identity: identity,
		Image:    &ImageService{conn{session: main, service: imageService.at(o.Image)}},
		Network:  &NetworkService{conn{session: network, service: networkService.at(o.Network)}},
		Volume:   &VolumeService{conn{session: volume, service: volumeService.at(o.Volume)}},
	}, nil
}

// sessionOf is the session of a service's own user, or the main one if it has none.
func sessionOf(o Options, e Endpoint, main *session) (*session, error) {
	if e.Login.URL == "" {
		return main, nil
	}
	return newSession(o, e.Login)
}
