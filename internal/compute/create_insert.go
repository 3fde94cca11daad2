package compute

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
)

// buildArgs are the arguments of Create.
type buildArgs struct {
	placeArgs
	Networks       []nicRequest `json:"networks,omitempty"`
	SecurityGroups []string     `json:"security_groups,omitempty"` // IDs
	Files          []File       `json:"files,omitempty"`
	Password       string       `json:"password,omitempty"`
}

const reservationLen = 8

// insertServers writes the servers of a plan and the actions that build them,
// and takes from the quota what they count for. All of that is one transaction:
// a process that dies leaves either servers that will be built, or nothing. The
// servers share a reservation ID, by which the client finds them all.
func (a *Servers) insertServers(ctx context.Context, p serverPlan) (servers []nova.Server, err error) {
	reservation, err := randomWord(reservationLen, "0123456789abcdefghijklmnopqrstuvwxyz")
	if err != nil {
		return nil, err
	}
	args := buildArgs{
		placeArgs: placeArgs{Force: p.request.Force, To: p.request.To}, Networks: p.networks, SecurityGroups: p.groups,
		Files: p.request.Files, Password: p.password,
	}
	err = a.store.Tx(ctx, func(tx *db.Store) error {
		servers = servers[:0]
		number, err := p.consume(ctx, tx)
		if err != nil {
			return err
		}
		if err := p.joinServerGroup(ctx, tx, number); err != nil {
			return err
		}
		for i := range number {
			server := p.server(i, number)
			server.ReservationID = "r-" + reservation
			server.CreatedAt = tx.Now()
			server.UpdatedAt = &server.CreatedAt
			if server, err = tx.CreateServer(ctx, server); err != nil {
				return err
			}
			record, err := newAction(ctx, server, Create, args)
			if err != nil {
				return err
			}
			if _, err := tx.QueueAction(ctx, record); err != nil {
				return err
			}
			if err := a.tellNew(ctx, tx, server); err != nil {
				return err
			}
			if err := a.tellMember(ctx, tx, server); err != nil {
				return err
			}
			servers = append(servers, server)
		}
		return nil
	})
	return servers, err
}

// consume takes what the servers count for from the quota, for as many as fit
// between the fewest and the most that there may be, and returns their number.
// The store takes only under the condition that the limit holds, so the number
// that was read may be too large by the time it is taken: each try is smaller than
// the one before, down to the fewest.
func (p serverPlan) consume(ctx context.Context, tx *db.Store) (int, error) {
	each := p.flavor.Takes().Usages()
	for number := p.max; ; {
		refused := tx.Consume(ctx, p.caller.ProjectID, p.caller.UserID, each.Times(number), p.ofProject, p.ofUser)
		if refused == nil || !nova.Is(refused, nova.OverQuota) {
			return number, refused
		}
		room, exceeded, err := p.room(ctx, tx)
		if err != nil {
			return 0, err
		}
		if number == p.request.Min {
			return 0, cmp.Or(exceeded, refused)
		}
		number = max(p.request.Min, min(room, number-1))
	}
}

// room is how many of the servers the quotas leave room for at the moment.
// Exceeded says which quota is too small for as many as the client wants.
func (p serverPlan) room(ctx context.Context, store *db.Store) (room int, exceeded, err error) {
	used, err := store.Usage(ctx, p.caller.ProjectID, "")
	if err != nil {
		return 0, nil, err
	}
	usedByUser, err := store.Usage(ctx, p.caller.ProjectID, p.caller.UserID)
	if err != nil {
		return 0, nil, err
	}
	each := p.flavor.Takes().Usages()
	exceeded = cmp.Or(p.ofProject.ExceededByServers(p.request.Min, p.max, each, used), p.ofUser.ExceededByServers(p.request.Min, p.max, each, usedByUser))
	return min(p.ofProject.Room(each, used), p.ofUser.Room(each, usedByUser)), exceeded, nil
}

// checkRoom refuses more servers than the quotas leave room for. It takes
// nothing: what it finds may change at once.
func (a *Servers) checkRoom(ctx context.Context, p serverPlan) error {
	room, exceeded, err := p.room(ctx, a.store)
	if err != nil || room >= p.request.Min {
		return err
	}
	return exceeded
}

// joinServerGroup refuses more members of the server group than the user may
// have in it.
func (p serverPlan) joinServerGroup(ctx context.Context, tx *db.Store, number int) error {
	if p.serverGroup == "" {
		return nil
	}
	return tx.JoinServerGroup(ctx, p.serverGroup, p.caller.UserID, number, p.ofUser)
}

// rootDevice is what a server's image calls the disk that it boots from; nil if that
// is for its host to say.
func rootDevice(image nova.Image) *string {
	const folder = "/dev/"
	name := image.Properties["root_device_name"]
	if name == "" {
		return nil
	}
	return new(folder + strings.TrimPrefix(name, folder))
}

// server is one of a number of new servers: the only place where they are
// made. Those that are made together differ in ID, name and index.
func (p serverPlan) server(index, number int) nova.Server {
	r := p.request
	server := nova.Server{
		ID: uuid.NewString(), Name: r.Name + suffix(index, number), Hostname: r.Hostname, LaunchIndex: index,
		Description: r.Description, ProjectID: p.caller.ProjectID, UserID: p.caller.UserID,
		VMState: nova.Building, TaskState: nova.Scheduling,
		Zone: p.zone, RequestedZone: p.zone,

		Flavor:  p.flavor,
		ImageID: r.ImageID, ImageProps: imageProps(p.image.Image), Boot: p.boot(), RootDevice: rootDevice(p.image.Image),
		KernelID: p.image.kernel, RamdiskID: p.image.ramdisk,
		KeyName: r.KeyName, PublicKey: p.publicKey, TrustedCerts: r.TrustedCerts,

		Metadata: r.Metadata, Tags: r.Tags, UserData: r.UserData, ConfigDrive: r.ConfigDrive, DiskConfig: diskConfig(p.image.Image, r.DiskConfig),
		AccessIPv4: r.AccessIPv4, AccessIPv6: r.AccessIPv6, Hints: r.Hints, GroupID: p.serverGroup,
		Addresses: keptAddresses(p.networks), BlockDevices: slices.Clone(p.devices),
	}
	for i, device := range server.BlockDevices {
		server.BlockDevices[i].ID = uuid.NewString()
		if device.IsRoot() && device.Device != "" {
			server.RootDevice = &server.BlockDevices[i].Device
		}
	}
	if server.Hostname == "" {
		server.Hostname = hostname(r.Name, server.ID, suffix(index, number))
	}
	if p.zone != "" {
		server.PinnedZone = &p.zone
	}
	return server
}
