// Package compute holds the verbs: the actions on servers, who takes them, and in
// which order. One file per verb; states.go is the life of a server as a
// table, worker.go what carries it on.
package compute

import (
	"cmp"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/hosts"
	"github.com/nova-api/nova-api/internal/notify"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// Servers starts work: each method checks whether the work may be done, and
// writes it down in the transaction that makes the server busy with it.
type Servers struct {
	store         *db.Store
	images        *cloud.ImageService
	networks      *cloud.NetworkService
	volumes       *cloud.VolumeService
	hosts         *hosts.Hosts
	local         *virt.Hosts
	defaults      nova.Quota // what projects may have unless something was set for them
	passwords     int
	patience      time.Duration
	notInherited  []string
	consoleTTL    time.Duration
	floatingPool  string
	reclaimAfter  time.Duration
	offloadAfter  time.Duration
	shelvedPoll   time.Duration
	confirmAfter  time.Duration
	looked        looks
	resizeInPlace bool
	volumesInZone bool
	host          string
	notify        *notify.Notifier
}

// Options are what Servers works with.
type Options struct {
	Store    *db.Store
	Images   *cloud.ImageService
	Networks *cloud.NetworkService
	Volumes  *cloud.VolumeService
	Hosts    *hosts.Hosts
	Local    *virt.Hosts // the hosts that this process runs
	// Quota is what a project may have unless something was set for it: a
	// resource that it doesn't name has no limit.
	Quota nova.Quota
	// Patience is how long another process's answer is waited for. 0 is a minute.
	Patience time.Duration
	// PasswordLength is that of the administrator's password of a new server,
	// if the client chooses none. 0 is 12.
	PasswordLength int
	// NotInherited are the properties that the image of a server doesn't take
	// over from the image that the server was made of, beside those that it
	// never does.
	NotInherited []string
	// ConsoleTTL is how long a console can be opened after a client has asked for
	// its address. 0 is 10 minutes.
	ConsoleTTL time.Duration
	// FloatingPool is the network that floating addresses come from if a client
	// names none: its name or ID.
	FloatingPool string
	// Host is where events happen that are the API's own, such as that of a lock:
	// the name of this process. Empty is the server's host.
	Host string
	// ReclaimAfter is how long deleted servers can be restored. 0 is not at all.
	ReclaimAfter time.Duration
	// OffloadAfter is how long shelved servers stay on their hosts: 0 is not at all,
	// and less is for ever.
	OffloadAfter time.Duration
	// ShelvedPoll is how often shelved servers are looked for that have stayed long
	// enough: 0 is whenever other servers are, and less than 0 never.
	ShelvedPoll time.Duration
	// ConfirmAfter is when a resize is confirmed by itself. 0 is never.
	ConfirmAfter time.Duration
	// ResizeInPlace says that servers may stay on their hosts when they are resized.
	ResizeInPlace bool
	// VolumesInZone says that servers may only have volumes of their own availability
	// zone.
	VolumesInZone bool
	// Notify tells other programs of what is done to servers. Nil for nobody.
	Notify *notify.Notifier
}

// New makes Servers.
func New(o Options) *Servers {
	const passwordLength = 12
	if o.PasswordLength == 0 {
		o.PasswordLength = passwordLength
	}
	return &Servers{
		store: o.Store, images: o.Images, networks: o.Networks, volumes: o.Volumes, hosts: o.Hosts, local: o.Local, defaults: o.Quota,
		passwords: o.PasswordLength, patience: cmp.Or(o.Patience, defaultPatience), notInherited: o.NotInherited,
		consoleTTL: cmp.Or(o.ConsoleTTL, consoleTTL), floatingPool: o.FloatingPool, reclaimAfter: o.ReclaimAfter, offloadAfter: o.OffloadAfter, shelvedPoll: o.ShelvedPoll,
		confirmAfter: o.ConfirmAfter, resizeInPlace: o.ResizeInPlace, volumesInZone: o.VolumesInZone, host: o.Host, notify: o.Notify,
	}
}
