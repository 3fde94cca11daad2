// Package e2e_test drives the built program over HTTP, and kills it.
package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// binary is the program under test: NOVA_API_BIN, or one built here.
var binary string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	binary = os.Getenv("NOVA_API_BIN")
	if binary == "" {
		dir, err := os.MkdirTemp("", "nova-e2e-")
		if err != nil {
			return failed(err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		binary = filepath.Join(dir, "nova-api")
		if err := build(binary); err != nil {
			return failed(err)
		}
	}
	return m.Run()
}

// build makes the program, with the race detector if the tests have it.
func build(path string) error {
	args := []string{"build", "-o", path}
	if raceDetector { // as in the Makefile: not for SQLite
		args = append(args, "-race", "-gcflags=modernc.org/sqlite/lib=-race=false", "-gcflags=modernc.org/libc=-race=false")
	}
	cmd := exec.Command("go", append(args, "../cmd/nova-api")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return nil
}

func failed(err error) int {
	_, _ = fmt.Fprintln(os.Stderr, err)
	return 1
}
