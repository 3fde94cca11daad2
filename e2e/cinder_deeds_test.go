//go:build openstack

package e2e_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
)

// A cinderDeed is something that servers and volumes do together.
type cinderDeed struct {
	name  string
	lasts int // milliseconds, about: Cinder is killed meanwhile
	do    func(c *besideCinder) error
}

var cinderDeeds = []cinderDeed{
	{"attach and detach", 4000, attachAndDetach},
	{"delete a server with its volumes", 4000, deleteWithVolumes},
	{"delete while attaching", 2500, deleteWhileAttaching},
	{"boot from a volume", 4000, bootFrom(func(c *besideCinder) (object, error) {
		id, err := c.volume(object{"imageRef": c.image})
		return object{"source_type": "volume", "uuid": id}, err
	})},
	{"boot from an image", 4000, bootFrom(func(c *besideCinder) (object, error) {
		return object{"source_type": "image", "uuid": c.image, "volume_size": 1, "volume_type": "others", "tag": "root"}, nil
	})},
	{"boot from a snapshot", 4000, bootFrom(func(c *besideCinder) (object, error) {
		id, err := c.volume(object{"imageRef": c.image})
		if err != nil {
			return nil, err
		}
		snapshot, err := c.make("/volume/v3/snapshots", "snapshot", object{"volume_id": id})
		return object{"source_type": "snapshot", "uuid": snapshot}, err
	})},
	{"boot with a blank volume", 4000, bootFrom(nil, object{"source_type": "blank", "volume_size": 1, "boot_index": -1})},
	{"boot from a type that nobody has", 2000, bootFromNowhere},
	{"extend", 4000, extend},
	{"retype to another backend", 6000, retype},
	{"snapshot and boot from it", 8000, snapshotAndBoot},
	{"rebuild", 6000, rebuildFromVolume},
	{"shelve and unshelve", 6000, shelveAndUnshelve},
	{"attach to a shelved server", 6000, attachToShelved},
	{"resize and confirm", 6000, resizeThen("confirmResize")},
	{"resize and revert", 6000, resizeThen("revertResize")},
	{"live migration", 4000, liveMigration},
	{"several servers", 5000, severalServers},
}

// ask sends a request that is to be answered with success, and decodes the answer.
func (c *besideCinder) ask(u *user, method, path string, body, into any) error {
	reply, err := u.do(c.t.Context(), method, path, body)
	if err != nil {
		return err
	}
	if reply.status >= http.StatusMultipleChoices {
		return fmt.Errorf("%s %s: %d %s", method, path, reply.status, reply.body)
	}
	if into != nil {
		reply.into(c.t, into)
	}
	return nil
}

// make has Cinder make something, and waits for it.
func (c *besideCinder) make(path, key string, content object) (id string, err error) {
	var made map[string]struct{ ID string }
	if err := c.ask(c.demo, "POST", path, object{key: content}, &made); err != nil {
		return "", err
	}
	id = made[key].ID
	return id, c.await(path+"/"+id, key, "available")
}

// volume makes a volume of 1 GiB.
func (c *besideCinder) volume(with object) (id string, err error) {
	content := object{"size": 1}
	maps.Copy(content, with)
	return c.make("/volume/v3/volumes", "volume", content)
}

// await waits until something has a status; one in error stays so.
func (c *besideCinder) await(path, key, status string) (failed error) {
	within(c.t, cinderPatience, func() error {
		var shown map[string]struct {
			Status string
			Task   *string `json:"OS-EXT-STS:task_state"`
			Fault  any
		}
		if err := c.ask(c.admin, "GET", path, nil, &shown); err != nil {
			return err
		}
		switch s := shown[key]; {
		case s.Status == status && s.Task == nil:
			return nil
		case strings.EqualFold(s.Status, "error") && s.Task == nil:
			failed = fmt.Errorf("%s is in error: %v", path, s.Fault)
			return nil
		default:
			return fmt.Errorf("%s is %s, not %s", path, s.Status, status)
		}
	})
	return failed
}

// server makes a server.
func (c *besideCinder) server(with object) (id string, err error) {
	content := object{"name": "s", "imageRef": c.image, "flavorRef": "1", "networks": "none", "metadata": object{"fake:attach_volume_time": "1"}}
	maps.Copy(content, with)
	var made struct{ Server struct{ ID string } }
	if err := c.ask(c.demo, "POST", "/v2.1/servers", object{"server": content}, &made); err != nil {
		return "", err
	}
	return made.Server.ID, c.awaitServer(made.Server.ID, "ACTIVE")
}

