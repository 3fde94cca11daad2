//go:build openstack

package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// cinderScript starts and kills the Cinder of TestCinder; see there.
const cinderScript = "../scripts/cinder.sh"

// cinderPatience is more than the time that a build waits for a volume that Cinder, killed
// in the midst, will never make.
const cinderPatience = 5 * time.Minute

// A besideCinder is a nova-api with the bundled identity, image and network services,
// and a real Cinder as its block storage.
type besideCinder struct {
	t     *testing.T
	p     *process
	dir   string // Cinder's
	admin *user
	demo  *user
	image string
	rand  *rand.Rand
}

// TestCinder takes servers and volumes through all that they do together, beside a real
// Cinder: each deed once undisturbed, and once while parts of Cinder are killed and come
// back some seconds later. Afterwards both sides agree, and nothing is stuck.
//
// make cinder runs it; NOVA_CRASH_SEED repeats the choices of a run.
func TestCinder(t *testing.T) {
	c := newBesideCinder(t)
	for _, d := range cinderDeeds {
		if !t.Run(d.name, func(t *testing.T) { c.in(t).undisturbed(d) }) {
			c.in(t).clear()
		}
		if !t.Run(d.name+" without Cinder", func(t *testing.T) { c.in(t).disturbed(d) }) {
			c.in(t).clear()
		}
	}
	c.in(t).p.stop()
}

// newBesideCinder starts nova-api, and Cinder beside it.
func newBesideCinder(t *testing.T) *besideCinder {
	t.Helper()
	seed := uint64(number(t, seedVariable, int(time.Now().UnixNano()&0xffffff)))
	t.Logf("%s=%d", seedVariable, seed)
	port := freePort(t)
	c := &besideCinder{t: t, dir: filepath.Join(t.TempDir(), "cinder"), rand: rand.New(rand.NewPCG(seed, 0))}
	c.p = newProcess(t, "", "nova_api.volume=external", "cinder.endpoint_template=http://127.0.0.1:"+port+"/v3/%(project_id)s",
		"DEFAULT.allow_resize_to_same_host=true", "DEFAULT.reimage_timeout_per_gb=30", "quota.instances=-1", "quota.cores=-1")
	c.p.listen, c.p.tolerates = "127.0.0.1:"+freePort(t), "the volume service is temporarily unavailable"
	c.p.start()
	c.p.url, c.p.volumes = "http://"+c.p.listen, "http://127.0.0.1:"+port
	t.Cleanup(func() { c.in(t).script("stop") })
	c.script("start", c.p.dir, port)
	if t.Failed() {
		t.FailNow()
	}
	c.admin, c.demo = c.p.login("admin"), c.p.login("demo")
	c.image = c.demo.images()[0].ID
	c.admin.must("PUT", "/volume/v3/os-quota-sets/"+c.demo.project, object{"quota_set": object{"volumes": -1, "snapshots": -1, "gigabytes": -1}}, http.StatusOK)
	return c
}

// in is the same for a subtest.
func (c *besideCinder) in(t *testing.T) *besideCinder {
	c.t, c.p.t = t, t
	return c
}

// freePort is one on which nobody listens.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return port
}

// script has Cinder's script do something.
func (c *besideCinder) script(verb string, args ...string) {
	c.t.Helper()
	if out, err := exec.Command(cinderScript, append([]string{verb, c.dir}, args...)...).CombinedOutput(); err != nil { // also when the test is over
		c.t.Errorf("%s: %v\n%s", verb, err, out)
	}
}

// undisturbed does a deed, which must succeed.
func (c *besideCinder) undisturbed(d cinderDeed) {
	c.t.Helper()
	if err := d.do(c); err != nil {
		c.t.Error(err)
	}
	c.settle()
}

