package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/nova-api/nova-api/internal/microversion"
)

// version is set by the linker: -ldflags "-X main.version=1.2.3".
var version string

// versionCommand is `nova-api version`.
type versionCommand struct{}

// Run prints the versions of the program, of Go and of the API.
func (versionCommand) Run(p process) error {
	_, err := fmt.Fprintf(p.stdout, "nova-api %s\n%s %s/%s\ncompute API %v to %v\n",
		programVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH, microversion.Min, microversion.Max)
	return err
}

// programVersion returns the version that the linker was given or, without one, the
// module version or commit in Go's build information.
func programVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return "(devel)"
}