func (c *besideCinder) awaitServer(id, status string) error {
	return c.await("/v2.1/servers/"+id, "server", status)
}

// both makes a server and a volume.
func (c *besideCinder) both(with object) (server, volume string, err error) {
	if server, err = c.server(nil); err != nil {
		return "", "", err
	}
	volume, err = c.volume(with)
	return server, volume, err
}

// attached makes a server that has a volume.
func (c *besideCinder) attached(with object) (server, volume string, err error) {
	if server, volume, err = c.both(with); err != nil {
		return "", "", err
	}
	return server, volume, c.attach(server, object{"volumeId": volume})
}

func attachmentsPath(server string) string {
	return "/v2.1/servers/" + server + "/os-volume_attachments"
}

// attach attaches a volume, and waits for it.
func (c *besideCinder) attach(server string, content object) error {
	if err := c.ask(c.demo, "POST", attachmentsPath(server), object{"volumeAttachment": content}, nil); err != nil {
		return err
	}
	id, _ := content["volumeId"].(string)
	return c.await("/volume/v3/volumes/"+id, "volume", "in-use")
}

// act does something to a server or a volume.
func (c *besideCinder) act(u *user, path, action string, content any) error {
	return c.ask(u, "POST", path+"/action", object{action: content}, nil)
}

// finished waits until the latest action of a kind of a server has ended, and tells whether
// it succeeded.
func (c *besideCinder) finished(server, action string) (failed error) {
	path := "/v2.1/servers/" + server + "/os-instance-actions"
	within(c.t, cinderPatience, func() error {
		var list struct {
			InstanceActions []struct {
				Action    string
				RequestID string `json:"request_id"`
			} `json:"instanceActions"`
		}
		c.admin.get(path, &list)
		for _, a := range list.InstanceActions { // the latest first
			if a.Action == action {
				var under error
				failed, under = c.end(path + "/" + a.RequestID)
				return under
			}
		}
		return fmt.Errorf("there is no %s", action)
	})
	return failed
}

// end tells how an action has failed, or that it is under way.
func (c *besideCinder) end(path string) (failed, under error) {
	var shown struct {
		InstanceAction struct {
			Message *string
			Events  []struct {
				Event, Result, Details string
				FinishTime             *string `json:"finish_time"`
			}
		} `json:"instanceAction"`
	}
	c.admin.get(path, &shown)
	events := shown.InstanceAction.Events
	if message := shown.InstanceAction.Message; message != nil {
		failed = fmt.Errorf("%s: %+v", *message, events)
	}
	for _, e := range events {
		if e.FinishTime == nil {
			under = fmt.Errorf("%s: %s is under way", path, e.Event)
		}
	}
	return failed, under
}

func attachAndDetach(c *besideCinder) error {
	server, volume, err := c.both(nil)
	if err != nil {
		return err
	}
	if err := c.attach(server, object{"volumeId": volume, "tag": "data", "delete_on_termination": true}); err != nil {
		return err
	}
	got := c.attachmentsOf(server)
	if len(got) != 1 || got[0].VolumeID != volume || got[0].Tag != "data" || !got[0].Deleted || got[0].Device != "/dev/vdb" {
		return fmt.Errorf("the server has %+v", got)
	}
	if err := c.ask(c.demo, "DELETE", attachmentsPath(server)+"/"+volume, nil, nil); err != nil {
		return err
	}
	return c.await("/volume/v3/volumes/"+volume, "volume", "available")
}

func deleteWithVolumes(c *besideCinder) error {
	server, kept, err := c.attached(nil)
	if err != nil {
		return err
	}
	goes, err := c.volume(object{"volume_type": "others"})
	if err != nil {
		return err
	}
	if err := c.attach(server, object{"volumeId": goes, "delete_on_termination": true}); err != nil {
		return err
	}
	if err := c.ask(c.demo, "DELETE", "/v2.1/servers/"+server, nil, nil); err != nil {
		return err
	}
	within(c.t, cinderPatience, func() error {
		var list struct{ Volumes []cinderVolume }
		if err := c.ask(c.admin, "GET", "/volume/v3/volumes/detail?all_tenants=1", nil, &list); err != nil {
			return err
		}
		if len(list.Volumes) != 1 || list.Volumes[0].ID != kept || list.Volumes[0].Status != "available" {
			return fmt.Errorf("volumes are %+v, want %s alone", list.Volumes, kept)
		}
		return nil
	})
	return nil
}

