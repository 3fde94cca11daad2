package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/config"
	"github.com/nova-api/nova-api/internal/hosts"
	"github.com/nova-api/nova-api/internal/microversion"
	"github.com/nova-api/nova-api/internal/nova"
)

// execute runs a command line and gives the exit code and what was printed.
func execute(t *testing.T, environ []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), process{args, environ, &out, &errs})
	return code, out.String(), errs.String()
}

// succeed demands that a command works without a complaint.
func succeed(t *testing.T, args ...string) (stdout string) {
	t.Helper()
	code, stdout, stderr := execute(t, nil, args...)
	if code != exitOK || stderr != "" {
		t.Fatalf("%v: code %d, %s", args, code, stderr)
	}
	return stdout
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args string
		want []string
	}{
		{"--help", []string{"serve [flags]", "db sync", "host list", "service clean", "config [flags]", "policy", "version", "health", "NOVA_<SECTION>_<OPTION>"}},
		{"serve --help", []string{"--listen=HOST:PORT", "127.0.0.1:8774", "--state-dir=DIR", "./state", "--config=FILE", "--set=SECTION.OPTION=VALUE", "--debug"}},
		{"db sync --help", []string{"--state-dir=DIR", "--config=FILE"}},
		{"host list --help", []string{"--state-dir=DIR"}},
		{"service clean --help", []string{"--silent=168h", "--dry-run"}},
		{"config --help", []string{"--show", "--sample=FILE"}},
		{"policy --help", []string{"policy.yaml"}},
		{"version --help", []string{"version"}},
		{"health --help", []string{"http://127.0.0.1:8774/readyz", "--timeout=3s", "--insecure"}},
	} {
		t.Run(tt.args, func(t *testing.T) {
			t.Parallel()
			text := succeed(t, strings.Fields(tt.args)...)
			for _, want := range tt.want {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in %s", want, text)
				}
			}
		})
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	const see = "\nSee nova-api --help for the flags, and nova-api config for the options and what they accept.\n"
	for _, tt := range []struct{ args, want string }{
		{"--lisen x", `unknown flag --lisen, did you mean "--listen"?`},
		{"--listen 8774", "--listen 8774: want HOST:PORT, as in 127.0.0.1:8774"},
		{"serve --role juggler --set database.connection=postgresql://db/nova", `--role: [nova_api] roles = "juggler": "juggler": want one of api, scheduler, compute`},
		{"serve --role scheduler --role compute", "--role: [nova_api] roles: a SQLite file has one process, which needs all roles; " +
			"for several processes, [database] connection must name a PostgreSQL database"},
		{"db", `expected one of "sync", "archive", "check"`},
		{"config --show --sample=x", "--show and --sample can't be used together"},
		{"serve --set a=secret --set api.max_limit=z --listen h:http --config /nowhere", `--set a: want SECTION.OPTION=VALUE, as in DEFAULT.debug=true
/nowhere: no such file or directory
--set: [api] max_limit = "z": not an integer
--listen: [DEFAULT] osapi_compute_listen_port = "http": not an integer`},
	} {
		t.Run(tt.args, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := execute(t, nil, strings.Fields(tt.args)...)
			if code != exitUsage || stdout != "" {
				t.Errorf("code %d, %s", code, stdout)
			}
			if diff := cmp.Diff("nova-api: "+tt.want+see, stderr); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	text := succeed(t, "version")
	if !strings.HasPrefix(text, "nova-api ") || !strings.HasSuffix(text, "\ncompute API 2.1 to "+microversion.Max.String()+"\n") {
		t.Error(text)
	}
}

func TestPolicy(t *testing.T) {
	t.Parallel()
	if text := succeed(t, "policy"); !strings.Contains(text, "os_compute_api:servers:create") {
		t.Error(text)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	if text := succeed(t, "config"); !strings.Contains(text, "NOVA_DATABASE_CONNECTION") {
		t.Error(text)
	}
	text := succeed(t, "config", "--show", "--listen", "[::1]:99", "--debug", "--state-dir", "/s", "--set", "quota.cores=5")
	for _, want := range []string{"debug = true\n", "state_path = /s\n", "osapi_compute_listen = ::1\n", "osapi_compute_listen_port = 99\n", "cores = 5\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
}

func TestConfig_warnings(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := execute(t, []string{"NOVA_API_LIMIT=5", "NOVA_API_MAX_LIMIT=7"}, "config", "--show")
	if code != exitOK || !strings.Contains(stdout, "\nmax_limit = 7\n") || stderr != "environment: not used: NOVA_API_LIMIT\n" {
		t.Errorf("code %d, %s, %s", code, stdout, stderr)
	}
}

func TestConfig_sample(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "nova.conf")
	succeed(t, "config", "--sample", path)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(succeed(t, "config", "--sample=-"), string(text)); diff != "" {
		t.Error(diff)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	code, _, stderr := execute(t, nil, "config", "--sample", path)
	if code != exitFailed || !strings.Contains(stderr, "Choose another name, or remove the file first.") {
		t.Errorf("overwrites: code %d, %s", code, stderr)
	}
}

func TestDBSync(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "state")
	for range 2 {
		if text := succeed(t, "db", "sync", "--state-dir", dir); text != "The schema is up to date (sqlite).\n" {
			t.Error(text)
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestDBCheck(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	if code, _, stderr := execute(t, nil, "db", "check", "--state-dir", dir); code != exitFailed || stderr == "" {
		t.Errorf("without a database: code %d, %s", code, stderr)
	}
	succeed(t, "db", "sync", "--state-dir", dir)
	if text := succeed(t, "db", "check", "--state-dir", dir); text != "All is well with 0 servers on 0 hosts.\n" {
		t.Error(text)
	}
	if code, _, stderr := execute(t, nil, "db", "check", "--state-dir", dir, "--looks", "0"); code != exitUsage {
		t.Errorf("no look: code %d, %s", code, stderr)
	}
}

// operated is a state directory with two hosts of which one has not been heard of for
// a day, as has a scheduler.
func operated(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "state")
	succeed(t, "db", "sync", "--state-dir", dir)
	store, err := db.Open(t.Context(), rows.Options{Connection: "sqlite:///" + filepath.Join(dir, "nova.sqlite"), MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	for _, name := range []string{"fake-1", "fake-2"} {
		service := nova.Service{ID: "s-" + name, Host: name, Binary: hosts.BinaryCompute, Holder: hosts.Process{ID: "p", PID: 7, Machine: "rack of " + name}.String()}
		if _, _, err := store.Hold(t.Context(), service, time.Hour, ""); err != nil {
			t.Fatal(err)
		}
		if err := store.RegisterHost(t.Context(), nova.Host{ID: "h-" + name, Name: name, Node: name, ServiceID: service.ID, VCPUs: 8, RAM: 4096, Disk: 100}); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := store.Hold(t.Context(), nova.Service{ID: "s", Host: "pod-17", Binary: hosts.BinaryScheduler}, time.Hour, ""); err != nil {
		t.Fatal(err)
	}
	if err := store.SetService(t.Context(), nova.Service{ID: "s-fake-2", Disabled: true, DisabledReason: new("new fans")}); err != nil {
		t.Fatal(err)
	}
	if err := store.ReleaseHosts(t.Context(), hosts.Process{ID: "p", PID: 7, Machine: "rack of fake-2"}.String()); err != nil {
		t.Fatal(err)
	}
	if _, err := rows.Exec(t.Context(), store.DB, "UPDATE services SET seen_at = ? WHERE uuid <> 's-fake-1'", time.Now().UTC().Add(-24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestDBArchive keeps a deleted server as lines of JSON, below those of earlier runs.
func TestDBArchive(t *testing.T) {
	t.Parallel()
	dir := operated(t)
	store, err := db.Open(t.Context(), rows.Options{Connection: "sqlite:///" + filepath.Join(dir, "nova.sqlite"), MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	deletedAt := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	for _, id := range []string{"a", "b"} {
		if _, err := store.CreateServer(t.Context(), nova.Server{ID: id, Name: "<" + id + ">", VMState: nova.Deleted, DeletedAt: &deletedAt}); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(dir, "archive")
	if err := os.WriteFile(file, []byte("broken off"), 0o600); err != nil {
		t.Fatal(err)
	}
	archive := func(args ...string) (code int, stdout, stderr string) {
		return execute(t, nil, append([]string{"db", "archive", "--state-dir", dir, "--pause", "0s"}, args...)...)
	}
	if _, text, stderr := archive("--before", "2026-01-31 12:00:00", "--to", file); text != "Archived 0 servers that were deleted before 2026-01-31 12:00:00.\n" {
		t.Errorf("too early: %s%s", text, stderr)
	}
	code, text, stderr := archive("--before", "2026-02-01", "--to", file, "--batch", "1")
	if diff := cmp.Diff("1 servers archived, the last one deleted at 2026-01-31 12:00:00\n2 servers archived, the last one deleted at 2026-01-31 12:00:00\n", stderr); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if code != exitOK || text != "Archived 2 servers that were deleted before 2026-02-01 00:00:00.\n" {
		t.Errorf("code %d, %s", code, text)
	}
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(kept), "\n")
	if len(lines) != 4 || lines[0] != "broken off" || lines[3] != "" {
		t.Fatalf("%d lines: %s", len(lines), kept)
	}
	for i, name := range []string{"<a>", "<b>"} {
		var row db.ArchivedRow
		if err := json.Unmarshal([]byte(lines[i+1]), &row); err != nil || row.Table != "servers" || row.Row["name"] != name {
			t.Errorf("%v: %s", err, lines[i+1])
		}
	}
	for args, want := range map[string]string{
		"--before 2026-02-01":                   "missing flags",
		"--before yesterday --purge":            "--before yesterday: want a date such as 2026-01-31 or 2026-01-31 12:00:00",
		"--before 2999-01-01 --purge":           "--before is in the future",
		"--before 2026-02-01 --purge --to x":    "can't be used together",
		"--before 2026-02-01 --purge --batch 0": "--batch must be 1 to 10000",
	} {
		if code, _, stderr := archive(strings.Fields(args)...); code != exitUsage || !strings.Contains(stderr, want) {
			t.Errorf("%s: code %d, %s", args, code, stderr)
		}
	}
}

func TestHostList(t *testing.T) {
	t.Parallel()
	lines := strings.Split(succeed(t, "host", "list", "--state-dir", operated(t)), "\n")
	for i, want := range []string{
		`^HOST +ZONE +STATE +SEEN +SERVERS +VCPUS +MEMORY MB +DISK GB +PROCESS$`,
		`^fake-1 +nova +up +20\S+Z +0 +0/8 +0/4096 +0/100 +7 on rack of fake-1$`,
		`^fake-2 +nova +down, disabled, new fans +20\S+Z +0 +0/8 +0/4096 +0/100 *$`,
	} {
		if !regexp.MustCompile(want).MatchString(lines[i]) {
			t.Errorf("line %d: %q", i, lines[i])
		}
	}
}

func TestServiceClean(t *testing.T) {
	t.Parallel()
	dir := operated(t)
	clean := func(args ...string) string {
		return succeed(t, append([]string{"service", "clean", "--state-dir", dir}, args...)...)
	}
	if text := clean(); text != "0 services were silent.\n" {
		t.Errorf("for a week: %s", text)
	}
	for _, run := range []struct {
		args []string
		want string
	}{
		{[]string{"--dry-run"}, "would be deleted, if its host is not in use"}, {nil, "deleted"},
	} {
		text := regexp.MustCompile("since [^:]+:[^:]+:[^:]+:").ReplaceAllString(clean(append(run.args, "--silent", "23h")...), "since then:")
		want := "nova-compute on fake-2, silent since then: " + run.want + "\nnova-scheduler on pod-17, silent since then: " + run.want + "\n2 services were silent.\n"
		if diff := cmp.Diff(want, text); diff != "" {
			t.Errorf("%v (-want +got):\n%s", run.args, diff)
		}
	}
	if text := succeed(t, "host", "list", "--state-dir", dir); strings.Contains(text, "fake-2") || !strings.Contains(text, "fake-1") {
		t.Error(text)
	}
	if code, _, stderr := execute(t, nil, "service", "clean", "--state-dir", dir, "--silent", "1m"); code != exitUsage || !strings.Contains(stderr, "service_down_time, which is 1m0s") {
		t.Errorf("code %d, %s", code, stderr)
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/readyz" {
			return
		}
		http.Error(w, "the schema is old", http.StatusServiceUnavailable)
	}))
	t.Cleanup(server.Close)
	succeed(t, "health", server.URL+"/readyz")

	code, _, stderr := execute(t, nil, "health", server.URL+"/other")
	if want := fmt.Sprintf("nova-api: %s/other answers 503 Service Unavailable: the schema is old\n", server.URL); code != exitFailed || stderr != want {
		t.Errorf("code %d, %s", code, stderr)
	}
	server.Close()
	if code, _, _ := execute(t, nil, "health", server.URL+"/readyz"); code != exitFailed {
		t.Errorf("nobody there: code %d", code)
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err  error
		code int
		hint string
	}{
		{nil, exitOK, ""},
		{errors.New("odd"), exitFailed, "odd"},
		{fmt.Errorf("listen: %w", syscall.EADDRINUSE), exitFailed, "--listen"},
		{fmt.Errorf("open: %w", syscall.EACCES), exitFailed, "--state-dir"},
		{nova.Errorf(nova.Unavailable, "no database"), exitFailed, "config --show"},
		{nova.Because(rows.ErrFull, nova.Unavailable, "Try again."), exitFailed, "Make room on the disk"},
		{fmt.Errorf("mkdir: %w", syscall.ENOSPC), exitFailed, "Make room on the disk"},
		{rows.ErrDamaged, exitFailed, "Restore the file from a backup"},
		{rows.ErrForeign, exitFailed, "Choose another file or database"},
		{rows.ErrNewer, exitFailed, "Run the version of nova-api that the database belongs to"},
		{rows.ErrInUse, exitFailed, "Stop that process first"},
		{rows.ErrReadOnly, exitFailed, "mounted read-only"},
		{usageError{errors.New("bad flag")}, exitUsage, "--help"},
	} {
		var errs bytes.Buffer
		if code := report(process{stderr: &errs}, tt.err); code != tt.code || !strings.Contains(errs.String(), tt.hint) {
			t.Errorf("%v: code %d, %s", tt.err, code, errs.String())
		}
	}
}

func TestNewLogger(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		format string
		debug  bool
		want   int // lines
		isJSON bool
	}{
		{"auto", false, 1, true}, // a buffer isn't a terminal
		{"json", true, 2, true},
		{"console", true, 2, false},
	} {
		var b bytes.Buffer
		log := newLogger(&config.Config{Debug: tt.debug, NovaAPI: config.NovaAPI{LogFormat: tt.format}}, &b)
		log.Debug().Msg("fine")
		log.Info().Str("key", "value").Msg("coarse")
		if got := strings.Count(b.String(), "\n"); got != tt.want {
			t.Errorf("%s: %d lines, want %d", tt.format, got, tt.want)
		}
		line, err := b.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		if json.Valid(line) != tt.isJSON || bytes.Contains(line, []byte("\x1b")) {
			t.Errorf("%s: %q", tt.format, line)
		}
	}
}
