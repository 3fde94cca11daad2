package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"

	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/nova"
)

// volumeDeeds are the requests of TestCrash_Volumes.
var volumeDeeds = []deed{
	{"create", 1, false, nil, create},
	{"create a volume", 2, false, nil, func(*crash, *rand.Rand, string) (method, path string, body any) {
		return "POST", volumes, object{"volume": object{"size": 1}}
	}},
	{"boot from a volume", 2, false, nil, bootFromVolume},
	{"attach a volume", 4, false, in(nova.Active, nova.Stopped), attachVolume},
	{"detach a volume", 4, false, hasVolume, detachVolume},
	{"delete a volume", 1, false, nil, deleteVolume},
	{"delete", 1, false, launched, to("DELETE", "", nil)},
}

// volumes is where the bundled block storage service has its volumes.
const volumes = "/volume/v3/volumes"

// bootFromVolume makes a server whose root disk is a volume that goes with it.
func bootFromVolume(c *crash, random *rand.Rand, _ string) (method, path string, body any) {
	server := c.newServer(random, "none")
	delete(server, "imageRef")
	server["block_device_mapping_v2"] = []object{{
		"uuid": c.image, "source_type": "image", "destination_type": "volume", "boot_index": 0, "volume_size": 1, "delete_on_termination": true,
	}}
	return "POST", "/v2.1/servers", object{"server": server}
}

// attachVolume gives a server a volume that nobody has.
func attachVolume(c *crash, random *rand.Rand, id string) (method, path string, body any) {
	return "POST", "/v2.1/servers/" + id + "/os-volume_attachments", object{"volumeAttachment": object{"volumeId": c.freeVolume(random)}}
}

// detachVolume takes one of its volumes from a server.
func detachVolume(c *crash, random *rand.Rand, id string) (method, path string, body any) {
	volume := "none"
	for _, s := range c.live() {
		if s.ID == id && len(s.BlockDevices) > 0 {
			volume = s.BlockDevices[random.IntN(len(s.BlockDevices))].VolumeID
		}
	}
	return "DELETE", "/v2.1/servers/" + id + "/os-volume_attachments/" + volume, nil
}

// deleteVolume deletes a volume that nobody has.
func deleteVolume(c *crash, random *rand.Rand, _ string) (method, path string, body any) {
	return "DELETE", volumes + "/" + c.freeVolume(random), nil
}

// hasVolume reports whether a server has a volume that can be detached.
func hasVolume(s nova.Server) bool {
	return in(nova.Active, nova.Stopped)(s) && slices.ContainsFunc(s.BlockDevices, func(d nova.BlockDevice) bool { return !d.IsRoot() })
}

// freeVolume is the ID of a volume that nobody has and that was made for no server, or of
// none.
func (c *crash) freeVolume(random *rand.Rand) string {
	var free []string
	for _, v := range c.volumes() {
		if v.Status == nova.VolumeAvailable && v.Metadata["nova_block_device"] == "" {
			free = append(free, v.ID)
		}
	}
	if len(free) == 0 {
		return "none"
	}
	return free[random.IntN(len(free))]
}

// volumes are all that the block storage service has.
func (c *crash) volumes() []volumedb.Volume {
	all, err := volumedb.New(c.store.DB).Volumes.List(c.t.Context(), volumedb.Filter{Page: nova.Page{Limit: -1}})
	if err != nil && c.t.Context().Err() == nil {
		c.t.Errorf("read volumes: %v", err)
	}
	return all
}

// TestCrash_Volumes kills the process, and the block storage service with it, while
// servers get volumes, boot from them, lose them and end. When it is back, block devices,
// attachments and volumes agree, without an administrator's help.
func TestCrash_Volumes(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		c := newCrash(t, connection, "volume.quota_volumes=-1", "volume.quota_gigabytes=-1")
		c.deeds = volumeDeeds
		rounds := number(t, roundsVariable, 2)
		for round := 0; round < rounds && !t.Failed(); round++ {
			c.volumeRound(round)
		}
		if done := c.tally.lacking("attach a volume", "boot from a volume"); len(done) > 0 && !t.Failed() && dbtest.HasPostgres() {
			t.Errorf("accepted fewer than %d times: %v", fewestAccepted, done)
		}
		for _, s := range c.live() {
			c.admin.must("DELETE", "/v2.1/servers/"+s.ID, nil, http.StatusNoContent)
		}
		eventually(t, func() error {
			if live := c.live(); len(live) > 0 {
				return fmt.Errorf("%d servers are left", len(live))
			}
			return c.disagreeing()
		})
		c.p.check()
		c.p.stop()
	})
}

// volumeRound lets clients loose, kills the process in their midst, and looks whether all
// is well after it is started again.
func (c *crash) volumeRound(n int) {
	c.t.Helper()
	c.killAmid(n, int64(20+c.rand.IntN(60)))
	made := map[string]bool{} // block devices; a server that doesn't know its volume yet will find it
	for _, v := range c.volumes() {
		made[v.Metadata["nova_block_device"]] = true
	}
	for _, s := range c.live() { // whose volumes nobody will ask for any more
		if slices.ContainsFunc(s.BlockDevices, func(d nova.BlockDevice) bool { return d.VolumeID == "" && !made[d.ID] }) {
			c.admin.must("DELETE", "/v2.1/servers/"+s.ID, nil, http.StatusNoContent)
		}
	}
	eventually(c.t, func() error {
		if err := c.unsettled(); err != nil {
			return err
		}
		return c.disagreeing()
	})
	c.p.check()
}

// disagreeing tells what servers and the block storage service don't agree about.
func (c *crash) disagreeing() error {
	var o objections
	known := map[string]nova.BlockDevice{} // by server and volume
	made := map[string]bool{}              // block devices
	failed := map[string]bool{}            // those of servers in error
	for _, s := range c.live() {
		for _, d := range s.BlockDevices {
			known[s.ID+" "+d.VolumeID], made[d.ID], failed[d.ID] = d, true, s.VMState == nova.Errored
		}
	}
	attachments, err := volumedb.New(c.store.DB).Attachments.List(c.t.Context(), volumedb.Filter{Page: nova.Page{Limit: -1}})
	if err != nil {
		return err
	}
	used := map[string]bool{}
	for _, a := range attachments {
		server := "nobody"
		if a.ServerID != nil {
			server = *a.ServerID
		}
		key := server + " " + a.VolumeID
		if d, ok := known[key]; !ok || d.AttachmentID != a.ID || a.Status != "attached" {
			o.add("server and volume %s have attachment %s, %s; the server knows %q", key, a.ID, a.Status, d.AttachmentID)
		}
		delete(known, key)
		used[a.VolumeID] = true
	}
	for key, d := range known {
		if failed[d.ID] { // a server that could not be built waits for its end
			continue
		}
		o.add("server and volume %s have no attachment", key)
	}
	for _, v := range c.volumes() {
		if want := map[bool]string{true: nova.VolumeInUse, false: nova.VolumeAvailable}[used[v.ID]]; v.Status != want {
			o.add("volume %s is %s, want %s", v.ID, v.Status, want)
		}
		if device := v.Metadata["nova_block_device"]; device != "" && !made[device] {
			o.add("volume %s is left of block device %s", v.ID, device)
		}
	}
	return o.err()
}