func deleteWhileAttaching(c *besideCinder) error {
	server, volume, err := c.both(nil)
	if err != nil {
		return err
	}
	if err := c.ask(c.demo, "POST", attachmentsPath(server), object{"volumeAttachment": object{"volumeId": volume}}, nil); err != nil {
		return err
	}
	if err := c.ask(c.demo, "DELETE", "/v2.1/servers/"+server, nil, nil); err != nil {
		return err
	}
	return c.await("/volume/v3/volumes/"+volume, "volume", "available")
}

// bootFrom makes a server with a root disk and others.
func bootFrom(root func(c *besideCinder) (object, error), others ...object) func(c *besideCinder) error {
	return func(c *besideCinder) error {
		with := object{}
		for _, d := range others {
			d["destination_type"], d["delete_on_termination"] = "volume", true
		}
		devices := []object{{"source_type": "image", "uuid": c.image, "destination_type": "local", "boot_index": 0}}
		if root != nil {
			device, err := root(c)
			if err != nil {
				return err
			}
			device["boot_index"], device["destination_type"], device["delete_on_termination"] = 0, "volume", true
			devices[0], with["imageRef"] = device, ""
		}
		with["block_device_mapping_v2"] = append(devices, others...)
		server, err := c.server(with)
		if err != nil {
			return err
		}
		if got := c.attachmentsOf(server); len(got) != 1 {
			return fmt.Errorf("the server has %+v", got)
		}
		if err := c.ask(c.demo, "DELETE", "/v2.1/servers/"+server, nil, nil); err != nil {
			return err
		}
		within(c.t, cinderPatience, func() error {
			if reply, err := c.admin.do(c.t.Context(), "GET", "/volume/v3/volumes", nil); err != nil || strings.Contains(string(reply.body), "\"id\"") {
				return fmt.Errorf("volumes are left: %w %s", err, reply.body)
			}
			return nil
		})
		return nil
	}
}

// bootFromNowhere wants a volume of a type that no backend serves: Cinder accepts it, and
// fails later. The server fails too, and leaves nothing.
func bootFromNowhere(c *besideCinder) error {
	_, err := c.server(object{"imageRef": "", "block_device_mapping_v2": []object{{
		"source_type": "image", "uuid": c.image, "destination_type": "volume", "boot_index": 0, "volume_size": 1, "volume_type": "nowhere", "delete_on_termination": true,
	}}})
	if err == nil || !strings.Contains(err.Error(), "in error") {
		return fmt.Errorf("booted from nowhere: %w", err)
	}
	c.t.Log(err)
	return nil
}

func extend(c *besideCinder) error {
	server, volume, err := c.attached(nil)
	if err != nil {
		return err
	}
	path := "/volume/v3/volumes/" + volume
	if err := c.act(c.demo, path, "os-extend", object{"new_size": 2}); err != nil {
		return err
	}
	if err := c.finished(server, "extend_volume"); err != nil {
		return err
	}
	return c.await(path, "volume", "in-use")
}

// retype has Cinder move a volume that a server has, which it asks nova-api to do.
func retype(c *besideCinder) error {
	server, volume, err := c.attached(object{"volume_type": "files"})
	if err != nil {
		return err
	}
	path := "/volume/v3/volumes/" + volume
	if err := c.act(c.admin, path, "os-retype", object{"new_type": "others", "migration_policy": "on-demand"}); err != nil {
		return err
	}
	if err := c.finished(server, "swap_volume"); err != nil {
		return err
	}
	if err := c.await(path, "volume", "in-use"); err != nil {
		return err
	}
	within(c.t, cinderPatience, func() error {
		var shown struct{ Volume cinderVolume }
		if err := c.ask(c.admin, "GET", path, nil, &shown); err != nil {
			return err
		}
		if shown.Volume.Type != "others" || !strings.HasPrefix(shown.Volume.Host, "cinder@others") {
			return fmt.Errorf("the volume is %+v", shown.Volume)
		}
		return nil
	})
	return nil
}

// rooted makes a server that boots from a volume.
func (c *besideCinder) rooted() (string, error) {
	return c.server(object{"imageRef": "", "block_device_mapping_v2": []object{{
		"source_type": "image", "uuid": c.image, "destination_type": "volume", "boot_index": 0, "volume_size": 1, "delete_on_termination": true,
	}}})
}

