package main

import (
	"testing"

	"github.com/nova-api/nova-api/internal/config"
)

func TestConsoleAddress(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config     config.Consoles
		base, kind string
		want       string
	}{
		"VNC, here":            {config.Consoles{}, "http://h:8774", "novnc", "http://h:8774/console/vnc_auto.html?path=console%2F%3Ftoken%3Dt"},
		"VNC, below a prefix":  {config.Consoles{}, "https://h/compute", "novnc", "https://h/compute/console/vnc_auto.html?path=compute%2Fconsole%2F%3Ftoken%3Dt"},
		"VNC, Nova's proxy":    {config.Consoles{VNCURL: "http://p:6080/vnc_auto.html"}, "http://h", "novnc", "http://p:6080/vnc_auto.html?path=%3Ftoken%3Dt"},
		"VNC, path and more":   {config.Consoles{VNCURL: "http://p/vnc.html?path=ws&scale=true"}, "http://h", "novnc", "http://p/vnc.html?path=ws%3Ftoken%3Dt&scale=true"},
		"VNC, senseless query": {config.Consoles{VNCURL: "http://p/vnc.html?%zz"}, "http://h", "novnc", "http://p/vnc.html?path=%3Ftoken%3Dt"},
		"serial, here":         {config.Consoles{}, "https://h", "serial", "wss://h/console/?token=t"},
		"serial, elsewhere":    {config.Consoles{SerialURL: "ws://p:6083/"}, "http://h", "serial", "ws://p:6083/?token=t"},
	} {
		if got := consoleAddress(c.config, c.base, c.kind, "t"); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
