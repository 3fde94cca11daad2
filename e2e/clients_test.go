package e2e_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Clients without a token that send bodies without an end are cut off wherever
// they send them, and don't keep the process from ending.
func TestEndlessBodies(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "", "DEFAULT.client_socket_timeout=1", "DEFAULT.graceful_shutdown_timeout=1")
	p.start()
	paths := []string{
		"/identity/v3/auth/tokens", "/identity/v2.0/tokens", "/image/v2/images", "/image/v2/images/x/file", "/networking/v2.0/networks",
		"/volume/v3/volumes", "/v2.1/servers", "/v2/servers", "/", "/healthz", "/readyz", "/nowhere",
	}
	conns := map[string]net.Conn{}
	for _, path := range paths {
		conns[path] = p.send(path)
	}
	for path, conn := range conns {
		if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(conn); err != nil { // until the process closes it
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, path := range paths {
		p.send(path)
	}
	p.stop()
}

// A second process on the same SQLite file is refused, and told who has it; a
// process that was killed holds nothing.
func TestSecondStart(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "")
	p.start()
	second := exec.Command(binary, "serve", "--listen", "127.0.0.1:0", "--state-dir", p.dir)
	second.Env = environ()
	said, err := second.CombinedOutput()
	owner := fmt.Sprintf("the database is in use by process %d on host ", p.cmd.Process.Pid)
	if err == nil || !strings.Contains(string(said), owner) || !strings.Contains(string(said), "Stop that process first") {
		t.Errorf("a second start: %v, %s", err, said)
	}
	sync := exec.Command(binary, "db", "sync", "--state-dir", p.dir)
	sync.Env = environ()
	if said, err := sync.CombinedOutput(); err != nil {
		t.Errorf("db sync beside it: %v, %s", err, said)
	}
	p.kill()
	p.start()
	p.login("demo")
	p.stop()
}

// Over TLS, all links are https. SIGHUP, which ends most programs, renews the
// certificate.
func TestTLS(t *testing.T) {
	t.Parallel()
	certificate, key := selfSigned(t)
	p := newProcess(t, "", "ssl.cert_file="+certificate, "ssl.key_file="+key)
	p.start()
	secure := "https" + strings.TrimPrefix(p.url, "http")
	text, err := os.ReadFile(certificate)
	if err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(text)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	get := func(path string) string {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, secure+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil || response.ProtoMajor != 2 {
			t.Errorf("%s: %s, %v", path, response.Proto, err)
		}
		return string(body)
	}
	for _, path := range []string{"/", "/v2.1/", "/identity/v3", "/image/versions", "/networking/", "/volume/"} {
		if body := get(path); !strings.Contains(body, secure+"/") || strings.Contains(body, "http://127") {
			t.Errorf("%s: %s", path, body)
		}
	}
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		if !p.log.saw("the certificate was reloaded") {
			return errors.New("the certificate is not reloaded")
		}
		return nil
	})
	openrc, err := os.ReadFile(filepath.Join(p.dir, "openrc"))
	if err != nil || !strings.Contains(string(openrc), "OS_AUTH_URL="+secure+"/identity/v3") {
		t.Errorf("openrc: %s, %v", openrc, err)
	}
	health := exec.Command(binary, "health", "--insecure", secure+"/readyz")
	if said, err := health.CombinedOutput(); err != nil {
		t.Errorf("health: %v, %s", err, said)
	}
	p.stop()
}

// selfSigned writes a certificate for this machine, and its key.
func selfSigned(t *testing.T) (certificate, key string) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	public, err := x509.CreateCertificate(rand.Reader, template, template, &secret.PublicKey, secret)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, block := range map[string]*pem.Block{
		"nova.crt": {Type: "CERTIFICATE", Bytes: public}, "nova.key": {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "nova.crt"), filepath.Join(dir, "nova.key")
}

// send begins a request whose body doesn't end, and keeps the connection.
func (p *process) send(path string) net.Conn {
	p.t.Helper()
	conn, err := new(net.Dialer).DialContext(p.t.Context(), "tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = conn.Close() })
	head := "POST " + path + " HTTP/1.1\r\nHost: nova\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
	if _, err := io.WriteString(conn, head+"1\r\n{\r\n"); err != nil {
		p.t.Fatal(err)
	}
	return conn
}