// disturbed does a deed while parts of Cinder are away. It may fail; when they are back,
// all is as if it had not been tried, or had succeeded.
func (c *besideCinder) disturbed(d cinderDeed) {
	c.t.Helper()
	parts := [][]string{{"api"}, {"volume"}, {"api", "scheduler", "volume"}}[c.rand.IntN(3)]
	ctx, cancel := context.WithCancel(c.t.Context())
	defer cancel()
	back := make(chan struct{})
	wait := time.Duration(c.rand.IntN(d.lasts)) * time.Millisecond
	go func() {
		defer close(back)
		after(ctx, wait)
		c.script("kill", parts...)
		const away = 3 * time.Second
		after(ctx, away)
		c.script("again")
	}()
	err := d.do(c)
	c.t.Logf("%v killed after %v: %v", parts, wait, err)
	<-back
	c.awaitCinder()
	c.mendCinder()
	c.settle()
}

// mendCinder does an administrator's work on volumes that Cinder, killed in the midst, has
// left as being made, extended or retyped. It never looks at those again by itself.
func (c *besideCinder) mendCinder() {
	const patient = 20 * time.Second // for what is still in a queue
	for until := time.Now().Add(patient); ; after(c.t.Context(), time.Second) {
		var left []cinderVolume
		for _, v := range c.volumes() {
			if v.Status == "creating" || v.Status == "extending" || v.Status == "retyping" {
				left = append(left, v)
			}
		}
		if len(left) == 0 {
			return
		}
		if time.Now().Before(until) {
			continue
		}
		for _, v := range left {
			c.t.Logf("Cinder has left volume %s %s", v.ID, v.Status)
			status := map[bool]string{true: "error", false: "in-use"}[v.Status == "creating"]
			c.admin.must("POST", "/volume/v3/volumes/"+v.ID+"/action", object{"os-reset_status": object{"status": status, "migration_status": "none"}}, http.StatusAccepted)
		}
	}
}

// after waits for a while.
func after(ctx context.Context, wait time.Duration) {
	select {
	case <-time.After(wait):
	case <-ctx.Done():
	}
}

// awaitCinder waits until all parts of Cinder say that they are up.
func (c *besideCinder) awaitCinder() {
	c.t.Helper()
	began := time.Now().UTC()
	within(c.t, cinderPatience, func() error {
		reply, err := c.admin.do(c.t.Context(), "GET", "/volume/v3/os-services", nil)
		if err != nil || reply.status != http.StatusOK {
			return fmt.Errorf("services: %w, %d", err, reply.status)
		}
		var list struct {
			Services []struct {
				Host, State string
				UpdatedAt   string `json:"updated_at"`
			}
		}
		reply.into(c.t, &list)
		for _, s := range list.Services {
			if at, err := time.Parse("2006-01-02T15:04:05.999999", s.UpdatedAt); err != nil || s.State != "up" || at.Before(began) {
				return fmt.Errorf("%s is %s, %s, %w", s.Host, s.State, s.UpdatedAt, err)
			}
		}
		return nil
	})
}

// settle waits until nothing is under way and both sides agree, has nova-api check its
// records, and removes everything.
func (c *besideCinder) settle() {
	c.t.Helper()
	within(c.t, cinderPatience, c.disagreeing)
	c.p.check()
	c.clear()
}

// A boundServer is a server with its volumes, as nova-api tells it.
type boundServer struct {
	ID, Status string
	Task       *string `json:"OS-EXT-STS:task_state"`
	Volumes    []struct {
		ID string
	} `json:"os-extended-volumes:volumes_attached"`
}

// servers are all that there are.
func (c *besideCinder) servers() []boundServer {
	c.t.Helper()
	var list struct{ Servers []boundServer }
	c.admin.get("/v2.1/servers/detail?all_tenants=1", &list)
	return list.Servers
}

// A volume and an attachment, as Cinder tells them.
type cinderVolume struct {
	ID, Status, Bootable string
	Size                 int
	Host                 string  `json:"os-vol-host-attr:host"`
	Type                 string  `json:"volume_type"`
	Migration            *string `json:"migration_status"`
	Metadata             map[string]string
}

type cinderAttachment struct {
	ID, Status, Instance string
	VolumeID             string `json:"volume_id"`
}

