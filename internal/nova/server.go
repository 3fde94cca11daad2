package nova

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// A Server is a virtual machine of a project.
type Server struct {
	Serial      int64
	ID          string // a UUID
	Name        string
	Hostname    string
	Description *string
	ProjectID   string
	UserID      string

	VMState    VMState
	TaskState  TaskState
	PowerState PowerState
	Progress   int // percent

	Host          string  // empty until it is scheduled
	Node          string  // the hypervisor on the host
	Zone          string  // availability zone of its host; the requested one until it has a host
	RequestedZone string  // as asked for: empty for any
	PinnedZone    *string // nil if the server may be moved to any zone

	// Elsewhere is another host that has something of the server; nil for none.
	Elsewhere *Elsewhere

	Flavor       Flavor        // as it was when the server was created or resized
	BeforeResize *BeforeResize // nil unless a resize waits to be confirmed or reverted
	ImageID      string        // empty for a server that boots from a volume
	ImageProps   map[string]string
	KernelID     string
	RamdiskID    string
	KeyName      *string
	PublicKey    string
	UserData     *string // base64, as given
	Metadata     map[string]string
	ConfigDrive  bool
	AccessIPv4   string
	AccessIPv6   string
	DiskConfig   string              // AUTO or MANUAL
	RootDevice   *string             // nil until a host has given it one
	TrustedCerts []string            // nil for none
	Hints        map[string][]string // for the scheduler: a lone value is a list of one
	Boot         Boot
	// AdminPassword is the administrator's, encrypted with the server's key and in
	// base64: empty for none.
	AdminPassword string
	GroupID       string // the server group that it is a member of; empty for none

	ReservationID string
	LaunchIndex   int

	Addresses      []Address
	SecurityGroups []string // names; one stands once for each port that is in it

	BlockDevices []BlockDevice // in the order in which they came

	NetworkRevision int64 // grows with each change of the addresses, and with each word of a change at the network service
	NetworkStale    bool  // the network service has said that addresses or groups have changed

	Tags []string

	LockedBy     string // "owner", "admin", or empty
	LockedReason *string
	Fault        *Fault

	ShelvedImage string     // the image of a shelved server; empty for none
	WaitsSince   *time.Time // when it was soft-deleted, shelved or resized, while it is so

	CreatedAt    time.Time
	UpdatedAt    *time.Time
	LaunchedAt   *time.Time
	TerminatedAt *time.Time
	DeletedAt    *time.Time
}

// A Boot is what a server remembers of its creation for the images that are
// made of it. Nova keeps it in the instance's system metadata.
type Boot struct {
	UserName        string `json:"user_name,omitempty"` // of the user who created the server
	ProjectName     string `json:"project_name,omitempty"`
	Roles           string `json:"roles,omitempty"`    // the user's, with commas between them
	MinRAM          int    `json:"min_ram,omitempty"`  // of the image, in MiB
	MinDisk         int    `json:"min_disk,omitempty"` // of the image or the flavor, whichever is more, in GiB
	DiskFormat      string `json:"disk_format,omitempty"`
	ContainerFormat string `json:"container_format,omitempty"`
}

// An Elsewhere is a host beside a server's own that has something of the server:
// the one that it was on before a resize, until that is confirmed or reverted, or
// the one that it was to move to when that was broken off.
type Elsewhere struct {
	Host  string    `json:"host"`
	Node  string    `json:"node"`
	Takes Resources `json:"takes"` // reserved there
}

// A BeforeResize is what a server was before a resize that is neither confirmed
// nor reverted.
type BeforeResize struct {
	Flavor    Flavor  `json:"flavor"`
	VMState   VMState `json:"vm_state"` // active or stopped
	Migration string  `json:"migration"`
}

// An Address is one of a server's on the network. A port without any has one
// that says only what is known of the port.
type Address struct {
	Network string `json:"network"` // the network's name, the label of the API
	PortID  string `json:"port_id"`
	MAC     string `json:"mac"`
	IP      string `json:"ip"`
	Version int    `json:"version"` // 4 or 6
	Type    string `json:"type"`    // fixed or floating; empty for a port without addresses
	Tag     string `json:"tag,omitempty"`
	Keep    bool   `json:"keep,omitempty"` // the port was there before the server, and stays when it goes
}

// A Fault is why a server is in error.
type Fault struct {
	Code    int       `json:"code"`
	Message string    `json:"message"`
	Details string    `json:"details,omitempty"`
	Created time.Time `json:"created"`
}

// Usage is what the server counts for in the quota of its project: nothing once
// it has been deleted, even if it can be restored, and the larger of two flavors
// between which it may still go either way.
func (s Server) Usage() Usage {
	if s.VMState == Deleted || s.VMState == SoftDeleted {
		return Usage{}
	}
	usage := s.Flavor.Takes().Usages()
	if s.BeforeResize != nil {
		before := s.BeforeResize.Flavor
		usage.Cores, usage.RAM = max(usage.Cores, before.VCPUs), max(usage.RAM, before.RAM)
	}
	return usage
}

// Locked tells whether somebody has locked the server.
func (s Server) Locked() bool { return s.LockedBy != "" }

// Status is what a client is shown of the server's state.
func (s Server) Status() string {
	if s.DeletedAt != nil {
		return statuses[Deleted]
	}
	return Status(s.VMState, s.TaskState)
}

// HostID is how a project sees the host of its server: the same for two
// servers of a project on one host, and of no use for finding out which.
func (s Server) HostID() string {
	if s.Host == "" {
		return ""
	}
	sum := sha256.Sum224([]byte(s.ProjectID + s.Host))
	var digits [2 * sha256.Size224]byte
	hex.Encode(digits[:], sum[:])
	return string(digits[:])
}

// InstanceName is what the hypervisor calls the server.
func (s Server) InstanceName() string { return fmt.Sprintf("instance-%08x", s.Serial) }

// Owner is whom the server belongs to.
func (s Server) Owner() (projectID, userID string) { return s.ProjectID, s.UserID }
