package compute_test

import (
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"testing"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// TestCreate_EquipsServers boots a server with everything that a client can put
// into it, and looks into its disk and its config drive.
func TestCreate_EquipsServers(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		ctx := s.as("demo")
		_, _, err := s.api.CreateKeyPair(ctx, compute.NewKeyPair{UserID: nova.CallerOf(ctx).UserID, Name: "mine", Type: "ssh", PublicKey: new(edKey)})
		s.must(err)
		server := s.boot(ctx, onPrivate, func(r *compute.ServerRequest) {
			r.KeyName, r.UserData, r.Password, r.ConfigDrive = new("mine"), new(encode("#!/bin/sh")), new("pa55"), true
			r.Files = []compute.File{{Path: "/etc/motd", Contents: encode("hello")}}
			r.Networks = compute.Networks{List: []compute.NIC{{NetworkID: private, Tag: "front"}}}
		})
		files, drive := s.look(server)
		for path, want := range map[string]string{
			"etc/motd": "hello", "root/.ssh/authorized_keys": edKey + "\n", "var/lib/cloud/instance/user-data.txt": "#!/bin/sh",
		} {
			if got, err := fs.ReadFile(files, path); err != nil || string(got) != want {
				t.Errorf("%s = %q, %v, want %q", path, got, err, want)
			}
		}
		text, err := fs.ReadFile(drive, "openstack/latest/meta_data.json")
		s.must(err)
		var meta struct {
			Password string `json:"admin_pass"`
			Devices  []struct{ Tags []string }
		}
		s.must(json.Unmarshal(text, &meta))
		if meta.Password != "pa55" || len(meta.Devices) != 1 || meta.Devices[0].Tags[0] != "front" {
			t.Errorf("meta_data.json = %s", text)
		}
		s.wantForgotten(server.ID)
	})
}

// TestCreate_ForgetsPasswords deletes a server before it is built: nobody keeps
// its password.
func TestCreate_ForgetsPasswords(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		ctx := s.as("demo")
		server := s.begin(ctx, func(r *compute.ServerRequest) { r.Password = new("pa55") })
		s.must(s.api.Delete(ctx, server))
		s.work()
		s.wantForgotten(server.ID)
	})
}

func (s *site) wantForgotten(id string) {
	s.t.Helper()
	for _, action := range s.actions(id) {
		if action.FinishTime == nil || action.Args != "" {
			s.t.Errorf("%s ended at %v, and still knows %q", action.Name, action.FinishTime, action.Args)
		}
	}
}

// TestConfigDrive builds servers for every reason there is for a config drive.
func TestConfigDrive(t *testing.T) {
	t.Parallel()
	type wish struct{ client, image, host, want bool }
	eachCase(t, map[string]wish{
		"nobody wants one": {},
		"the client does":  {client: true, want: true},
		"the image does":   {image: true, want: true},
		"the host does":    {host: true, want: true},
	}, func(t *testing.T, s *site, _ string, c wish) {
		ctx := s.as("demo")
		server := s.begin(ctx, func(r *compute.ServerRequest) { r.ConfigDrive = c.client })
		if c.image {
			s.must(s.store.ChangeServer(ctx, server.ID, db.ServerChange{ImageProps: &map[string]string{"img_config_drive": "mandatory"}}))
		}
		s.workWith(s.newWorker(func(o *compute.WorkerOptions) { o.ConfigDrives = c.host }))
		server = s.server(server.ID)
		if server.VMState != nova.Active || server.ConfigDrive != c.want {
			t.Errorf("server is %s, config drive %v, want %v", server.VMState, server.ConfigDrive, c.want)
		}
		if _, drive := s.look(server); (drive != nil) != c.want {
			t.Errorf("there is a config drive: %v, want %v", drive != nil, c.want)
		}
	})
}

// look opens what a server was given: no config drive if it has none.
func (s *site) look(server nova.Server) (files, drive fs.FS) {
	s.t.Helper()
	reader, err := virt.As[virt.DiskReader](s.local.Driver(server.Host))
	s.must(err)
	files, err = reader.Files(s.t.Context(), server)
	s.must(err)
	drive, err = reader.ConfigDrive(s.t.Context(), server)
	if nova.Is(err, nova.Conflict) {
		return files, nil
	}
	s.must(err)
	return files, drive
}

func encode(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

const edKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDU20SmAyHrohONePKYGTcgFA43D+PZBGy+9nv112nZX"

// TestCreate_RefusesContradictions asks for a flavor and an image that contradict
// each other, and for a root device of the image's own.
func TestCreate_RefusesContradictions(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		id := s.upload("demo", map[string]string{"hw_cpu_policy": "dedicated", "root_device_name": "sda"})
		shared := s.flavor(nova.Flavor{ID: "shared", Name: "shared", RAM: 512, VCPUs: 1, Disk: 1})
		made, err := s.store.Flavor(t.Context(), shared)
		s.must(err)
		s.must(s.store.SetExtraSpecs(t.Context(), made, map[string]string{"hw:cpu_policy": "shared"}))
		_, err = s.api.Create(s.as("demo"), request(func(r *compute.ServerRequest) { r.ImageID, r.FlavorID = id, shared }))
		wantRefusal(t, err, nova.Invalid, "Image property 'hw_cpu_policy' is not permitted to override CPU pinning policy set against the flavor")
		queued := s.begin(s.as("demo"))
		if queued.RootDevice != nil {
			t.Errorf("root device %v of a server without a host", *queued.RootDevice)
		}
		s.work()
		if now := s.server(queued.ID); now.RootDevice == nil || *now.RootDevice != "/dev/vda" {
			t.Errorf("root device %v, want /dev/vda", now.RootDevice)
		}
		server := s.boot(s.as("demo"), func(r *compute.ServerRequest) { r.ImageID = id })
		if server.RootDevice == nil || *server.RootDevice != "/dev/sda" {
			t.Errorf("root device %v, want /dev/sda", server.RootDevice)
		}
	})
}
