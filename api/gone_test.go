package api_test

import (
	"strings"
	"testing"

	"github.com/nova-api/nova-api/internal/microversion"
)

// removedOperations are the operations that answer 410 in Nova's reference, with
// a body where a member action is meant.
var removedOperations = []string{
	"GET /os-agents", "POST /os-agents", "PUT /os-agents/1", "DELETE /os-agents/1",
	"GET /os-cells", "POST /os-cells", "GET /os-cells/1", "PUT /os-cells/1", "DELETE /os-cells/1", "GET /os-cells/detail",
	"GET /os-cells/info", "GET /os-cells/capacities", "GET /os-cells/1/capacities", "POST /os-cells/sync_instances",
	"POST /os-certificates", "GET /os-certificates/root",
	"GET /os-cloudpipe", "POST /os-cloudpipe", "PUT /os-cloudpipe/configure-project",
	"GET /os-fixed-ips/10.0.0.1",
	`POST /os-fixed-ips/10.0.0.1/action {"reserve": null}`, `POST /os-fixed-ips/10.0.0.1/action {"unreserve": null}`,
	"GET /os-floating-ip-dns", "PUT /os-floating-ip-dns/d", "DELETE /os-floating-ip-dns/d",
	"GET /os-floating-ip-dns/d/entries/e", "PUT /os-floating-ip-dns/d/entries/e", "DELETE /os-floating-ip-dns/d/entries/e",
	"GET /os-floating-ips-bulk", "POST /os-floating-ips-bulk", "GET /os-floating-ips-bulk/h", "PUT /os-floating-ips-bulk/delete",
	"GET /os-fping", "GET /os-fping/1",
	"POST /os-networks", "POST /os-networks/add", "DELETE /os-networks/1",
	`POST /os-networks/1/action {"disassociate": null}`, `POST /os-networks/1/action {"associate_host": "h"}`,
	`POST /os-networks/1/action {"disassociate_host": null}`, `POST /os-networks/1/action {"disassociate_project": null}`,
	"GET /os-security-group-default-rules", "POST /os-security-group-default-rules",
	"GET /os-security-group-default-rules/1", "DELETE /os-security-group-default-rules/1",
	"POST /os-tenant-networks", "DELETE /os-tenant-networks/1",
	"GET /servers/1/consoles", "POST /servers/1/consoles", "GET /servers/1/consoles/1", "DELETE /servers/1/consoles/1",
	"GET /servers/1/os-virtual-interfaces",
	`POST /servers/1/action {"resetNetwork": null}`, `POST /servers/1/action {"resetNetwork": 5}`,
}

// TestGone asks for every operation that Nova has removed, as a caller who may
// do next to nothing, at the first and the last version and without one.
func TestGone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		gone := fault("computeFault", "This resource is no longer available. No forwarding address is given.")
		for _, operation := range removedOperations {
			for _, root := range []string{"/v2", "/v2.1", "/v2.1/" + demoProject} {
				request := strings.Replace(operation, " /", " "+root+"/", 1)
				s.Do(request, as("reader"), at(int(microversion.Min))).Want(t, 410, gone)
				s.Do(request, as("reader"), at(int(microversion.Max))).Want(t, 410, gone)
			}
		}
		for _, request := range []string{
			"PATCH /v2.1/os-cells", "GET /v2.1/os-networks/1/action", "GET /v2.1/os-floating-ip-dns/d/entries", "GET /v2.1/os-floating-ip-dns/d",
			"GET /v2.1/os-tenant-networks/1/2", "DELETE /v2.1/os-fping/1", "GET /v2.1/os-certificates",
		} {
			s.Do(request, as("reader")).Want(t, 404)
		}
		s.Do(`POST /v2.1/os-networks/1/action {"other": null}`, as("reader")).Want(t, 400, fault("badRequest", "There is no such action: other"))
		s.Do(`POST /v2.1/os-cells {"broken"`, as("reader")).Want(t, 400, fault("badRequest", "Malformed request body"))
		s.Do("GET /v2.1/"+altProject+"/os-cells", as("reader")).Want(t, 400)
		s.Do("GET /v2.1/os-cells", as("nobody")).Want(t, 401)
	})
}
