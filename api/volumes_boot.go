package api

import (
	"github.com/nova-api/nova-api/api/rest"
)

// VolumesBoot answers for /os-volumes_boot, until 2.102: the servers under the name that
// they had for clients that boot them from volumes. Whatever they boot from, all are
// there. Nova's own fails at each request with a body: its wrapper of the controller
// loses it (nova/api/openstack/compute/routes.py).
type VolumesBoot struct{ Servers }

// Operations are those on servers, except what /servers alone has.
func (c *VolumesBoot) Operations() rest.Operations {
	all := c.Servers.Operations()
	delete(all, "backup_instance")
	return untilVolumesBoot(all)
}

// MemberActions are the actions that the controller of servers itself has in Nova; those
// of its other extensions are not there.
func (c *VolumesBoot) MemberActions() rest.Operations {
	all, own := c.Servers.MemberActions(), rest.Operations{}
	for _, name := range []string{
		"confirmResize", "createImage", "os-start", "os-stop", "reboot", "rebuild", "resize", "revertResize", "trigger_crash_dump",
	} {
		own[name] = all[name]
	}
	return untilVolumesBoot(own)
}

// untilVolumesBoot are operations up to the last version in which servers have a second
// name.
func untilVolumesBoot(operations rest.Operations) rest.Operations {
	for name, operation := range operations {
		operations[name] = operation.Until(102)
	}
	return operations
}
