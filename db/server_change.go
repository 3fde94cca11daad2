package db

import (
	"context"
	"strings"
	"time"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// A ServerChange says what to write of a server. A field that is nil leaves the
// column as it is; a field that is a pointer to a nil pointer makes it null.
type ServerChange struct {
	Name           *string
	Hostname       *string
	Description    **string
	AccessIPv4     *string
	AccessIPv6     *string
	DiskConfig     *string
	RootDevice     *string
	PinnedZone     **string
	ConfigDrive    *bool
	KeyName        **string
	PublicKey      *string
	UserData       **string
	TrustedCerts   *[]string
	KernelID       *string
	RamdiskID      *string
	Boot           *nova.Boot
	AdminPassword  *string
	Metadata       *map[string]string
	ImageID        *string
	ImageProps     *map[string]string
	VMState        *nova.VMState
	TaskState      *nova.TaskState
	PowerState     *nova.PowerState
	Progress       *int // percent
	Host           *string
	Node           *string
	Zone           *string
	Elsewhere      **nova.Elsewhere
	Flavor         *nova.Flavor
	BeforeResize   **nova.BeforeResize
	Addresses      *[]nova.Address
	SecurityGroups *[]string // names
	BlockDevices   *[]nova.BlockDevice
	LockedBy       *string
	LockedReason   **string
	Fault          *nova.Fault
	ShelvedImage   *string
	WaitsSince     *time.Time
	LaunchedAt     *time.Time
	TerminatedAt   *time.Time
	DeletedAt      *time.Time
}

// assignments are the columns that an UPDATE sets, and their values.
type assignments struct {
	columns []string
	args    []any
}

// assign adds a column, unless its value is to stay as it is.
func assign[T any](a *assignments, column string, value *T) {
	if value != nil {
		a.columns, a.args = append(a.columns, column+" = ?"), append(a.args, *value)
	}
}

// assignJSON is assign for a column that holds JSON.
func assignJSON[T any](a *assignments, column string, value *T) {
	if value != nil {
		a.columns, a.args = append(a.columns, column+" = ?"), append(a.args, rows.AsJSON(value))
	}
}

// assignments lists the columns to set, in the order of the fields, so that the
// same change gives the same SQL.
func (c ServerChange) assignments() (a assignments) {
	assign(&a, "name", c.Name)
	assign(&a, "hostname", c.Hostname)
	assign(&a, "description", c.Description)
	assign(&a, "access_ip_v4", c.AccessIPv4)
	assign(&a, "access_ip_v6", c.AccessIPv6)
	assign(&a, "disk_config", c.DiskConfig)
	assign(&a, "root_device", c.RootDevice)
	assign(&a, "pinned_zone", c.PinnedZone)
	assign(&a, "config_drive", c.ConfigDrive)
	assign(&a, "key_name", c.KeyName)
	assign(&a, "public_key", c.PublicKey)
	assign(&a, "user_data", c.UserData)
	assignJSON(&a, "trusted_certs", c.TrustedCerts)
	assign(&a, "kernel_id", c.KernelID)
	assign(&a, "ramdisk_id", c.RamdiskID)
	assignJSON(&a, "boot", c.Boot)
	assign(&a, "admin_password", c.AdminPassword)
	assignJSON(&a, "metadata", c.Metadata)
	assign(&a, "image_id", c.ImageID)
	assignJSON(&a, "image_props", c.ImageProps)
	assign(&a, "vm_state", c.VMState)
	assign(&a, "task_state", c.TaskState)
	assign(&a, "power_state", c.PowerState)
	assign(&a, "progress", c.Progress)
	assign(&a, "host", c.Host)
	assign(&a, "node", c.Node)
	assign(&a, "zone", c.Zone)
	assignJSON(&a, "elsewhere", c.Elsewhere)
	if c.Flavor != nil {
		assign(&a, "flavor_id", &c.Flavor.ID)
		assignJSON(&a, "flavor", c.Flavor)
	}
	assignJSON(&a, "before_resize", c.BeforeResize)
	assignJSON(&a, "addresses", c.Addresses)
	if c.Addresses != nil {
		assign(&a, "ips", new(ipsOf(*c.Addresses)))
		a.columns = append(a.columns, "network_revision = network_revision + 1")
	}
	assignJSON(&a, "security_groups", c.SecurityGroups)
	assignJSON(&a, "block_devices", c.BlockDevices)
	assign(&a, "locked_by", c.LockedBy)
	assign(&a, "locked_reason", c.LockedReason)
	assignJSON(&a, "fault", c.Fault)
	assign(&a, "shelved_image", c.ShelvedImage)
	assign(&a, "waits_since", c.WaitsSince)
	assign(&a, "launched_at", c.LaunchedAt)
	assign(&a, "terminated_at", c.TerminatedAt)
	assign(&a, "deleted_at", c.DeletedAt)
	return a
}

// ChangeServer writes a change: NotFound if the server has been deleted. Call it in
// a transaction if the change has block devices.
func (s *Store) ChangeServer(ctx context.Context, id string, c ServerChange) error {
	a := c.assignments()
	assign(&a, "updated_at", new(s.Now()))
	changed, err := rows.Exec(ctx, s.DB, "UPDATE servers SET "+strings.Join(a.columns, ", ")+" WHERE uuid = ? AND deleted_at IS NULL",
		append(a.args, id)...)
	if err == nil && changed == 0 {
		return nova.Errorf(nova.NotFound, "Instance %s could not be found.", id)
	}
	if err == nil && c.BlockDevices != nil {
		err = s.indexVolumes(ctx, id, *c.BlockDevices)
	}
	return err
}
