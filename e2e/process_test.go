package e2e_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nova-api/nova-api/internal/microversion"
)

// How long anything may take that should happen soon: the machine may be busy.
const patience = 60 * time.Second

// password is every user's.
const password = "correct horse battery staple"

// A process is a nova-api with a state directory, which it may be killed in
// and started again.
type process struct {
	t          *testing.T
	connection string
	dir        string
	options    []string
	name       string // what PostgreSQL's log calls it; empty for nothing
	tolerates  string // see logWatch
	dies       bool   // see logWatch
	listen     string // its address: another one at each start if empty

	cmd     *exec.Cmd
	log     *logWatch
	url     string
	volumes string // where the block storage service is that isn't bundled
}

// newProcess prepares a process on a database, with options as --set has them.
func newProcess(t *testing.T, connection string, options ...string) *process {
	t.Helper()
	p := &process{t: t, connection: connection, dir: filepath.Join(t.TempDir(), "state"), options: options}
	t.Cleanup(func() {
		if p.cmd != nil {
			p.kill()
		}
	})
	return p
}

// launch starts the process, and doesn't wait for it.
func (p *process) launch() {
	p.t.Helper()
	args := []string{"serve", "--listen", cmp.Or(p.listen, "127.0.0.1:0"), "--state-dir", p.dir, "--set", "identity.password_hash_rounds=4"}
	for _, option := range p.options {
		args = append(args, "--set", option)
	}
	p.log = newLogWatch(p.t)
	p.log.tolerates, p.log.dies = p.tolerates, p.dies
	p.cmd = exec.Command(binary, args...)
	p.cmd.Env = append(environ(), "NOVA_BOOTSTRAP_PASSWORD="+password, "NOVA_DATABASE_CONNECTION="+appName(p.connection, p.name))
	p.cmd.Stderr = p.log
	if err := p.cmd.Start(); err != nil {
		p.t.Fatalf("start nova-api: %v", err)
	}
}

// environ is ours without what would configure the process.
func environ() []string {
	return slices.DeleteFunc(os.Environ(), func(entry string) bool { return strings.HasPrefix(entry, "NOVA_") })
}

// start starts the process, and waits until it serves.
func (p *process) start() {
	p.t.Helper()
	p.launch()
	select {
	case address := <-p.log.serving:
		if p.listen == "" { // else clients know it already
			p.url = "http://" + address
		}
	case <-time.After(patience):
		p.t.Fatalf("nova-api doesn't serve after %v", patience)
	}
}

// kill ends the process as a power cut would.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	p.cmd = nil
}

// stop asks the process to end, which it must do well.
func (p *process) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatalf("stop nova-api: %v", err)
	}
	ended := make(chan error, 1)
	cmd := p.cmd
	p.cmd = nil
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			p.t.Errorf("nova-api ended badly: %v", err)
		}
	case <-time.After(patience):
		_ = cmd.Process.Kill()
		p.t.Errorf("nova-api doesn't end after %v", patience)
	}
}

// check has nova-api verify its own accounts, beside the process that serves.
func (p *process) check() {
	p.t.Helper()
	args := []string{"db", "check", "--state-dir", p.dir, "--looks", "2"}
	for _, option := range p.options {
		args = append(args, "--set", option)
	}
	check := exec.CommandContext(p.t.Context(), binary, args...)
	check.Env = append(environ(), "NOVA_DATABASE_CONNECTION="+p.connection)
	if out, err := check.CombinedOutput(); err != nil {
		p.t.Errorf("nova-api db check: %v\n%s", err, out)
	}
}

// A logWatch reads a process's log while it is written: it waits for the
// address, and objects to faults.
type logWatch struct {
	t       *testing.T
	serving chan string

	mu   sync.Mutex
	rest []byte // of a line that isn't whole yet
	last []string

	tolerates  string   // what an error may say that is no fault of the process's; empty for nothing
	dies       bool     // the process is to refuse to start
	complaints []string // what is no line of the log: why the process ends
}

const keptLines = 40

func newLogWatch(t *testing.T) *logWatch {
	t.Helper()
	w := &logWatch{t: t, serving: make(chan string, 1)}
	t.Cleanup(func() {
		if t.Failed() {
			w.mu.Lock()
			defer w.mu.Unlock()
			t.Logf("the log's last lines:\n%s%s", strings.Join(w.last, ""), w.rest)
		}
	})
	return w
}

// Write takes a part of the log.
func (w *logWatch) Write(part []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rest = append(w.rest, part...)
	for {
		end := bytes.IndexByte(w.rest, '\n')
		if end < 0 {
			return len(part), nil
		}
		w.line(string(w.rest[:end+1]))
		w.rest = w.rest[end+1:]
	}
}

// complaint is what the process says of its end.
func (w *logWatch) complaint() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.complaints, "")
}

// saw reports whether a text is among the last lines of the log.
func (w *logWatch) saw(text string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.ContainsFunc(w.last, func(line string) bool { return strings.Contains(line, text) })
}

