package virttest

import (
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"testing"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
	"github.com/nova-api/nova-api/internal/virt/configdrive"
)

const (
	publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBjwN2v0G0tN9p0kDgWyD2mXaA0nQ2S7h5kYpN7r0o5M me@here"
	userData  = "#!/bin/sh\necho hello\n"
)

// equipped is a server with a key and user data, the latter in Base64, as the API
// keeps it.
func equipped(configDrive bool) nova.Server {
	s := newServer()
	s.KeyName, s.PublicKey = new("mine"), publicKey
	s.UserData = new(base64.StdEncoding.EncodeToString([]byte(userData)))
	s.Metadata = map[string]string{"role": "db"}
	s.ConfigDrive, s.LaunchIndex, s.Zone = configDrive, 3, "nova"
	return s
}

// equipment is what a server is made of that has everything. Paths of files come
// from clients as they are: relative ones, those that lead above the root, twice
// the same, and those that name no file at all. None may spoil the server.
func equipment() virt.Build {
	b := (&source{data: image()}).build()
	b.NICs[0].Tag = "backend"
	b.Password = "s3cret"
	b.Files = []virt.File{
		{Path: "/etc/motd", Data: []byte("welcome\n")},
		{Path: "no/slash", Data: []byte{0, 1, 0xff}},
		{Path: "../../../etc/../up", Data: []byte("below the root all the same")},
		{Path: "/twice", Data: []byte("first")},
		{Path: "//twice", Data: []byte("last")},
		{Path: "/empty", Data: nil},
		{Path: "/naïve folder/файл", Data: []byte("names of all kinds")},
		{Path: "/a/folder/", Data: []byte("no file")},
		{Path: "", Data: []byte("no file")},
		{Path: "/nul\x00", Data: []byte("any path makes a server")},
	}
	return b
}

// diskFiles reads back what was put on a server's disk. Files, the key of its
// owner and user data are there after a restart of the driver, and after spawn was
// repeated without them; they are gone with the server.
func diskFiles(t *testing.T, host Host) {
	d, s, b := host(t), equipped(false), equipment()
	mustBuild(t, d, s, b)
	for _, look := range []struct {
		when string
		by   virt.Driver
	}{{"at once", d}, {"after a restart", host(t)}} {
		reader, err := virt.As[virt.DiskReader](look.by)
		do(t, "read the disk", err)
		files, err := reader.Files(t.Context(), s)
		do(t, "read the disk "+look.when, err)
		for path, want := range map[string]string{
			"etc/motd": "welcome\n", "no/slash": "\x00\x01\xff", "up": "below the root all the same", "twice": "last", "empty": "",
			"naïve folder/файл": "names of all kinds", "root/.ssh/authorized_keys": publicKey + "\n",
			"var/lib/cloud/instance/user-data.txt": userData,
		} {
			wantFile(t, files, path, want)
		}
		_, err = reader.ConfigDrive(t.Context(), s)
		wantKind(t, "read a config drive that isn't there", err, nova.Conflict)
	}
	// A repeated step may be told less: the password, for one, is kept nowhere.
	do(t, "spawn again", d.Spawn(t.Context(), s, virt.Build{}))
	reader, _ := virt.As[virt.DiskReader](d)
	files, err := reader.Files(t.Context(), s)
	do(t, "read the disk after another spawn", err)
	wantFile(t, files, "etc/motd", "welcome\n")

	// Whoever gets the same ID later must not find what another client has left.
	do(t, "destroy", d.Destroy(t.Context(), s))
	_, err = reader.Files(t.Context(), s)
	wantKind(t, "read the disk of a server that is gone", err, nova.NotFound)

	// The disk of a plain server has an image on it and no files of ours.
	plain := running(t, d)
	files, err = reader.Files(t.Context(), plain)
	do(t, "read a disk that nothing was put on", err)
	if names, err := fs.Glob(files, "*"); err != nil || len(names) > 0 {
		t.Errorf("on the disk of a server without anything: %q, %v", names, err)
	}
}

