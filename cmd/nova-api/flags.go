package main

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/nova-api/nova-api/internal/config"
)

// settings are the flags of all commands that read the configuration.
type settings struct {
	Config   []string `sep:"none" placeholder:"FILE" help:"A configuration file, in nova.conf's form. May be given several times; the last one wins."`
	StateDir string   `placeholder:"DIR" help:"The directory to keep data in; made if there is none. By default ./state."`
	Set      []string `sep:"none" placeholder:"SECTION.OPTION=VALUE" help:"Set any option, whatever files and environment say. May be given several times."`
}

// running are the additional flags of the commands that serve or show how.
type running struct {
	Listen string `placeholder:"HOST:PORT" help:"The address to listen on. By default 127.0.0.1:8774."`
	Debug  bool   `help:"Log what is of use to developers, too."`
}

// flags adds the command line to the sources of the configuration.
func (s settings) flags(in *config.Inputs) error {
	in.Files = s.Config
	var faults []error
	for _, text := range s.Set {
		name, value, hasValue := strings.Cut(text, "=")
		section, option, ok := strings.Cut(name, ".")
		if !ok || !hasValue {
			faults = append(faults, fmt.Errorf("--set %s: want SECTION.OPTION=VALUE, as in DEFAULT.debug=true", name))
			continue
		}
		in.Flags = append(in.Flags, config.Flag("--set", section, option, value))
	}
	if s.StateDir != "" {
		in.Flags = append(in.Flags, config.Flag("--state-dir", "DEFAULT", "state_path", s.StateDir))
	}
	return errors.Join(faults...)
}

// flags adds the address and the level of the log to the sources of the
// configuration.
func (r running) flags(in *config.Inputs) error {
	if r.Debug {
		in.Flags = append(in.Flags, config.Flag("--debug", "DEFAULT", "debug", strconv.FormatBool(r.Debug)))
	}
	if r.Listen == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(r.Listen)
	if err != nil {
		return fmt.Errorf("--listen %s: want HOST:PORT, as in 127.0.0.1:8774", r.Listen)
	}
	in.Flags = append(in.Flags,
		config.Flag("--listen", "DEFAULT", "osapi_compute_listen", host),
		config.Flag("--listen", "DEFAULT", "osapi_compute_listen_port", port))
	return nil
}

// load reads the configuration. It reports the faults of flags and of all other
// sources together. An operator who has made two mistakes should not have to start
// twice to learn of both.
func load(p process, flags ...func(*config.Inputs) error) (*config.Config, []string, error) {
	in := config.Inputs{Environ: p.environ}
	var faults []error
	for _, f := range flags {
		faults = append(faults, f(&in))
	}
	cfg, warnings, err := config.Load(in)
	if err := errors.Join(append(faults, err)...); err != nil {
		return nil, warnings, usageError{err}
	}
	return cfg, warnings, nil
}
