package main

import (
	"testing"

	"github.com/nova-api/nova-api/internal/config"
)

// TestOpenFake: the driver knows all times that can be set.
func TestOpenFake(t *testing.T) {
	t.Parallel()
	cfg, _, err := config.Load(config.Inputs{Flags: []config.Setting{
		config.Flag("--state-dir", "DEFAULT", "state_path", t.TempDir()), config.Flag("--set", "fake", "pace", "lifelike"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openFake(cfg, "fake-1"); err != nil {
		t.Error(err)
	}
}
