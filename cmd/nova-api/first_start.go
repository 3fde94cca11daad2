package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/nova-api/nova-api/internal/config"
	"github.com/nova-api/nova-api/internal/standalone/identity"
)

// firstStart is the result of seeding: whether the identity service is the bundled
// one, and the password if the users were created just now.
type firstStart struct {
	bundled  bool
	password string
}

// A login fills the template of an openrc file, or a cloud in clouds.yaml. Project
// and user are the names that the seed of the identity service gives them.
type login struct{ Cloud, File, User, Project, URL, Password, Region string }

// logins are what the first start writes. The demo user's file is plain openrc,
// since that is who tries the cloud first.
var logins = []login{
	{Cloud: "nova-admin", File: "openrc-admin", User: "admin", Project: "admin"},
	{Cloud: "nova", File: "openrc", User: "demo", Project: "demo"},
	{Cloud: "nova-reader", File: "openrc-reader", User: "reader", Project: "demo"},
}

// openrc sets what every OpenStack client reads. It names no microversion: each
// client asks for its own.
var openrc = template.Must(template.New("openrc").Parse(`# Log in as {{.User}}: ". {{.File}}", then nova or openstack.
export OS_AUTH_URL={{.URL}}
export OS_IDENTITY_API_VERSION=3
export OS_USERNAME={{.User}}
export OS_PASSWORD='{{.Password}}'
export OS_USER_DOMAIN_NAME=Default
export OS_PROJECT_NAME={{.Project}}
export OS_PROJECT_DOMAIN_NAME=Default
export OS_REGION_NAME={{.Region}}
`))

// cloudsYAML holds the same for clients that take a cloud by its name.
var cloudsYAML = template.Must(template.New("clouds.yaml").Parse(`# For openstack --os-cloud NAME, and for everything else that reads clouds.yaml.
clouds:
{{- range .}}
  {{.Cloud}}:
    auth:
      auth_url: {{.URL}}
      username: {{.User}}
      password: '{{.Password}}'
      user_domain_name: Default
      project_name: {{.Project}}
      project_domain_name: Default
    region_name: {{.Region}}
    identity_api_version: 3
{{- end}}
`))

// tell writes the files that clients log in with, and prints what to type next
// after a first start. Later starts update the address in the files. With several
// API processes on one state directory, the files hold the address of the one that
// was started last, unless public_url is set.
func (f firstStart) tell(cfg *config.Config, address string, out io.Writer) error {
	if !f.bundled {
		return nil
	}
	password := f.password
	if password == "" {
		var err error
		if password, err = knownPassword(cfg.StateDir); err != nil || password == "" {
			return err
		}
	}
	if err := writeLogins(cfg, reachable(cfg, address), password); err != nil {
		return fmt.Errorf("write the files to log in with: %w", err)
	}
	if f.password == "" {
		return nil
	}
	dir, err := filepath.Abs(cfg.StateDir)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, `A new cloud is ready. In another shell:
  . %[1]s/openrc          # as a user; openrc-admin as the administrator
  nova flavor-list
  nova boot --flavor m1.nano --image cirros my-first
or  OS_CLIENT_CONFIG_FILE=%[1]s/clouds.yaml openstack --os-cloud nova server list
`, dir)
	return err
}

// reachable returns the URL at which clients reach the listener. That of a
// listener on all addresses is one of this machine.
func reachable(cfg *config.Config, address string) string {
	if cfg.NovaAPI.PublicURL != "" {
		return strings.TrimSuffix(cfg.NovaAPI.PublicURL, "/")
	}
	for _, anywhere := range []string{"0.0.0.0:", "[::]:"} {
		if port, ok := strings.CutPrefix(address, anywhere); ok {
			return cfg.Scheme() + "://127.0.0.1:" + port
		}
	}
	return cfg.Scheme() + "://" + address
}

// writeLogins writes the openrc files and clouds.yaml. They hold a password, so
// only their owner may read them.
func writeLogins(cfg *config.Config, base, password string) error {
	filled := make([]login, len(logins))
	for i, l := range logins {
		l.URL, l.Password, l.Region = base+identity.Path+"/v3", password, cfg.NovaAPI.RegionName
		filled[i] = l
		if err := writeFile(filepath.Join(cfg.StateDir, l.File), openrc, l); err != nil {
			return err
		}
	}
	return writeFile(filepath.Join(cfg.StateDir, "clouds.yaml"), cloudsYAML, filled)
}

// writeFile replaces a file atomically, so that nobody reads half of it.
func writeFile(path string, content *template.Template, data any) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // does nothing once it is renamed
	if err := errors.Join(content.Execute(f, data), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// knownPassword reads the password that the first start has written; it is empty
// if somebody has moved the file. It is read again because the database has only
// its hash.
func knownPassword(dir string) (string, error) {
	text, err := os.ReadFile(filepath.Join(dir, logins[0].File))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil // somebody keeps it elsewhere
	}
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "export OS_PASSWORD='"); ok {
			return strings.TrimSuffix(rest, "'"), nil
		}
	}
	return "", nil
}