// configDrive reads back a server's config drive as cloud-init does: user data,
// meta_data.json with the files that it names, and network_data.json. Each file
// keeps the path that the client gave, which is the guest's business.
func configDrive(t *testing.T, host Host) {
	d, s, b := host(t), equipped(true), equipment()
	mustBuild(t, d, s, b)
	reader, err := virt.As[virt.DiskReader](host(t))
	do(t, "read the config drive", err)
	drive, err := reader.ConfigDrive(t.Context(), s)
	do(t, "read the config drive", err)

	wantFile(t, drive, configdrive.Latest+"/user_data", userData)
	// Only what cloud-init looks at: the document may have more.
	var meta struct {
		UUID, Name, Hostname string
		Meta                 map[string]string
		AdminPass            string            `json:"admin_pass"`
		PublicKeys           map[string]string `json:"public_keys"`
		LaunchIndex          int               `json:"launch_index"`
		Zone                 string            `json:"availability_zone"`
		Devices              []struct {
			MAC  string
			Tags []string
		}
		Files []struct {
			Path    string
			Content string `json:"content_path"`
		}
	}
	readJSON(t, drive, configdrive.Latest+"/meta_data.json", &meta)
	if meta.UUID != s.ID || meta.Name != s.Name || meta.Hostname != s.Hostname || meta.LaunchIndex != 3 || meta.Zone != "nova" ||
		meta.Meta["role"] != "db" || meta.AdminPass != "s3cret" || meta.PublicKeys["mine"] != publicKey {
		t.Errorf("meta_data.json = %+v", meta)
	}
	if len(meta.Devices) != 1 || meta.Devices[0].MAC != b.NICs[0].MAC || len(meta.Devices[0].Tags) != 1 || meta.Devices[0].Tags[0] != "backend" {
		t.Errorf("devices = %+v", meta.Devices)
	}
	// The drive keeps the client's paths apart from the places of the contents, so
	// that no path can lead out of the drive.
	if len(meta.Files) != len(b.Files) {
		t.Fatalf("meta_data.json has %d files, want %d", len(meta.Files), len(b.Files))
	}
	for i, file := range b.Files {
		if meta.Files[i].Path != file.Path {
			t.Errorf("file %d is to be at %q, want %q", i, meta.Files[i].Path, file.Path)
		}
		wantFile(t, drive, "openstack"+meta.Files[i].Content, string(file.Data))
	}
	// Links and networks refer to each other by IDs that mean nothing elsewhere.
	var network struct {
		Links []struct {
			MAC string `json:"ethernet_mac_address"`
			ID  string
		}
		Networks []struct {
			Link    string
			Network string `json:"network_id"`
		}
	}
	readJSON(t, drive, configdrive.Latest+"/network_data.json", &network)
	if len(network.Links) != 1 || network.Links[0].MAC != b.NICs[0].MAC ||
		len(network.Networks) != 1 || network.Networks[0].Link != network.Links[0].ID || network.Networks[0].Network != b.NICs[0].NetworkID {
		t.Errorf("network_data.json = %+v", network)
	}
}

// mustBuild spawns a server from something else than the plain image.
func mustBuild(t *testing.T, d virt.Driver, s nova.Server, b virt.Build) {
	t.Helper()
	destroyLater(t, d, s)
	do(t, "spawn", d.Spawn(t.Context(), s, b))
}

// wantFile compares a file with what was to be in it.
func wantFile(t *testing.T, files fs.FS, path, want string) {
	t.Helper()
	if got, err := fs.ReadFile(files, path); err != nil || string(got) != want {
		t.Errorf("%s = %q, %v, want %q", path, got, err, want)
	}
}

// readJSON reads a file of JSON, whatever else is in it.
func readJSON(t *testing.T, files fs.FS, path string, into any) {
	t.Helper()
	data, err := fs.ReadFile(files, path)
	do(t, path, err)
	do(t, path, json.Unmarshal(data, into))
}
