package image

import (
	"io/fs"
	"os"
	"syscall"
	"testing"

	"github.com/nova-api/nova-api/internal/nova"
)

// TestStorageError gives what the kernel says of a disk Glance's words.
func TestStorageError(t *testing.T) {
	t.Parallel()
	const (
		full   = "Image storage media is full: There is not enough disk space on the image storage media."
		denied = "Insufficient permissions on image storage media: Permission to write image storage media denied."
	)
	for cause, want := range map[syscall.Errno]struct {
		kind nova.Kind
		text string
	}{
		syscall.ENOSPC: {nova.TooLarge, full},
		syscall.EDQUOT: {nova.TooLarge, full},
		syscall.EFBIG:  {nova.TooLarge, full},
		syscall.EACCES: {nova.Unavailable, denied},
		syscall.EPERM:  {nova.Unavailable, denied},
		syscall.EROFS:  {nova.Unavailable, denied},
		syscall.EIO:    {nova.Internal, ""},
	} {
		err := storageError(&fs.PathError{Op: "write", Path: "secret/path", Err: cause})
		if nova.KindOf(err) != want.kind || nova.Message(err) != want.text {
			t.Errorf("%v: got %v, kind %d", cause, err, nova.KindOf(err))
		}
	}
}

// TestClaim is held by one at a time, and ends with the file.
func TestClaim(t *testing.T) {
	t.Parallel()
	const id = "11111111-2222-3333-4444-555555555555"
	f := files{t.TempDir()}
	if err := os.WriteFile(f.path(id)+partial, []byte("of an upload that died"), 0o600); err != nil {
		t.Fatal(err)
	}
	first, err := f.claim(id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.claim(id); err != errBusy { //nolint:errorlint // nothing wraps it
		t.Errorf("a second claim: %v", err)
	}
	if _, err := first.WriteString("data"); err != nil {
		t.Fatal(err)
	}
	if err := f.keep(first, id); err != nil {
		t.Fatal(err)
	}
	if _, err := f.claim(id); err != errBusy { //nolint:errorlint // nothing wraps it
		t.Errorf("a claim while the upload ends: %v", err)
	}
	_ = first.Close()
	if text, err := os.ReadFile(f.path(id)); string(text) != "data" || err != nil {
		t.Errorf("kept %q, %v", text, err)
	}
	second, err := f.claim(id)
	if err != nil {
		t.Fatalf("a claim afterwards: %v", err)
	}
	_ = second.Close()
}
