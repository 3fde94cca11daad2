package cloud_test

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/nova-api/nova-api/internal/cloud"
)

func TestNewTransport_Trust(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.StartTLS()
	t.Cleanup(server.Close)
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	own := write("own.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	for name, test := range map[string]struct {
		tls     cloud.TLS
		made    bool
		reaches bool
	}{
		"the system's certificates": {cloud.TLS{}, true, false},
		"its own certificate":       {cloud.TLS{CAFile: own}, true, true},
		"anybody":                   {cloud.TLS{Insecure: true}, true, true},
		"a file without one":        {cloud.TLS{CAFile: write("empty.pem", nil)}, false, false},
		"a file that isn't there":   {cloud.TLS{CAFile: filepath.Join(dir, "none")}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			transport, err := cloud.NewTransport(test.tls)
			if (err == nil) != test.made {
				t.Fatalf("made: %v", err)
			}
			if err != nil {
				return
			}
			defer transport.CloseIdleConnections()
			response, err := transport.RoundTrip(request(t.Context(), t, http.MethodGet, server.URL, nil))
			if (err == nil) != test.reaches {
				t.Errorf("reached: %v", err)
			}
			if err == nil {
				_ = response.Body.Close()
			}
		})
	}
}
