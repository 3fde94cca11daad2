package main

import (
	"testing"

	"github.com/nova-api/nova-api/internal/standalone/network"
)

func TestFloatingPool(t *testing.T) {
	t.Parallel()
	with, without := &bundled{network: new(network.Service)}, &bundled{}
	for _, c := range []struct {
		bundled          *bundled
		configured, want string
	}{
		{without, "", "nova"},
		{with, "", "public"},
		{without, "outside", "outside"},
		{with, "nova", "nova"},
	} {
		if got := c.bundled.floatingPool(c.configured); got != c.want {
			t.Errorf("%q, bundled %t: %q, want %q", c.configured, c.bundled.network != nil, got, c.want)
		}
	}
}
