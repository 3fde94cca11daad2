package image

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/folder"
)

// files is the folder with the images' data. A file has the ID of its image as
// its name, with ".part" behind it while it is written. Whoever writes or
// removes an image's data has claimed the image: it holds a lock on the partial
// file, which the kernel takes back from a process that dies. So a file that is
// locked is in the making, and any other is complete, or litter.
type files struct{ dir string }

// partial is how the file of an upload under way ends. It gets its own name in one
// step once it is whole.
const partial = ".part"

// errBusy is the answer of claim while somebody else has claimed the image.
var errBusy = errors.New("another upload is under way")

// path is where an image's data is. The ID is one that the service has checked;
// Base makes sure that it can't lead anywhere else.
func (f files) path(id string) string { return filepath.Join(f.dir, filepath.Base(id)) }

// claim opens a new, empty, locked file for an image's data. Closing it ends
// the claim. The error is errBusy while somebody else has claimed the image.
func (f files) claim(id string) (*os.File, error) {
	if f.busy(f.path(id)) { // renamed by an upload that is about to end
		return nil, errBusy
	}
	file, ok, err := folder.Claim(f.path(id) + partial)
	if err != nil {
		return nil, storageError(err)
	}
	if !ok {
		return nil, errBusy
	}
	if err := empty(file); err != nil {
		_ = file.Close()
		return nil, storageError(err)
	}
	return file, nil
}

// keep gives a complete file its name, once all of it has reached the disk.
func (f files) keep(file *os.File, id string) error {
	if err := file.Sync(); err != nil {
		return storageError(err)
	}
	if err := os.Rename(f.path(id)+partial, f.path(id)); err != nil {
		return storageError(err)
	}
	return nil
}

// drop removes what an upload has written so far.
func (f files) drop(id string) error { return ignoreMissing(os.Remove(f.path(id) + partial)) }

// remove removes an image's data, if there is any.
func (f files) remove(id string) error { return ignoreMissing(os.Remove(f.path(id))) }

// exists reports whether there is data of an image.
func (f files) exists(id string) bool {
	_, err := os.Stat(f.path(id))
	return err == nil
}

// busy reports whether somebody alive has locked a file.
func (f files) busy(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = file.Close() }() // gives the lock back
	return !folder.Lock(file)
}

// ids are the images of which there is a file, be it partial.
func (f files) ids() (map[string]bool, error) {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return nil, fmt.Errorf("list images' data: %w", err)
	}
	ids := map[string]bool{}
	for _, entry := range entries {
		if id := strings.TrimSuffix(entry.Name(), partial); idPattern.MatchString(id) {
			ids[id] = true
		}
	}
	return ids, nil
}

// storageError gives a fault of the disk the status and the words that it has
// in Glance (glance/api/v2/image_data.py). Any other fault is ours.
func storageError(err error) error {
	full := []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG}
	denied := []error{syscall.EACCES, syscall.EPERM, syscall.EROFS}
	for _, cause := range full {
		if errors.Is(err, cause) {
			return nova.Because(err, nova.TooLarge, "Image storage media is full: There is not enough disk space on the image storage media.")
		}
	}
	for _, cause := range denied {
		if errors.Is(err, cause) {
			return nova.Because(err, nova.Unavailable,
				"Insufficient permissions on image storage media: Permission to write image storage media denied.")
		}
	}
	return fmt.Errorf("store an image's data: %w", err)
}

// empty removes what an upload that died has left in a file.
func empty(file *os.File) error {
	info, err := file.Stat()
	if err != nil || info.Size() == 0 {
		return err
	}
	return file.Truncate(0)
}

// ignoreMissing is for removing what may be gone already.
func ignoreMissing(err error) error {
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return fmt.Errorf("remove an image's data: %w", err)
}
