package e2e_test

import (
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
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
		"/v2.1/servers", "/v2/servers", "/", "/healthz", "/readyz", "/nowhere",
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
