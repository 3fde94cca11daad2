package volume

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

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
	if err := grow(file, size); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	return os.Rename(f.path(id)+partial, f.path(id))
}

// grow makes a file as large as it should be, in bytes. Smaller it never gets.
func grow(file *os.File, size int64) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if info.Size() >= size {
		return nil
	}
	return file.Truncate(size)
}

// extend makes the data of a volume larger.
func (f files) extend(id string, size int64) error {
	file, err := os.OpenFile(f.path(id), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(grow(file, size), file.Sync(), file.Close())
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

// The arguments of lseek that find data and holes in sparse files.
const (
	seekData = 3
	seekHole = 4
)

// copySparse copies a file, and leaves holes where the source has them. Before
// each piece it asks whether to go on.
func copySparse(to, from *os.File, goOn func() error) error {
	for at := int64(0); ; {
		start, err := from.Seek(at, seekData)
		if errors.Is(err, syscall.ENXIO) { // nothing but holes up to the end
			break
		}
		if err != nil {
			return fmt.Errorf("find the next piece of data: %w", err)
		}
		end, err := from.Seek(start, seekHole)
		if err != nil {
			return fmt.Errorf("find the next hole: %w", err)
		}
		for start < end {
			if err := goOn(); err != nil {
				return err
			}
			piece := min(end-start, pieceSize)
			if _, err := io.Copy(io.NewOffsetWriter(to, start), io.NewSectionReader(from, start, piece)); err != nil {
				return err
			}
			start += piece
		}
		at = end
	}
	info, err := from.Stat()
	if err != nil {
		return err
	}
	return grow(to, info.Size())
}

// pieceSize is how much is copied between two questions whether to go on, in bytes.
const pieceSize = 64 << 20
