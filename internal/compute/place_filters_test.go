package compute_test

import (
	"testing"

	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/hosts"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/scheduler"
)

// A server is placed as the operator has configured it: in the aggregate that its
// flavor asks for.
func TestPlace_Filters(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		chooser, err := scheduler.New(scheduler.Options{
			Enabled: []string{"ComputeFilter", "AggregateInstanceExtraSpecsFilter"},
		})
		s.must(err)
		worker := s.newWorker(func(o *compute.WorkerOptions) { o.Scheduler = chooser })
		fast, err := s.hosts.CreateAggregate(t.Context(), "fast", "")
		s.must(err)
		_, err = s.hosts.ChangeAggregate(t.Context(), fast.Serial, hosts.AggregateChange{Metadata: map[string]*string{"ssd": new("true")}}, hosts.UpdatingMetadata)
		s.must(err)
		_, err = s.hosts.AddHost(t.Context(), fast.Serial, "fake-2")
		s.must(err)
		ssd, err := s.store.CreateFlavor(t.Context(), nova.Flavor{ID: "ssd", Name: "m1.ssd", RAM: 512, VCPUs: 1, Disk: 1, Public: true})
		s.must(err)
		s.must(s.store.SetExtraSpecs(t.Context(), ssd, map[string]string{"aggregate_instance_extra_specs:ssd": "true"}))
		wants := func(r *compute.ServerRequest) { r.FlavorID = ssd.ID }
		for range 4 {
			server := s.begin(s.as("demo"), wants)
			s.workWith(worker)
			if server = s.server(server.ID); server.Host != "fake-2" || server.VMState != nova.Active {
				t.Errorf("%s on %q: %+v", server.VMState, server.Host, server.Fault)
			}
		}
	})
}
