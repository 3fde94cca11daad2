package compute

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"strings"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
)

// A ServerRequest is what a client asks for when it creates servers.
type ServerRequest struct {
	Template nova.Server // what is given: name, description, flavor, …
	Min, Max int         // how many servers
	Hostname string      // empty: made of the name

	Networks       Networks
	SecurityGroups []string // names or IDs; empty: the default one

	Zone      string // as given: zone, zone:host, zone:host:node
	Host      string // the host wanted since 2.74
	Node      string
	ForceHost func() error // whether the caller may say zone:host

	Password     *string // nil: make one up
	ZeroDisk     bool    // the caller may boot an image on a flavor without a disk
	AnyNetwork   bool    // the caller may use external networks
	KeyOwner     string  // the user whose key pairs are meant
	BlockDevices []BlockDevice
}

// Created is what has been begun: at least one server.
type Created struct {
	Servers  []nova.Server
	Password string
}

// buildArgs are what the building of a server is told.
type buildArgs struct {
	Networks       []nicRequest `json:"networks,omitempty"`
	SecurityGroups []string     `json:"security_groups,omitempty"` // IDs
	Force          target       `json:"force,omitzero"`
	To             target       `json:"to,omitzero"`
	Failed         []string     `json:"failed,omitempty"` // hosts where it went wrong
}

type target struct {
	Host string `json:"host,omitempty"`
	Node string `json:"node,omitempty"`
}

// maxServers is how many servers one request may ask for: where the quota has
// no limit, nothing else would keep a client from filling the store at once.
const maxServers = 1000

// Create begins to build servers: as many as were asked for, or as many of
// these as the quota allows if the client can do with fewer.
func (a *Servers) Create(ctx context.Context, n ServerRequest) (Created, error) {
	if err := n.Check(); err != nil {
		return Created{}, err
	}
	if n.Min > maxServers {
		return Created{}, nova.Quota{nova.QuotaInstances: maxServers}.Exceeded(nova.Usage{Instances: n.Min}, nova.Usage{})
	}
	n.Max = min(n.Max, maxServers)
	ofProject, ofUser, err := a.Quota(ctx, n.Template.ProjectID, n.Template.UserID)
	if err != nil {
		return Created{}, err
	}
	args, err := a.checkRequest(ctx, &n, ofProject)
	if err != nil {
		return Created{}, err
	}
	n.Template.Addresses = kept(args.Networks)
	password, err := a.password(n.Password)
	if err != nil {
		return Created{}, err
	}
	servers, err := a.insert(ctx, n, args, ofProject, ofUser)
	return Created{Servers: servers, Password: password}, err
}

// checkImage finds the image, as the caller sees it, and whether the flavor
// has room for it.
func (a *Servers) checkImage(ctx context.Context, n *ServerRequest) error {
	if n.Template.ImageID == "" {
		return nil
	}
	image, err := a.images.As(nova.CallerOf(ctx)).Show(ctx, n.Template.ImageID)
	if nova.Is(err, nova.NotFound) || nova.Is(err, nova.Forbidden) {
		return nova.Errorf(nova.Invalid, "Can not find requested image")
	}
	if err != nil {
		return err
	}
	if err := fits(image, n.Template.Flavor); err != nil {
		return err
	}
	if n.Template.Flavor.Disk == 0 && !n.ZeroDisk {
		return nova.Errorf(nova.Forbidden, "Only volume-backed servers are allowed for flavors with zero disk.")
	}
	n.Template.ImageProps = imageProps(image)
	n.Template.KernelID, n.Template.RamdiskID = image.Properties["kernel_id"], image.Properties["ramdisk_id"]
	return nil
}

const (
	bytesPerGB     = 1 << 30
	maxImageProp   = 255
	imageActive    = "active"
	rootDevice     = "/dev/vda"
	reservationLen = 8
)

