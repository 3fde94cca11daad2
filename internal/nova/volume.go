package nova

import "time"

// The statuses of a volume that decide what may be done with it. The block storage
// service has more of them.
const (
	VolumeAvailable = "available"
	VolumeInUse     = "in-use"
	VolumeReserved  = "reserved"
	VolumeDetaching = "detaching"
	VolumeError     = "error"

	VolumeDownloading = "downloading" // an image is written to it
)

// A Volume is a disk that the block storage service keeps, apart from servers.
type Volume struct {
	ID            string
	Name          string
	Description   string
	ProjectID     string
	Status        string
	Size          int    // GB
	Zone          string // the availability zone
	Type          string // the name of its type
	SnapshotID    string // what it was made of; empty for none
	Bootable      bool
	Multiattach   bool // several servers may have it at once
	Encrypted     bool
	CreatedAt     time.Time
	Metadata      map[string]string
	ImageMetadata map[string]string // of the image that it was made of
	Holders       []VolumeHolder

	MigrationStatus string // while its data is moved; empty for who may not see it
}

// A NewVolume is what a volume is to be. Of the snapshot and the image, one at the
// most is given.
type NewVolume struct {
	Name        string         `json:"name,omitempty"`
	Description string         `json:"description,omitempty"`
	Size        int            `json:"size,omitempty"` // GB; 0 for as much as what it is made of
	Zone        string         `json:"zone,omitempty"`
	Type        string         `json:"type,omitempty"` // ID or name; empty for the service's default
	SnapshotID  string         `json:"snapshot_id,omitempty"`
	ImageID     string         `json:"image_id,omitempty"`
	Metadata    map[string]any `json:"metadata,omitempty"` // texts; the service refuses other values
}

// A VolumeHolder is a server that has a volume, as the block storage service
// knows it.
type VolumeHolder struct {
	ServerID     string
	AttachmentID string
	Device       string // empty if the host didn't say
}

// A VolumeType is a kind of volume that a project may choose.
type VolumeType struct {
	ID   string
	Name string
}

// A VolumeSnapshot is what a volume held at one time.
type VolumeSnapshot struct {
	ID          string
	Name        string
	Description string
	ProjectID   string
	VolumeID    string
	Status      string
	Progress    string
	Size        int // GB
	CreatedAt   time.Time
}

// A VolumeAttachment is the block storage service's record that a server has a
// volume, or is about to have it. It has a connection once a host has said who it
// is.
type VolumeAttachment struct {
	ID         string
	VolumeID   string
	ServerID   string
	Status     string
	Mode       string // rw or ro; null while the block storage service hasn't decided
	Connection VolumeConnection
}

// A VolumeConnection is how a host reaches the data of a volume. It may hold
// secrets: of iSCSI, for instance. Don't log it.
type VolumeConnection struct {
	Driver string         `json:"driver_volume_type"` // the protocol, such as iscsi or local; empty while there is no connection
	Data   map[string]any `json:"data"`
}

// A Connector is a host as the block storage service has to know it, to let it
// reach a volume: its name, its addresses, and the device that the server sees
// (mountpoint).
type Connector map[string]any
