package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/internal/config"
)

// issue writes a certificate with a serial number, and its key.
func issue(t *testing.T, files config.SSL, serial int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	replace(t, files.CertFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}))
	replace(t, files.KeyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
}

// replace writes a file as tools that renew certificates do.
func replace(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func sslFiles(t *testing.T) config.SSL {
	t.Helper()
	dir := t.TempDir()
	return config.SSL{CertFile: filepath.Join(dir, "nova.crt"), KeyFile: filepath.Join(dir, "nova.key")}
}

func serialOf(c *tls.Certificate) int64 { return c.Leaf.SerialNumber.Int64() }

func TestCertificate_Renewed(t *testing.T) {
	t.Parallel()
	files, log := sslFiles(t), &strings.Builder{}
	issue(t, files, 1)
	c, err := newCertificate(files, zerolog.New(log))
	if err != nil {
		t.Fatal(err)
	}
	other := sslFiles(t)
	issue(t, other, 9)
	half, err := os.ReadFile(other.CertFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		name   string
		do     func()
		serial int64
	}{
		{"at first", func() {}, 1},
		{"renewed", func() { issue(t, files, 2) }, 2},
		{"half renewed", func() { replace(t, files.CertFile, half) }, 2},
		{"garbage", func() { replace(t, files.KeyFile, []byte("garbage")) }, 2},
		{"gone", func() { _ = os.Remove(files.CertFile) }, 2},
		{"renewed after all", func() { issue(t, files, 3) }, 3},
	} {
		step.do()
		for range 2 {
			if got := serialOf(c.get()); got != step.serial {
				t.Errorf("%s: certificate %d, want %d", step.name, got, step.serial)
			}
		}
	}
	if got := strings.Count(log.String(), "is kept"); got != 3 {
		t.Errorf("%d warnings, one for each bad version of the files is wanted:\n%s", got, log)
	}
}

func TestCertificate_Hangup(t *testing.T) {
	t.Parallel()
	files := sslFiles(t)
	issue(t, files, 1)
	c, err := newCertificate(files, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	issue(t, files, 2)
	c.seen = stamps(files) // as if nobody could tell that they have changed
	for _, c := range []*certificate{nil, c} {
		hangups := make(chan os.Signal)
		go c.onHangup(t.Context(), hangups)
		hangups <- syscall.SIGHUP
		hangups <- syscall.SIGHUP // is taken once the first has been dealt with
	}
	if got := serialOf(c.get()); got != 2 {
		t.Errorf("certificate %d", got)
	}
}

func TestNewCertificate_Bad(t *testing.T) {
	t.Parallel()
	files, other := sslFiles(t), sslFiles(t)
	issue(t, files, 1)
	issue(t, other, 2)
	for name, tt := range map[string]struct {
		files config.SSL
		want  string
	}{
		"another's key":       {config.SSL{CertFile: files.CertFile, KeyFile: other.KeyFile}, "private key does not match public key"},
		"the other way round": {config.SSL{CertFile: files.KeyFile, KeyFile: files.CertFile}, "failed to find certificate PEM data"},
		"no file":             {config.SSL{CertFile: files.CertFile, KeyFile: "/nowhere"}, "no such file"},
	} {
		_, err := newCertificate(tt.files, zerolog.Nop())
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), tt.files.KeyFile) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if c, err := newCertificate(config.SSL{}, zerolog.Nop()); c != nil || err != nil {
		t.Errorf("without files: %v, %v", c, err)
	}
}

func TestHTTPServer_TLS(t *testing.T) {
	t.Parallel()
	files := sslFiles(t)
	issue(t, files, 1)
	pair, err := newCertificate(files, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Header().Set("X-Protocol", r.Proto) })
	go func() {
		_ = httpServer{answer, patience{head: time.Hour, idle: time.Hour, stall: time.Hour, end: time.Hour}, pair, zerolog.Nop()}.run(t.Context(), listener)
	}()

	get := func(change func(*tls.Config, *http.Protocols)) (*http.Response, error) {
		protocols, trusted := new(http.Protocols), x509.NewCertPool()
		protocols.SetHTTP1(true)
		protocols.SetHTTP2(true)
		trusted.AddCert(pair.get().Leaf)
		settings := &tls.Config{RootCAs: trusted}
		change(settings, protocols)
		transport := &http.Transport{TLSClientConfig: settings, Protocols: protocols}
		t.Cleanup(transport.CloseIdleConnections)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+listener.Addr().String(), http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := transport.RoundTrip(request)
		if err == nil {
			_ = response.Body.Close()
		}
		return response, err
	}
	for want, change := range map[string]func(*tls.Config, *http.Protocols){
		"HTTP/2.0": func(*tls.Config, *http.Protocols) {},
		"HTTP/1.1": func(_ *tls.Config, p *http.Protocols) { p.SetHTTP2(false) },
	} {
		if response, err := get(change); err != nil || response.Header.Get("X-Protocol") != want {
			t.Errorf("%s: %v, %v", want, response, err)
		}
	}
	old := func(c *tls.Config, _ *http.Protocols) {
		c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	}
	if _, err := get(old); err == nil || !strings.Contains(err.Error(), "protocol version") {
		t.Errorf("TLS 1.1: %v", err)
	}
	issue(t, files, 2)
	response, err := get(func(c *tls.Config, _ *http.Protocols) { c.InsecureSkipVerify = true })
	if err != nil || response.TLS.PeerCertificates[0].SerialNumber.Int64() != 2 {
		t.Errorf("a new connection after a renewal: %v", err)
	}
}

func TestReachable(t *testing.T) {
	t.Parallel()
	secure := config.SSL{CertFile: "c", KeyFile: "k"}
	for want, tt := range map[string]struct {
		cfg     config.Config
		address string
	}{
		"http://127.0.0.1:80":   {config.Config{}, "0.0.0.0:80"},
		"http://192.0.2.1:80":   {config.Config{}, "192.0.2.1:80"},
		"https://127.0.0.1:443": {config.Config{SSL: secure}, "[::]:443"},
		"https://192.0.2.1:443": {config.Config{SSL: secure}, "192.0.2.1:443"},
		"https://nova.example":  {config.Config{NovaAPI: config.NovaAPI{PublicURL: "https://nova.example/"}}, "0.0.0.0:80"},
	} {
		if got := reachable(&tt.cfg, tt.address); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
