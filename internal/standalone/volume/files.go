package volume

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/nova-api/nova-api/internal/sparse"
	"github.com/nova-api/nova-api/internal/standalone/folder"
)

// files is the folder with the data of volumes and snapshots. Whoever works on
// the data of one has claimed it: it holds a lock on a file beside the data,
// which the kernel takes back from a process that dies. New data is written to a
// partial file, which gets its name in one step once it is whole. So a file with
// a plain name is always complete.
type files struct{ dir string }

const (
	partial = ".part"
	lockExt = ".lock"
)

// gigabyte is what sizes are counted in, in bytes.
const gigabyte = 1 << 30

// path is where the data of a volume or a snapshot is. IDs come from the service
// itself; Base makes sure that none can lead anywhere else.
func (f files) path(id string) string { return filepath.Join(f.dir, filepath.Base(id)) }

// claim locks the data of a volume or a snapshot, and returns false while somebody
// alive has done so. Call release at the end.
func (f files) claim(id string) (release func(), ok bool, err error) {
	file, ok, err := folder.Claim(f.path(id) + lockExt)
	if err != nil || !ok {
		return nil, false, err
	}
	return func() {
		_ = os.Remove(file.Name()) // while it is locked: whoever has opened it meanwhile opens another
		_ = file.Close()
	}, true, nil
}

// make writes the data of a volume or a snapshot, unless it is there already:
// what fill writes, and zeros up to the size in bytes, which take no room.
func (f files) make(id string, size int64, fill func(file *os.File) error) error {
	if _, err := os.Stat(f.path(id)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return f.replace(id, size, fill)
}

// replace does the same whether there is data or not.
func (f files) replace(id string, size int64, fill func(file *os.File) error) (err error) {
	file, err := os.OpenFile(f.path(id)+partial, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		_ = file.Close() // it is on the disk, or goes
		if err != nil {
			err = errors.Join(err, f.drop(id))
		}
	}()
	if err := fill(file); err != nil {
		return err
	}
	if err := sparse.Grow(file, size); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	return os.Rename(f.path(id)+partial, f.path(id))
}

// extend makes the data of a volume larger.
func (f files) extend(id string, size int64) error {
	file, err := os.OpenFile(f.path(id), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(sparse.Grow(file, size), file.Sync(), file.Close())
}

// drop removes what has been written so far of new data.
func (f files) drop(id string) error { return ignoreMissing(os.Remove(f.path(id) + partial)) }

// remove removes all data of a volume or a snapshot.
func (f files) remove(id string) error {
	return errors.Join(f.drop(id), ignoreMissing(os.Remove(f.path(id))))
}

// ignoreMissing is for removing what may be gone already.
func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