func snapshotAndBoot(c *besideCinder) error {
	server, err := c.rooted()
	if err != nil {
		return err
	}
	var made struct {
		ImageID string `json:"image_id"`
	}
	if err := c.ask(c.demo, "POST", "/v2.1/servers/"+server+"/action", object{"createImage": object{"name": "shot"}}, &made); err != nil {
		return err
	}
	if err := c.finished(server, "createImage"); err != nil {
		return err
	}
	var list struct{ Snapshots []struct{ ID string } }
	if err := c.ask(c.demo, "GET", "/volume/v3/snapshots", nil, &list); err != nil {
		return err
	}
	for _, s := range list.Snapshots { // as with Nova, the image is there sooner
		if err := c.await("/volume/v3/snapshots/"+s.ID, "snapshot", "available"); err != nil {
			return err
		}
	}
	second, err := c.server(object{"imageRef": made.ImageID})
	if err != nil {
		return err
	}
	if got := c.attachmentsOf(second); len(got) != 1 {
		return fmt.Errorf("the server has %+v", got)
	}
	return nil
}

func rebuildFromVolume(c *besideCinder) error {
	server, err := c.rooted()
	if err != nil {
		return err
	}
	if err := c.act(c.demo, "/v2.1/servers/"+server, "rebuild", object{"imageRef": c.image}); err != nil {
		return err
	}
	if err := c.awaitServer(server, "ACTIVE"); err != nil {
		return err
	}
	return c.finished(server, "rebuild")
}

func shelveAndUnshelve(c *besideCinder) error {
	server, err := c.rooted()
	if err != nil {
		return err
	}
	return c.shelve(server, func() error { return nil })
}

func attachToShelved(c *besideCinder) error {
	server, volume, err := c.both(nil)
	if err != nil {
		return err
	}
	return c.shelve(server, func() error {
		if err := c.ask(c.demo, "POST", attachmentsPath(server), object{"volumeAttachment": object{"volumeId": volume}}, nil); err != nil {
			return err
		}
		return c.await("/volume/v3/volumes/"+volume, "volume", "reserved")
	})
}

// shelve shelves a server, does something, and unshelves it.
func (c *besideCinder) shelve(server string, meanwhile func() error) error {
	path := "/v2.1/servers/" + server
	if err := c.act(c.demo, path, "shelve", nil); err != nil {
		return err
	}
	if err := c.finished(server, "shelve"); err != nil {
		return err
	}
	if err := c.awaitServer(server, "SHELVED_OFFLOADED"); err != nil {
		return err
	}
	if err := meanwhile(); err != nil {
		return err
	}
	if err := c.act(c.demo, path, "unshelve", nil); err != nil {
		return err
	}
	if err := c.finished(server, "unshelve"); err != nil {
		return err
	}
	return c.awaitServer(server, "ACTIVE")
}

func resizeThen(end string) func(c *besideCinder) error {
	return func(c *besideCinder) error {
		server, _, err := c.attached(nil)
		if err != nil {
			return err
		}
		path := "/v2.1/servers/" + server
		if err := c.act(c.demo, path, "resize", object{"flavorRef": larger}); err != nil {
			return err
		}
		if err := c.finished(server, "resize"); err != nil {
			return err
		}
		if err := c.awaitServer(server, "VERIFY_RESIZE"); err != nil {
			return err
		}
		if err := c.act(c.demo, path, end, nil); err != nil {
			return err
		}
		return c.awaitServer(server, "ACTIVE")
	}
}

func liveMigration(c *besideCinder) error {
	server, _, err := c.attached(nil)
	if err != nil {
		return err
	}
	if err := c.act(c.admin, "/v2.1/servers/"+server, "os-migrateLive", object{"host": nil, "block_migration": "auto"}); err != nil {
		return err
	}
	if err := c.awaitServer(server, "ACTIVE"); err != nil {
		return err
	}
	return c.finished(server, "live-migration")
}

func severalServers(c *besideCinder) error {
	first, volume, err := c.attached(object{"volume_type": "shared"})
	if err != nil {
		return err
	}
	second, err := c.server(nil)
	if err != nil {
		return err
	}
	if err := c.attach(second, object{"volumeId": volume}); err != nil {
		return err
	}
	if err := c.finished(second, "attach_volume"); err != nil {
		return err
	}
	if err := c.ask(c.demo, "DELETE", attachmentsPath(first)+"/"+volume, nil, nil); err != nil {
		return err
	}
	if err := c.finished(first, "detach_volume"); err != nil {
		return err
	}
	if got := c.attachmentsOf(second); len(got) != 1 {
		return fmt.Errorf("the other server has %+v", got)
	}
	if err := c.ask(c.demo, "DELETE", "/v2.1/servers/"+second, nil, nil); err != nil {
		return err
	}
	return c.await("/volume/v3/volumes/"+volume, "volume", "available")
}
