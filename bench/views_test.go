package bench

import (
	"strings"
	"testing"

	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// request is one at the newest version, by somebody who may see everything.
type request struct{}

func (request) AtLeast(int) bool     { return true }
func (request) Can(policy.Rule) bool { return true }
func (request) IsAdmin() bool        { return true }
func (request) Limit() int           { return pageOf }
func (request) URL(path ...string) string {
	return "http://nova.example/v2.1/" + strings.Join(path, "/")
}

func (request) Bookmark(path ...string) string {
	return "http://nova.example/" + strings.Join(path, "/")
}
func (r request) NextURL(path, m string) string { return r.URL(path) + "?marker=" + m }

// BenchmarkServersView renders a page of a thousand servers with everything.
func BenchmarkServersView(b *testing.B) {
	page := make([]views.Server, pageOf)
	for i := range page {
		page[i] = views.Server{Server: new(newServer(i)), HostStatus: "UP"}
	}
	var view views.Servers
	var buffer []byte
	b.ReportAllocs()
	for b.Loop() {
		buffer = view.Detail(request{}, page).AppendJSON(buffer[:0])
	}
	b.SetBytes(int64(len(buffer)))
}
