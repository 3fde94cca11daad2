package cloud

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

// How long the parts of a request to another process may take. The request as
// a whole is bounded by Options.Timeout, except for streams of image data.
const (
	dialTimeout = 5 * time.Second
	tlsTimeout  = 10 * time.Second
	// An image service that copies a large upload to its own storage answers
	// only when it has done so.
	headerTimeout = 15 * time.Minute
	idleTimeout   = 60 * time.Second
)

// Connections that are kept to each service. A busy API asks the same three
// addresses all the time.
const idlePerHost = 64

// TLS says which servers are trusted.
type TLS struct {
	CAFile   string // certificates to trust instead of the system's; empty for those
	Insecure bool   // trust anybody: for test clouds
}

// NewTransport makes the transport to services in other processes.
func NewTransport(t TLS) (*http.Transport, error) {
	config := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: t.Insecure, //nolint:gosec // the operator asks for it by name
	}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("certificates: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("certificates: no certificate in %s", t.CAFile)
		}
	}
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: idleTimeout / 2}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		ForceAttemptHTTP2:     true,
		TLSClientConfig:       config,
		TLSHandshakeTimeout:   tlsTimeout,
		ResponseHeaderTimeout: headerTimeout,
		ExpectContinueTimeout: time.Second,
		MaxIdleConns:          4 * idlePerHost,
		MaxIdleConnsPerHost:   idlePerHost,
		IdleConnTimeout:       idleTimeout,
	}, nil
}
