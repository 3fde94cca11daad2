package config

import (
	"fmt"
	"time"
)

// Fake is the section [fake]: how fast the fake hypervisor is.
type Fake struct {
	Pace  string                        // Instant or Lifelike
	Times [len(fakeTimes)]time.Duration // in the order of the table
}

// The paces of the fake hypervisor.
const (
	Instant  = "instant"
	Lifelike = "lifelike"
)

// fakeTimes is the table of times: of each option, the seconds that it stands
// for in a lifelike hypervisor, and what takes them.
var fakeTimes = [...]struct {
	name     string
	lifelike int
	what     string
}{
	{"boot_time", 2, "to boot a new server"},
	{"delete_time", 1, "to delete a server"},
	{"start_time", 1, "to start a server that is shut down"},
	{"stop_time", 1, "to shut a server down"},
	{"reboot_time", 2, "to reboot a server, softly or hard"},
	{"pause_time", 1, "to pause a server"},
	{"unpause_time", 1, "to unpause a server"},
	{"suspend_time", 1, "to suspend a server"},
	{"resume_time", 1, "to resume a server"},
	{"rescue_time", 2, "to boot a server from a rescue image"},
	{"unrescue_time", 2, "to boot a rescued server from its own disk again"},
	{"password_time", 1, "to change the password of a server's administrator"},
	{"crash_dump_time", 1, "to make the system on a server crash"},
	{"migrate_time", 1, "to shut a server down that is to be resized, and to make its disks ready"},
	{"resize_time", 2, "to boot a server in another size"},
	{"live_migration_time", 4, "to copy the memory of a server to another host"},
	{"arrival_time", 1, "to take a server over that another host has sent"},
	{"confirm_time", 1, "to remove what a host kept of a server that was resized"},
	{"revert_time", 2, "to boot a server again as it was before it was resized"},
	{"snapshot_time", 1, "to take a snapshot of a server's disk"},
	{"upload_time", 1, "to begin with the upload of a snapshot"},
	{"attach_time", 1, "to plug an interface into a server"},
	{"detach_time", 1, "to unplug an interface from a server"},
	{"attach_volume_time", 1, "to plug a volume into a server"},
	{"detach_volume_time", 1, "to unplug a volume from a server"},
	{"extend_volume_time", 1, "to have a server see that a volume has grown"},
	{"swap_volume_time", 2, "to put another volume in the place of one, beside the copy of its data"},
}

const fakeAbout = "How fast the fake hypervisor is. Metadata of a server has the last word: `fake:boot_time` and so on say how many seconds it takes with this server, 300 at the most, and " +
	"`fake:fail` which verbs fail: spawn, power_on, power_off, soft_reboot, hard_reboot, pause, unpause, suspend, resume, rescue, unrescue, migrate_out, migrate_in, send_live, receive_live, confirm_migration, revert_migration, set_password, crash_dump, snapshot, upload, attach_interface, detach_interface, attach_volume, detach_volume, extend_volume, swap_volume, separated by commas."

// fakeOptions makes an option of each row of the table. All are 0 by default: a
// test that waits for a server should not have to wait long.
func fakeOptions() []Option {
	options := []Option{{
		Name: "pace", Default: Instant, Accepts: oneOf(Instant, Lifelike), at: func(c *Config) any { return &c.Fake.Pace },
		Help: "How long what is done to servers takes, unless a time below is set: nothing at all, or about as long as clients that watch it would expect.",
	}}
	for i, row := range &fakeTimes {
		options = append(options, Option{
			Name: row.name, Default: "0", Accepts: between(0, 3600), at: func(c *Config) any { return &c.Fake.Times[i] },
			Help: fmt.Sprintf("How long it takes %s. With pace = lifelike it is %d unless it is set.", row.what, row.lifelike),
		})
	}
	return options
}

// TimesByName are the times by the names of their options.
func (f *Fake) TimesByName() map[string]time.Duration {
	times := make(map[string]time.Duration, len(f.Times))
	for i, row := range &fakeTimes {
		times[row.name] = f.Times[i]
	}
	return times
}

// resolvePace gives the times that aren't set what the pace has for them.
func (c *Config) resolvePace() {
	if c.Fake.Pace != Lifelike {
		return
	}
	for i, row := range &fakeTimes {
		if _, set := c.from[key{"fake", row.name}]; !set {
			c.Fake.Times[i] = time.Duration(row.lifelike) * time.Second
		}
	}
}
