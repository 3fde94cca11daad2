package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/internal/config"
)

// A certificate is the listener's, with its key. It follows its files: whoever
// renews them need not tell the process.
type certificate struct {
	files config.SSL
	log   zerolog.Logger

	mu      sync.Mutex
	current *tls.Certificate
	seen    [2]stamp // of the files, when they were read last
}

// A stamp tells one version of a file from the next.
type stamp struct {
	changed time.Time
	size    int64
	inode   uint64
}

// newCertificate reads the files, which must be good at the start. It is nil if
// there are none.
func newCertificate(files config.SSL, log zerolog.Logger) (*certificate, error) {
	if !files.Enabled() {
		return nil, nil //nolint:nilnil // no TLS is an answer
	}
	c := &certificate{files: files, log: log, seen: stamps(files)}
	var err error
	if c.current, err = read(files); err != nil {
		return nil, err
	}
	return c, nil
}

// config is what the listener offers to clients.
func (c *certificate) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		return c.get(), nil
	}}
}

// get is the certificate for a new connection. Files that have changed are read
// again.
func (c *certificate) get() *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := stamps(c.files); now != c.seen {
		c.seen = now
		c.reload()
	}
	return c.current
}

// reload keeps the old certificate if the new one is no good: the other file may
// not have been written yet.
func (c *certificate) reload() {
	renewed, err := read(c.files)
	if err != nil {
		c.log.Warn().Err(err).Msg("the certificate in use is kept")
		return
	}
	c.current = renewed
	c.log.Info().Time("not_after", renewed.Leaf.NotAfter).Msg("the certificate was reloaded")
}

// onHangup reads the files again at every SIGHUP, until the context ends. Without
// a certificate there is nothing to read, and the signal does nothing: unhandled,
// it would end the process, whatever its parts.
func (c *certificate) onHangup(ctx context.Context, hangups <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
		}
		if c == nil {
			continue
		}
		c.mu.Lock()
		c.seen = stamps(c.files)
		c.reload()
		c.mu.Unlock()
	}
}

// read reads a pair that fits together. The error names both files, since either
// may be the wrong one.
func read(files config.SSL) (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(files.CertFile, files.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("[ssl] cert_file %s and key_file %s: %w", files.CertFile, files.KeyFile, err)
	}
	return &pair, nil
}

// stamps are those of both files. A renewal may write one and then the other; each
// change is a reason to look.
func stamps(files config.SSL) [2]stamp {
	return [2]stamp{stampOf(files.CertFile), stampOf(files.KeyFile)}
}

// stampOf is zero for a file that isn't there, which is a change like any other.
// The inode tells a file that was replaced within the clock's tick.
func stampOf(path string) stamp {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}
	}
	s := stamp{changed: info.ModTime(), size: info.Size()}
	if detail, ok := info.Sys().(*syscall.Stat_t); ok {
		s.inode = detail.Ino
	}
	return s
}
