package console

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"embed"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

// noVNC is the npm package @novnc/novnc 1.7.0 as the registry has it, with its
// licenses in docs/. scripts/novnc.sh fetches another version.
//
//go:embed novnc-1.7.0.tgz
var noVNC []byte

//go:embed vnc_auto.html vnc_auto.js
var own embed.FS

// fromNoVNC is where the files of noVNC are, below Path.
const fromNoVNC = "/novnc/"

// pages serves the page and noVNC's files, from memory.
func pages() (http.Handler, error) {
	files, err := unpack(noVNC)
	if err != nil {
		return nil, fmt.Errorf("unpack noVNC: %w", err)
	}
	for _, name := range []string{"vnc_auto.html", "vnc_auto.js"} {
		if files["/"+name], err = own.ReadFile(name); err != nil {
			return nil, err
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file, ok := files[r.URL.Path]
		if !ok || r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.NotFound(w, r)
			return
		}
		header := w.Header()
		header.Set("Content-Type", mime.TypeByExtension(path.Ext(r.URL.Path)))
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer") // the address holds the token
		if r.URL.Path == Page {
			header.Set("Cache-Control", "no-store")
			header.Set("Content-Security-Policy", "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src 'self'; frame-ancestors *")
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(file))
	}), nil
}

// unpack reads an npm package: its scripts and licenses, by their paths below
// Path.
func unpack(archive []byte) (map[string][]byte, error) {
	zipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for reader := tar.NewReader(zipped); ; {
		entry, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		name, ok := strings.CutPrefix(entry.Name, "package/")
		if !ok || entry.Typeflag != tar.TypeReg {
			continue
		}
		if files[fromNoVNC+name], err = io.ReadAll(reader); err != nil {
			return nil, err
		}
	}
}
