package nova

import "time"

// An Image is what servers boot from, and what a snapshot of one becomes.
type Image struct {
	ID              string
	Name            string
	Owner           string // project ID
	Status          string // queued, saving, active, …
	Visibility      string // public, private, shared, community
	Protected       bool   // nobody can delete it
	DiskFormat      string
	ContainerFormat string
	MinDisk         int   // GB
	MinRAM          int   // MB
	Size            int64 // bytes; 0 until there is data
	CreatedAt       time.Time
	UpdatedAt       time.Time
	Properties      map[string]string // everything that is not an attribute of every image
}

// A Network can have servers attached to it.
type Network struct {
	ID        string
	Name      string
	ProjectID string
	Shared    bool
	External  bool
	SubnetIDs []string
}

// A Port is a server's attachment to a network.
type Port struct {
	ID             string
	NetworkID      string
	ProjectID      string
	DeviceID       string // the server that has it
	DeviceOwner    string
	Host           string
	MAC            string
	Status         string
	FixedIPs       []FixedIP
	IPAllocation   string   // deferred and none are ports that need no address; empty where the service doesn't say
	DNSName        string   // the hostname that a server with the port must have; empty for any
	VIFType        string   // how the port is plugged in on its host; members of projects don't see it
	SecurityGroups []string // IDs
	Unfiltered     bool     // no security group can be applied to it
	Mark           string   // which attachment made the port; empty for the others
	Revision       int64    // counts the changes
}

// A FixedIP is an address of a port.
type FixedIP struct {
	SubnetID string
	Address  string
}

// A SecurityGroup is a named set of rules for ports.
type SecurityGroup struct {
	ID          string
	Name        string
	ProjectID   string
	Description string
	Rules       []SecurityRule
}

// A SecurityRule lets packets through a port.
type SecurityRule struct {
	ID            string
	GroupID       string
	Direction     string // ingress or egress
	Ethertype     string // IPv4 or IPv6
	Protocol      *string
	PortMin       *int // for ICMP the type
	PortMax       *int // for ICMP the code
	RemoteGroupID *string
	Prefix        *string // the remote network
}

// A FloatingIP is an address of an external network that leads to a port's fixed
// one.
type FloatingIP struct {
	ID        string
	NetworkID string
	ProjectID string
	Address   string
	PortID    string // empty for none
	FixedIP   string
}