// fits tells whether a flavor has room for an image.
func fits(image nova.Image, f nova.Flavor) error {
	if image.Status != imageActive {
		return nova.Errorf(nova.Invalid, "Image %s is not active.", image.ID)
	}
	if f.RAM < image.MinRAM {
		return nova.Errorf(nova.Invalid, "Flavor's memory is too small for requested image.")
	}
	if f.Disk == 0 { // as large as the image
		return nil
	}
	if have := int64(f.Disk) * bytesPerGB; have < image.Size {
		return nova.Errorf(nova.Invalid, "Flavor's disk is too small for requested image. Flavor disk is %d bytes, image is %d bytes.",
			have, image.Size)
	}
	if f.Disk < image.MinDisk {
		return nova.Errorf(nova.Invalid,
			"Flavor's disk is smaller than the minimum size specified in image metadata. Flavor disk is %d bytes, minimum size is %d bytes.",
			int64(f.Disk)*bytesPerGB, int64(image.MinDisk)*bytesPerGB)
	}
	return nil
}

// imageProps are the properties of an image that its servers remember, and
// that their snapshots inherit.
func imageProps(image nova.Image) map[string]string {
	props := map[string]string{}
	for name, value := range image.Properties {
		if len(value) <= maxImageProp {
			props[name] = value
		}
	}
	return props
}

// password is the one that the client chose, or one made up.
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

// insert writes the servers and the orders to build them, and takes what they
// count for from the quota, all at once.
func (a *Servers) insert(ctx context.Context, n ServerRequest, args buildArgs, ofProject, ofUser nova.Quota) ([]nova.Server, error) {
	reservation, err := randomWord(reservationLen, "0123456789abcdefghijklmnopqrstuvwxyz")
	if err != nil {
		return nil, err
	}
	n.Template.ReservationID = "r-" + reservation
	var servers []nova.Server
	err = a.store.Tx(ctx, func(tx *db.Store) error {
		servers = servers[:0]
		number, err := consume(ctx, tx, n, ofProject, ofUser)
		if err != nil {
			return err
		}
		for i := range number {
			server, err := a.insertOne(ctx, tx, n, args, i, number)
			if err != nil {
				return err
			}
			servers = append(servers, server)
		}
		return nil
	})
	return servers, err
}

// consume takes what the servers count for from the quota: for as many as fit,
// between the fewest and the most that were asked for.
func consume(ctx context.Context, tx *db.Store, n ServerRequest, ofProject, ofUser nova.Quota) (int, error) {
	project, user, each := n.Template.ProjectID, n.Template.UserID, n.Template.Flavor.Takes().Usages()
	for number := n.Max; ; {
		refused := tx.Consume(ctx, project, user, each.Times(number), ofProject, ofUser)
		if refused == nil || !nova.Is(refused, nova.OverQuota) || number == n.Min {
			return number, refused
		}
		used, err := tx.Usage(ctx, project, "")
		if err != nil {
			return 0, err
		}
		usedByUser, err := tx.Usage(ctx, project, user)
		if err != nil {
			return 0, err
		}
		room := min(ofProject.Room(each, used), ofUser.Room(each, usedByUser))
		number = max(n.Min, min(room, number-1))
	}
}

func (a *Servers) insertOne(ctx context.Context, tx *db.Store, n ServerRequest, args buildArgs, index, of int) (nova.Server, error) {
	server := n.Template
	server.ID = uuid.NewString()
	server.LaunchIndex = index
	server.Hostname = n.Hostname
	if server.Hostname == "" {
		server.Hostname = hostname(server.Name, server.ID, suffix(index, of))
	}
	server.Name += suffix(index, of)
	server.VMState, server.TaskState = nova.Building, nova.Scheduling
	server.CreatedAt = tx.Now()
	server.UpdatedAt = &server.CreatedAt
	root := rootDevice
	server.RootDevice = &root
	server, err := tx.CreateServer(ctx, server)
	if err != nil {
		return server, err
	}
	action, err := newAction(ctx, server, Create, args)
	if err != nil {
		return server, err
	}
	_, err = tx.QueueAction(ctx, action)
	return server, err
}
