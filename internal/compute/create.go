package compute

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
)

// A ServerRequest is what a client asks for when it creates servers: a decoded
// body of POST /servers. Create reads it and changes nothing in it.
type ServerRequest struct {
	Name        string
	Hostname    string // empty: derived from the name
	Description *string
	Min, Max    int // how many servers: 1 ≤ Min ≤ Max

	FlavorID string
	ImageID  string // empty: the servers boot from a block device
	KeyName  *string
	Devices  []BlockDevice

	Networks       Networks
	SecurityGroups []string // names or IDs; empty: the default one

	Zone  string // empty: any
	Force Target // the host or node that the scheduler must take, unchecked
	To    Target // the host or node that the servers are to be on, since 2.74

	Metadata     map[string]string
	Tags         []string
	Files        []File
	UserData     *string // base64
	ConfigDrive  bool
	DiskConfig   string // AUTO or MANUAL; empty: as the image says
	AccessIPv4   string
	AccessIPv6   string
	TrustedCerts []string
	Hints        map[string][]string
	Password     *string // nil: made up

	// What policy allows the caller.
	ZeroDisk    bool // boot an image on a flavor without a disk
	Multiattach bool // the client knows of volumes that several servers have: since 2.60
	NetworkRights
}

// A File is to be put into a new server. Contents is base64.
type File struct {
	Path     string `json:"path"`
	Contents string `json:"contents"`
}

// A Target is a host, a node of one, or both; its zero value is any.
type Target struct {
	Host string `json:"host,omitempty"`
	Node string `json:"node,omitempty"`
}

// Created is the outcome of Create: at least one server.
type Created struct {
	Servers  []nova.Server
	Password string // of the administrator in each server
}

// maxServers bounds one request: where the quota has no limit, nothing else
// would keep a client from filling the store at once.
const maxServers = 1000

// Create begins to build servers: as many as the client asks for at the most,
// or as many as quotas leave room for if that is enough for the client.
//
// The error is Invalid where the request contradicts itself or names something
// that is not there, Forbidden where the caller lacks a right, Conflict where
// several things fit a name or a port is in use, OverQuota, or Unavailable
// where another service can't be reached. Nothing is created then.
func (a *Servers) Create(ctx context.Context, r ServerRequest) (Created, error) {
	plan, err := a.resolveRequest(ctx, r)
	if err != nil {
		return Created{}, err
	}
	if plan.password, err = a.password(r.Password); err != nil {
		return Created{}, err
	}
	servers, err := a.insertServers(ctx, plan)
	if err != nil {
		return Created{}, err
	}
	return Created{Servers: servers, Password: plan.password}, a.makeVolumes(ctx, servers)
}

// password is the client's choice, or a random one.
func (a *Servers) password(chosen *string) (string, error) {
	if chosen != nil {
		return *chosen, nil
	}
	return randomWord(a.passwords, "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")
}

func randomWord(length int, alphabet string) (string, error) {
	var word strings.Builder
	for range length {
		i, err := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet))))
		if err != nil {
			return "", fmt.Errorf("random word: %w", err)
		}
		word.WriteByte(alphabet[i.Int64()])
	}
	return word.String(), nil
}
