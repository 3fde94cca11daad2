package main

import (
	"errors"
	"io"
	"os"

	"github.com/nova-api/nova-api/internal/config"
)

// configCommand is `nova-api config`.
type configCommand struct {
	settings
	running

	Show   bool   `xor:"what" help:"Print what is in effect and where it came from, without secrets."`
	Sample string `xor:"what" placeholder:"FILE" help:"Write a sample file, in which everything is commented out; - prints it."`
}

// Run prints all options, the values in effect, or a sample file.
func (c *configCommand) Run(p process) error {
	if c.Sample == "-" {
		return config.WriteSample(p.stdout)
	}
	if c.Sample != "" {
		return createFile(c.Sample, config.WriteSample)
	}
	if !c.Show {
		return config.WriteReference(p.stdout)
	}
	cfg, warnings, err := load(p, c.settings.flags, c.running.flags)
	if err != nil {
		return err
	}
	p.warn(warnings)
	return cfg.Show(p.stdout)
}

// createFile writes a new file, and fails if it exists. The file is meant to hold
// passwords, so only its owner may read it. It overwrites nothing: the file there
// may be the one in use.
func createFile(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
