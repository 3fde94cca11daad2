package rest

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"sync"
)

// compressFrom is the length in bytes from which a body is compressed. What is shorter
// fits into a packet with its headers. So do all bodies with a secret, such as a new
// password: the length of a compressed body may betray a part of what is in it.
const compressFrom = 1 << 10

// zippers are writers to use again: each has tables of a megabyte. They prefer speed,
// and yet make a tenth of a list of servers.
var zippers = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // fails for levels that there aren't
	return w
}}

// compressed returns a long body as gzip if the client takes that. The headers of the
// reply say what was done, and to caches that other clients may get something else.
func compressed(reply, request http.Header, body []byte) ([]byte, error) {
	if len(body) < compressFrom {
		return body, nil
	}
	reply["Vary"] = append(reply["Vary"], "Accept-Encoding")
	if quality(strings.Join(request.Values("Accept-Encoding"), ","), "gzip") == 0 {
		return body, nil
	}
	var short bytes.Buffer
	w := zippers.Get().(*gzip.Writer) //nolint:forcetypeassert,errcheck // the pool has nothing else
	defer zippers.Put(w)
	w.Reset(&short)
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	reply.Set("Content-Encoding", "gzip")
	return short.Bytes(), nil
}
