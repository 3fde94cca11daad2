package image

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// files is the folder with the images' data. A file has the name of its image;
// while it is written, with ".part" behind it. Whoever writes holds a lock on
// the file, which the kernel takes back from a process that dies: so a file
// that is locked is in the making, and one that isn't is complete, or litter.
type files struct{ dir string }

const partial = ".part"

// errBusy is what create answers while another upload of the image goes on.
var errBusy = errors.New("another upload is under way")

func (f files) path(id string) string { return filepath.Join(f.dir, filepath.Base(id)) }

// create opens a new, empty, locked file for an image's data.
func (f files) create(id string) (*os.File, error) {
	if f.busy(f.path(id)) {
		return nil, errBusy
	}
	for {
		file, err := os.OpenFile(f.path(id)+partial, os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, fmt.Errorf("file for an image: %w", err)
		}
		if !lock(file) {
			_ = file.Close()
			return nil, errBusy
		}
		if !stillThere(file) { // its last owner removed it before we had the lock
			_ = file.Close()
			continue
		}
		if err := file.Truncate(0); err != nil {
			_ = file.Close()
			return nil, fmt.Errorf("file for an image: %w", err)
		}
		return file, nil
	}
}

// keep gives a complete file its name.
func (f files) keep(id string) error {
	if err := os.Rename(f.path(id)+partial, f.path(id)); err != nil {
		return fmt.Errorf("keep an image's data: %w", err)
	}
	return nil
}

// drop removes what an upload has written so far.
func (f files) drop(id string) error { return ignoreMissing(os.Remove(f.path(id) + partial)) }

// remove removes an image's data, if there is any.
func (f files) remove(id string) error { return ignoreMissing(os.Remove(f.path(id))) }

func (f files) exists(id string) bool {
	_, err := os.Stat(f.path(id))
	return err == nil
}

// uploading tells whether somebody alive writes an image's data. The partial
// file is looked at first, because it becomes the other.
func (f files) uploading(id string) bool {
	return f.busy(f.path(id)+partial) || f.busy(f.path(id))
}

func (f files) busy(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = file.Close() }() // gives the lock back
	return !lock(file)
}

// sweep removes the files that nobody writes and whose image isn't wanted.
func (f files) sweep(wanted func(id string) (bool, error)) error {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return fmt.Errorf("sweep images: %w", err)
	}
	for _, entry := range entries {
		id, isPartial := strings.CutSuffix(entry.Name(), partial)
		if !idPattern.MatchString(id) || f.busy(filepath.Join(f.dir, entry.Name())) {
			continue
		}
		keep := false
		if !isPartial {
			if keep, err = wanted(id); err != nil {
				return err
			}
		}
		if keep {
			continue
		}
		if err := ignoreMissing(os.Remove(filepath.Join(f.dir, entry.Name()))); err != nil {
			return err
		}
	}
	return nil
}

func lock(file *os.File) bool {
	return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}

func stillThere(file *os.File) bool {
	open, err := file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(file.Name())
	return err == nil && os.SameFile(open, named)
}

func ignoreMissing(err error) error {
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return fmt.Errorf("remove an image's data: %w", err)
}
