package image

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// download sends an image's data, or the range of it that is asked for. An image
// without data is answered with 204. A deactivated image is Forbidden, except for
// administrators. The data is streamed from the file, so an image that is deleted
// meanwhile still arrives whole.
func (s *Service) download(r *http.Request) (kit.Reply, error) {
	image, err := s.visible(r.Context(), pathValue(r, "id"))
	if err != nil {
		return kit.Reply{}, err
	}
	switch {
	case image.Status == deactivated && !isAdmin(nova.CallerOf(r.Context())):
		return kit.Reply{}, nova.Errorf(nova.Forbidden, "The requested image has been deactivated. Image data download is forbidden.")
	case image.Status != active && image.Status != deactivated:
		return kit.Reply{}, nil // 204: there is no data yet
	}
	file, err := os.Open(s.files.path(image.ID))
	if errors.Is(err, fs.ErrNotExist) {
		return kit.Reply{}, nova.Because(err, nova.NotFound, "Image %s found no data in the store.", image.ID)
	}
	if err != nil {
		return kit.Reply{}, fmt.Errorf("open an image's data: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return kit.Reply{}, errors.Join(err, file.Close())
	}
	reply, err := rangeOf(r.Header.Get("Range"), file, info.Size())
	if err != nil {
		return kit.Reply{}, errors.Join(err, file.Close())
	}
	if image.Checksum != nil {
		reply.Header.Set("Content-Md5", *image.Checksum)
	}
	return reply, nil
}

// rangeOf sends one range of a file. As RFC 9110 allows, a header that asks for
// anything but one range of bytes is ignored, and the whole file is sent. A range
// behind the end of the file is 416. The reply's length is in bytes.
func rangeOf(header string, file *os.File, size int64) (kit.Reply, error) {
	reply := kit.Reply{Stream: file, Length: size, Header: http.Header{}}
	first, last, ok := parseRange(header, size)
	if !ok {
		return reply, nil
	}
	if first >= size || first > last {
		return reply, kit.WithStatus(http.StatusRequestedRangeNotSatisfiable, nova.Errorf(nova.Invalid,
			"Invalid start position in Range header. Start position MUST be in the inclusive range [0, %d].", size-1))
	}
	if _, err := file.Seek(first, io.SeekStart); err != nil {
		return reply, fmt.Errorf("read an image's data: %w", err)
	}
	reply.Status = http.StatusPartialContent
	reply.Length = last - first + 1
	reply.Stream = section{io.LimitReader(file, reply.Length), file}
	reply.Header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, size))
	return reply, nil
}

// A section is a part of a file. Closing the section closes the file. The reply's
// stream is closed by whoever has sent it.
type section struct {
	io.Reader
	io.Closer
}

// parseRange reads bytes=first-last, bytes=first- and bytes=-length, and gives the
// first and the last byte that are wanted of so many. It returns false for any
// other header. A last byte behind the end means the end, as RFC 9110 has it.
func parseRange(header string, size int64) (first, last int64, ok bool) {
	spec, ok := strings.CutPrefix(header, "bytes=")
	if !ok {
		return 0, 0, false
	}
	from, to, ok := strings.Cut(strings.TrimSpace(spec), "-")
	if !ok {
		return 0, 0, false
	}
	last = size - 1
	var err error
	switch {
	case from == "":
		var length int64
		length, err = strconv.ParseInt(to, 10, 64)
		first = max(0, size-length)
	case to == "":
		first, err = strconv.ParseInt(from, 10, 64)
	default:
		first, err = strconv.ParseInt(from, 10, 64)
		if err == nil {
			last, err = strconv.ParseInt(to, 10, 64)
		}
		last = min(last, size-1)
	}
	return first, last, err == nil && first >= 0
}