// disagreeing tells what is under way, and what servers and Cinder don't agree about.
func (c *besideCinder) disagreeing() error {
	var o objections
	known := map[string]string{} // the attachment, by server and volume
	for _, s := range c.servers() {
		if s.Task != nil || s.Status == "BUILD" {
			o.add("server %s is %s, %v", s.ID, s.Status, s.Task)
		}
		for _, a := range c.attachmentsOf(s.ID) {
			if s.Status != "ERROR" || a.AttachmentID != "" {
				known[s.ID+" "+a.VolumeID] = a.AttachmentID
			}
		}
	}
	var there struct{ Attachments []cinderAttachment }
	c.admin.get("/volume/v3/attachments/detail?all_tenants=1", &there)
	used := map[string]bool{}
	for _, a := range there.Attachments {
		key := a.Instance + " " + a.VolumeID
		if known[key] != a.ID || a.Status != "attached" && a.Status != "reserved" {
			o.add("server and volume %s have attachment %s, %s; the server knows %q", key, a.ID, a.Status, known[key])
		}
		delete(known, key)
		used[a.VolumeID] = true
	}
	for key, id := range known {
		o.add("server and volume %s have no attachment %q", key, id)
	}
	for _, v := range c.volumes() {
		good := v.Status == "available" && !used[v.ID] || (v.Status == "in-use" || v.Status == "reserved") && used[v.ID]
		if !good && !strings.HasPrefix(v.Status, "error") {
			o.add("volume %s is %s, attached: %t", v.ID, v.Status, used[v.ID])
		}
	}
	return o.err()
}

// A boundVolume is a volume of a server, as nova-api lists it.
type boundVolume struct {
	VolumeID, Device, Tag string
	AttachmentID          string `json:"attachment_id"`
	Deleted               bool   `json:"delete_on_termination"`
}

// attachmentsOf are the volumes of a server that is there.
func (c *besideCinder) attachmentsOf(server string) []boundVolume {
	c.t.Helper()
	var list struct {
		VolumeAttachments []boundVolume
	}
	if reply, err := c.admin.do(c.t.Context(), "GET", "/v2.1/servers/"+server+"/os-volume_attachments", nil); err == nil && reply.status == http.StatusOK {
		reply.into(c.t, &list)
	}
	return list.VolumeAttachments
}

// volumes are all that Cinder has.
func (c *besideCinder) volumes() []cinderVolume {
	c.t.Helper()
	var list struct{ Volumes []cinderVolume }
	c.admin.get("/volume/v3/volumes/detail?all_tenants=1", &list)
	return list.Volumes
}

// clear removes everything, by users' means alone, but for volumes that Cinder itself
// says are in error.
func (c *besideCinder) clear() {
	c.t.Helper()
	for _, s := range c.servers() {
		c.admin.must("DELETE", "/v2.1/servers/"+s.ID, nil, http.StatusNoContent)
	}
	within(c.t, cinderPatience, func() error {
		if left := c.servers(); len(left) > 0 {
			return fmt.Errorf("servers are left: %+v", left)
		}
		return c.disagreeing()
	})
	var list struct{ Snapshots []struct{ ID string } }
	for _, kind := range []string{"snapshots", "volumes"} {
		within(c.t, cinderPatience, func() error {
			list.Snapshots = nil
			reply := c.admin.must("GET", "/volume/v3/"+kind+"?all_tenants=1", nil, http.StatusOK)
			if err := json.Unmarshal([]byte(strings.Replace(string(reply.body), `"volumes"`, `"snapshots"`, 1)), &list); err != nil {
				return err
			}
			for _, one := range list.Snapshots {
				_, _ = c.admin.do(c.t.Context(), "DELETE", "/volume/v3/"+kind+"/"+one.ID, nil) // again, if the last one was in its way
			}
			if len(list.Snapshots) > 0 {
				return fmt.Errorf("%s are left: %+v", kind, list.Snapshots)
			}
			return nil
		})
	}
	for _, i := range c.admin.images() {
		if i.ID != c.image {
			c.admin.must("DELETE", "/image/v2/images/"+i.ID, nil, http.StatusNoContent)
		}
	}
}
