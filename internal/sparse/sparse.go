// Package sparse copies files that are mostly holes, as those of volumes are: what was never
// written takes no room in the copy either.
package sparse

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// The arguments of lseek that find data and holes in sparse files.
const (
	seekData = 3
	seekHole = 4
)

// PieceSize is how much is copied between two questions whether to go on, in bytes.
const PieceSize = 64 << 20

// Copy copies a file into one that is empty or has nothing but holes, and leaves holes where
// the source has them. The copy is at least as large as the source. Before each piece of
// 64 MiB it asks whether to go on, and returns the error if not.
func Copy(to, from *os.File, goOn func() error) error {
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
			piece := min(end-start, PieceSize)
			if _, err := io.Copy(io.NewOffsetWriter(to, start), io.NewSectionReader(from, start, piece)); err != nil {
				return fmt.Errorf("copy a piece of data: %w", err)
			}
			start += piece
		}
		at = end
	}
	info, err := from.Stat()
	if err != nil {
		return fmt.Errorf("find the size of what is copied: %w", err)
	}
	return Grow(to, info.Size())
}

// Grow makes a file as large as it should be, in bytes, by a hole at its end. Smaller it
// never gets.
func Grow(file *os.File, size int64) error {
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("find the size of a file: %w", err)
	}
	if info.Size() >= size {
		return nil
	}
	return file.Truncate(size)
}
