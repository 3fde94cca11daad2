// Package folder has what the bundled services that keep data in files share: the
// identity of a folder, and locks that the kernel takes back from a process that
// dies.
package folder

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/google/uuid"
)

// Identity is a name that no other folder has, made at the first start. Work on
// files carries it: whether somebody is still at it can be told only where the
// files are.
func Identity(dir string) (string, error) {
	path := filepath.Join(dir, ".folder")
	name, err := os.ReadFile(path)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return string(name), err
	}
	draft, err := os.CreateTemp(dir, ".folder-*")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.Remove(draft.Name()) }()
	_, err = draft.WriteString(uuid.NewString())
	if err := errors.Join(err, draft.Close()); err != nil {
		return "", err
	}
	if err := os.Link(draft.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) { // another process was faster
		return "", err
	}
	name, err = os.ReadFile(path)
	return string(name), err
}

// Claim opens a file, which it makes if it isn't there, and locks it. Closing the
// file ends the claim. It returns false while somebody alive has claimed the file.
func Claim(path string) (*os.File, bool, error) {
	for {
		file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, false, err
		}
		if !Lock(file) {
			_ = file.Close()
			return nil, false, nil
		}
		if !stillThere(file) { // its last owner removed it before we had the lock
			_ = file.Close()
			continue
		}
		return file, true, nil
	}
}

// Lock takes the lock on an open file, and reports whether it was free.
func Lock(file *os.File) bool {
	return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}

// stillThere reports whether an open file has the name that it was opened by.
func stillThere(file *os.File) bool {
	open, err := file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(file.Name())
	return err == nil && os.SameFile(open, named)
}
