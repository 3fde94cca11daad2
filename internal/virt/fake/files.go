package fake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// The files of a server are servers/ab/abcd….json, .disk and what else it has:
// spread over 256 folders by the first two digits of the ID. Each is written
// under tmp and renamed, so that whoever looks sees all of it or nothing.
const (
	stateFile = ".json"
	diskFile  = ".disk"
	filesFile = ".files.zip" // what was put on the disk
	// What a server boots from that is being rescued, instead of its own.
	rescueFile       = ".rescue"
	rescueConfigFile = ".rescue-config.zip"
	configFile       = ".config.zip" // the config drive
)

// forgotten is how old a file under tmp is that nobody will rename any more.
const forgotten = time.Hour

// The folders of the host. Both are on one file system, since files move from tmp
// to servers by renaming.
func (d *Driver) tmp() string     { return filepath.Join(d.o.Dir, "tmp") }
func (d *Driver) servers() string { return filepath.Join(d.o.Dir, "servers") }

// path is where a server keeps a file of a kind.
func (d *Driver) path(s nova.Server, kind string) string {
	return filepath.Join(d.servers(), s.ID[:2], s.ID+kind)
}

// isID tells whether an ID is fit to be a file's name.
func isID(id string) bool {
	const minimum, maximum = 2, 64
	foreign := func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-'
	}
	return len(id) >= minimum && len(id) <= maximum && !strings.ContainsFunc(id, foreign)
}

// load reads what the host knows of a server. The error is NotFound for a server
// that it doesn't have.
func (d *Driver) load(s nova.Server) (machine, error) {
	var m machine
	text, err := os.ReadFile(d.path(s, stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return m, virt.Unknown(s)
	}
	if err != nil {
		return m, fmt.Errorf("read server %s: %w", s.ID, err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("read server %s: %w", s.ID, err)
	}
	return m, nil
}

// save writes what the host knows of a server, all at once: a process that dies in
// between leaves the old file.
func (d *Driver) save(m machine) error {
	text, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("write server %s: %w", m.ID, err)
	}
	name, err := d.write(m.ID, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
	if err == nil {
		err = os.Rename(name, d.path(nova.Server{ID: m.ID}, stateFile))
	}
	if err != nil {
		return fmt.Errorf("write server %s: %w", m.ID, err)
	}
	return nil
}

// write makes a file under tmp, for the caller to rename. It isn't synced:
// what the kernel has been told outlives the process, and a host that loses
// its power loses a fake's servers too.
func (d *Driver) write(id string, fill func(io.Writer) error) (name string, err error) {
	f, err := os.CreateTemp(d.tmp(), id+".*")
	if err != nil {
		return "", err
	}
	err = fill(f)
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

// writeAll writes files under tmp, and names those that there are by their
// kinds. What was written before an error is named as well.
func writeAll(writers map[string]func() (string, error)) (map[string]string, error) {
	made := map[string]string{}
	for kind, write := range writers {
		name, err := write()
		if err != nil {
			return made, err
		}
		if name != "" {
			made[kind] = name
		}
	}
	return made, nil
}

// removeAll removes files under tmp. Those that were put in their places aren't
// there any more.
func removeAll(made map[string]string) {
	for _, name := range made {
		_ = os.Remove(name)
	}
}

// put moves files from tmp to their places.
func (d *Driver) put(s nova.Server, made map[string]string) error {
	for kind, name := range made {
		if err := os.Rename(name, d.path(s, kind)); err != nil {
			return err
		}
	}
	return nil
}

// remove removes those of a server's files that are there.
func (d *Driver) remove(s nova.Server, kinds ...string) error {
	for _, kind := range kinds {
		if err := os.Remove(d.path(s, kind)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove files of server %s: %w", s.ID, err)
		}
	}
	return nil
}

// sweep removes what processes that were killed left under tmp. There is one
// such file for each write that was cut off, and none otherwise.
func (d *Driver) sweep() error {
	entries, err := os.ReadDir(d.tmp())
	if err != nil {
		return fmt.Errorf("sweep fake host %s: %w", d.o.Host, err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || d.now().Sub(info.ModTime()) < forgotten {
			continue
		}
		_ = os.Remove(filepath.Join(d.tmp(), entry.Name()))
	}
	return nil
}

// ids are the servers that are there, by the names of their files.
func (d *Driver) ids(ctx context.Context) ([]string, error) {
	shards, err := readDir(d.servers())
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, shard := range shards {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		files, err := readDir(filepath.Join(d.servers(), shard.Name()))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if id, ok := strings.CutSuffix(file.Name(), stateFile); ok {
				ids = append(ids, id)
			}
		}
	}
	return ids, nil
}

// readDir lists a folder. A missing folder counts as empty.
func readDir(name string) ([]fs.DirEntry, error) {
	entries, err := os.ReadDir(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list servers: %w", err)
	}
	return entries, nil
}
