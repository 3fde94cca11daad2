package fake

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
	"github.com/nova-api/nova-api/internal/virt/configdrive"
)

// What a server was given when it was made lies beside its disk, in two
// archives: the files on its disk, and its config drive. A zip file bears any
// path that clients think of, and is whole or not there.

// writeFiles writes the archive of the files on the disk: the client's files,
// and what the guest's tools make of the server's key and user data when it
// first starts. It gives no name if there is nothing to put there.
func (d *Driver) writeFiles(s nova.Server, b virt.Build) (string, error) {
	var files []virt.File
	if s.PublicKey != "" {
		files = append(files, virt.File{Path: "root/.ssh/authorized_keys", Data: []byte(strings.TrimSpace(s.PublicKey) + "\n")})
	}
	if s.UserData != nil {
		files = append(files, virt.File{Path: "var/lib/cloud/instance/user-data.txt", Data: nova.FromBase64(*s.UserData)})
	}
	return d.archive(s, append(files, b.Files...))
}

// writeConfigDrive writes the archive of a server's config drive: none for a
// server without one.
func (d *Driver) writeConfigDrive(s nova.Server, b virt.Build) (string, error) {
	if !s.ConfigDrive {
		return "", nil
	}
	files, err := configdrive.Files(s, b)
	if err != nil {
		return "", err
	}
	return d.archive(s, files)
}

// archive writes files under tmp. Of those at one path the last is kept, and
// what can't be the path of a file is passed over.
func (d *Driver) archive(s nova.Server, files []virt.File) (string, error) {
	byPath, order := map[string][]byte{}, []string{}
	for _, file := range files {
		name := path.Clean("/" + file.Path)[1:]
		if !fs.ValidPath(name) || name == "." || strings.HasSuffix(file.Path, "/") {
			continue
		}
		if _, twice := byPath[name]; !twice {
			order = append(order, name)
		}
		byPath[name] = file.Data
	}
	if len(order) == 0 {
		return "", nil
	}
	return d.write(s.ID, func(w io.Writer) error {
		archive := zip.NewWriter(w)
		for _, name := range order {
			f, err := archive.Create(name)
			if err != nil {
				return fmt.Errorf("put %s on the disk: %w", name, err)
			}
			if _, err := f.Write(byPath[name]); err != nil {
				return fmt.Errorf("put %s on the disk: %w", name, err)
			}
		}
		return archive.Close()
	})
}

// Files are the files that were put on a server's disk.
func (d *Driver) Files(ctx context.Context, s nova.Server) (fs.FS, error) {
	return d.readArchive(ctx, "read_disk", s, filesFile)
}

// ConfigDrive gives the files of a server's config drive.
func (d *Driver) ConfigDrive(ctx context.Context, s nova.Server) (fs.FS, error) {
	return d.readArchive(ctx, "read_config_drive", s, configFile)
}

// readArchive reads the files that were put on a disk or a config drive.
func (d *Driver) readArchive(ctx context.Context, verb string, s nova.Server, kind string) (files fs.FS, err error) {
	err = d.on(ctx, verb, s, func() error {
		m, err := d.load(s)
		switch {
		case err != nil:
			return err
		case kind == configFile && !m.ConfigDrive:
			return nova.Errorf(nova.Conflict, "Instance %s has no config drive.", s.ID)
		case kind == filesFile && !m.HasFiles:
			files = new(zip.Reader)
			return nil
		}
		if kind == configFile && m.Rescue != nil {
			kind = rescueConfigFile
		}
		data, err := os.ReadFile(d.path(s, kind))
		if err == nil {
			files, err = zip.NewReader(bytes.NewReader(data), int64(len(data)))
		}
		if err != nil {
			return fmt.Errorf("read what server %s was given: %w", s.ID, err)
		}
		return nil
	})
	return files, err
}
