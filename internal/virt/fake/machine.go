package fake

import (
	"time"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// A machine is what the host remembers of a server: one small file.
type machine struct {
	ID       string          `json:"id"`
	Instance string          `json:"instance"`
	Name     string          `json:"name"`
	Hostname string          `json:"hostname"`
	VCPUs    int             `json:"vcpus"`
	RAM      int             `json:"ram_mb"`
	Disk     int             `json:"disk_gb"`
	NICs     []virt.NIC      `json:"nics"`
	Volumes  []volume        `json:"volumes,omitempty"`
	OwnDisk  bool            `json:"own_disk"` // it doesn't boot from a volume
	HasFiles bool            `json:"has_files"`
	Rescue   *rescuing       `json:"rescue,omitempty"` // nil: it boots from its own disk
	Power    nova.PowerState `json:"power"`
	Events   []event         `json:"events"`

	ConfigDrive bool `json:"config_drive"`
}

// A volume is what a machine has of one. Of how the host reaches it only the path of
// a file is kept: what other protocols say may be secret, and nothing runs here that
// could use it.
type volume struct {
	ID     string `json:"id"`
	Device string `json:"device"`
	Path   string `json:"path,omitempty"`
	Size   int64  `json:"size,omitempty"` // in bytes, as the guest has been told; 0 if nobody has said
}

// A rescuing is what a machine boots from instead of its own disk.
type rescuing struct {
	ImageID string `json:"image_id"`
	Device  string `json:"device,omitempty"`
	Bus     string `json:"bus,omitempty"`
}

// An event is something that the console tells of.
type event struct {
	At     time.Time `json:"at"`
	Verb   string    `json:"verb"`
	Rescue *rescuing `json:"rescue,omitempty"` // what a rescue was from
}

// keepEvents bounds how far back a console goes, as a rotated log would.
const keepEvents = 16

// newMachine is a machine with the disks that were made for it, by their kinds.
func newMachine(s nova.Server, b virt.Build, made map[string]string, now time.Time) machine {
	m := machine{
		ID: s.ID, Instance: s.InstanceName(), Name: s.Name, Hostname: s.Hostname,
		VCPUs: s.Flavor.VCPUs, RAM: s.Flavor.RAM, Disk: s.Flavor.Disk, NICs: b.NICs, Volumes: volumesOf(b.Volumes),
		OwnDisk: made[diskFile] != "", HasFiles: made[filesFile] != "", ConfigDrive: made[configFile] != "",
	}
	m.become(nova.Running, powerOn, now)
	return m
}

// arrive starts the machine, if it is to run, and leaves it off otherwise.
func (m *machine) arrive(on bool, now time.Time) {
	m.Power = nova.Shutdown
	if on {
		m.become(nova.Running, powerOn, now)
	}
}

// turnOff turns the machine off, unless it is.
func (m *machine) turnOff(now time.Time) {
	if m.Power != nova.Shutdown {
		m.become(nova.Shutdown, powerOff, now)
	}
}

// become moves the machine to a power state, and remembers by what. What makes
// it boot afresh, from its own disk, ends its rescue.
func (m *machine) become(power nova.PowerState, verb string, now time.Time) {
	if verb == hardReboot || verb == unrescue {
		m.Rescue = nil
	}
	m.Power = power
	m.Events = append(m.Events, event{At: now, Verb: verb})
	if extra := len(m.Events) - keepEvents; extra > 0 {
		m.Events = m.Events[extra:]
	}
}
