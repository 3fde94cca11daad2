package compute

import (
	"testing"

	"github.com/nova-api/nova-api/internal/nova"
)

// TestCheckPorts has what only some network services say of a port.
func TestCheckPorts(t *testing.T) {
	t.Parallel()
	search := networkSearch{project: "mine", request: ServerRequest{Name: "Web 1"}}
	renamed := networkSearch{project: "mine", request: ServerRequest{Name: "Web 1", Hostname: "www"}}
	address := []nova.FixedIP{{Address: "10.0.0.5"}}
	for name, c := range map[string]struct {
		search networkSearch
		port   nova.Port
		text   string
	}{
		"with an address":          {search, nova.Port{FixedIPs: address}, ""},
		"without":                  {search, nova.Port{}, "Port p requires a FixedIP in order to be used."},
		"to get one with its host": {search, nova.Port{IPAllocation: "deferred"}, ""},
		"that needs none":          {search, nova.Port{IPAllocation: "none"}, ""},
		"that should have one":     {search, nova.Port{IPAllocation: "immediate"}, "Port p requires a FixedIP in order to be used."},
		"for this hostname":        {search, nova.Port{FixedIPs: address, DNSName: "web-1"}, ""},
		"for the chosen hostname":  {renamed, nova.Port{FixedIPs: address, DNSName: "www"}, ""},
		"for another than chosen": {
			renamed,
			nova.Port{FixedIPs: address, DNSName: "web-1"},
			"Port p not usable for instance Web 1. Value web-1 assigned to dns_name attribute does not match instance's hostname www",
		},
		"on a host that can't plug it in": {
			search,
			nova.Port{FixedIPs: address, VIFType: "binding_failed"},
			"Binding failed for port p, please check neutron logs for more information.",
		},
	} {
		port := c.port
		port.ID, port.ProjectID = "p", "mine"
		err := checkFree(port)
		if err == nil {
			err = c.search.checkPort(port)
		}
		if got := nova.Message(err); got != c.text || (c.text != "" && !nova.Is(err, nova.Invalid)) {
			t.Errorf("%s: %v, want %q", name, err, c.text)
		}
	}
}