func (w *logWatch) line(text string) {
	var line struct{ Level, Message, Address string }
	if err := json.Unmarshal([]byte(text), &line); err != nil {
		if w.complaints = append(w.complaints, text); !w.dies {
			w.t.Errorf("nova-api says: %s", text)
		}
		return
	}
	if line.Message == "serving" {
		w.serving <- line.Address
	}
	if line.Level == "error" && (w.tolerates == "" || !strings.Contains(text, w.tolerates)) {
		w.t.Errorf("a fault of nova-api's own: %s", text)
	}
	if line.Message == "request" { // there are too many of them
		return
	}
	w.last = append(w.last, text)
	if len(w.last) > keptLines {
		w.last = w.last[1:]
	}
}

// A user is somebody who has logged in.
type user struct {
	p       *process
	name    string
	token   string
	trace   string // the traceparent that is sent along; empty for none
	project string
}

// login logs a user in to the project of the same name.
func (p *process) login(name string) *user {
	p.t.Helper()
	domain := map[string]any{"id": "default"}
	reply, err := (&user{p: p, name: name}).do(p.t.Context(), "POST", "/identity/v3/auth/tokens", map[string]any{"auth": map[string]any{
		"identity": map[string]any{"methods": []string{"password"}, "password": map[string]any{
			"user": map[string]any{"name": name, "password": password, "domain": domain},
		}},
		"scope": map[string]any{"project": map[string]any{"name": name, "domain": domain}},
	}})
	if err != nil || reply.status != http.StatusCreated {
		p.t.Fatalf("log in as %s: %v %d %s", name, err, reply.status, reply.body)
	}
	var body struct {
		Token struct{ Project struct{ ID string } }
	}
	reply.into(p.t, &body)
	return &user{p: p, name: name, token: reply.header.Get("X-Subject-Token"), project: body.Token.Project.ID}
}

// A reply is what a request was answered with.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// into decodes the reply's body.
func (r reply) into(t *testing.T, body any) {
	t.Helper()
	if err := json.Unmarshal(r.body, body); err != nil {
		t.Fatalf("decode %s: %v", r.body, err)
	}
}

// client keeps connections; a test needs many at once.
var client = &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

// do sends a request. The newest microversion of the compute service is asked for, and of
// block storage one that has all that is tested here.
func (u *user) do(ctx context.Context, method, path string, body any) (reply, error) {
	encoded, err := json.Marshal(body)
	if err != nil {
		return reply{}, err
	}
	if body == nil {
		encoded = nil
	}
	address := u.p.url + path
	if rest, ok := strings.CutPrefix(path, "/volume/"); ok && u.p.volumes != "" {
		address = u.p.volumes + "/" + rest
	}
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(encoded))
	if err != nil {
		return reply{}, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Auth-Token", u.token)
	r.Header.Set("OpenStack-API-Version", "compute "+microversion.Max.String())
	if u.trace != "" {
		r.Header.Set("Traceparent", u.trace)
	}
	if strings.HasPrefix(path, "/volume/") {
		r.Header.Set("OpenStack-API-Version", "volume 3.44")
	}
	response, err := client.Do(r)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header, answer}, err
}

// get reads something that must be there.
func (u *user) get(path string, into any) {
	u.p.t.Helper()
	u.must("GET", path, nil, http.StatusOK).into(u.p.t, into)
}

// must sends a request that must be answered with a status.
func (u *user) must(method, path string, body any, status int) reply {
	u.p.t.Helper()
	r, err := u.do(u.p.t.Context(), method, path, body)
	if err != nil || r.status != status {
		u.p.t.Fatalf("%s %s as %s: %v, status %d, want %d: %s", method, path, u.name, err, r.status, status, r.body)
	}
	return r
}

// An image as the image service tells it.
type image struct{ ID, Name, Status string }

// images are all that the user sees.
func (u *user) images() []image {
	u.p.t.Helper()
	var list struct{ Images []image }
	u.get("/image/v2/images?limit=1000", &list)
	return list.Images
}

// A port as the network service tells it.
type port struct {
	ID          string
	DeviceID    string `json:"device_id"`
	DeviceOwner string `json:"device_owner"`
}

// serverPorts are those of servers.
func (u *user) serverPorts() []port {
	u.p.t.Helper()
	var list struct{ Ports []port }
	u.get("/networking/v2.0/ports", &list)
	return slices.DeleteFunc(list.Ports, func(p port) bool { return !strings.HasPrefix(p.DeviceOwner, "compute:") && p.DeviceID == "" })
}

// eventually waits until a condition holds: until it finds nothing to object
// to.
func eventually(t *testing.T, condition func() error) {
	t.Helper()
	within(t, patience, condition)
}

// within is eventually with a patience of its own.
func within(t *testing.T, patience time.Duration, condition func() error) {
	t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := condition()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %v still: %v", patience, err)
		}
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		}
	}
}

// objections are errors, as one.
type objections []error

func (o *objections) add(format string, args ...any) { *o = append(*o, fmt.Errorf(format, args...)) }

func (o *objections) err() error { return errors.Join(*o...) }
