package hosts_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/hosts"
	"github.com/nova-api/nova-api/internal/notify"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/samples"
	"github.com/nova-api/nova-api/internal/virt"
)

// TestTell is what is told of services and aggregates: in Nova's form, by whom Nova has
// it, and with what they are before and after.
func TestTell(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		notifier := notify.New(notify.Options{Host: "api-1"})
		h := hosts.New(hosts.Options{Store: s.store, DownTime: downTime, Notify: notifier})
		local := &virt.Hosts{}
		local.Add("h1", &hypervisor{node: virt.Node{Name: "n1", VCPUs: 1, RAM: 1024, Disk: 10}})
		registrar := hosts.Registrar{
			Store: s.store, Local: local, Process: hosts.ThisProcess("this", "here"), Host: "conductor-1", Services: []string{hosts.BinaryScheduler},
			DownTime: downTime, Notify: notifier, Log: zerolog.Nop(),
		}
		s.must(registrar.Register(t.Context()))
		s.must(registrar.Register(t.Context())) // they are not new any more
		_, err := h.ChangeNamed(t.Context(), "h1", hosts.BinaryCompute, hosts.ServiceChange{Disabled: new(true), Reason: new("broken")})
		s.must(err)
		a, err := h.CreateAggregate(t.Context(), "rack", "north")
		s.must(err)
		_, err = h.AddHost(t.Context(), a.Serial, "h1")
		s.must(err)
		_, err = h.ChangeAggregate(t.Context(), a.Serial, hosts.AggregateChange{Name: new("row"), Metadata: map[string]*string{"ssd": new("true")}}, hosts.UpdatingAll)
		s.must(err)
		_, err = h.RemoveHost(t.Context(), a.Serial, "h1")
		s.must(err)
		s.must(h.DeleteAggregate(t.Context(), a.Serial))
		s.must(h.DeleteService(t.Context(), db.ServiceFilter{Host: "h1"}))

		const ssd = " map[availability_zone:north ssd:true]"
		want := []string{
			"nova-scheduler:conductor-1 service.create <nil>", "nova-compute:h1 service.create <nil>", "nova-compute:h1 service.update broken",
			"nova-api:api-1 aggregate.create.start rack [] map[availability_zone:north]", "nova-api:api-1 aggregate.create.end rack [] map[availability_zone:north]",
			"nova-api:api-1 aggregate.add_host.start rack [] map[availability_zone:north]", "nova-api:api-1 aggregate.add_host.end rack [h1] map[availability_zone:north]",
			"nova-api:api-1 aggregate.update_prop.start rack [h1] map[availability_zone:north]", "nova-api:api-1 aggregate.update_prop.end row [h1] map[availability_zone:north]",
			"nova-api:api-1 aggregate.update_metadata.start row [h1] map[availability_zone:north]", "nova-api:api-1 aggregate.update_metadata.end row [h1]" + ssd,
			"nova-api:api-1 aggregate.remove_host.start row [h1]" + ssd, "nova-api:api-1 aggregate.remove_host.end row []" + ssd,
			"nova-api:api-1 aggregate.delete.start row []" + ssd, "nova-api:api-1 aggregate.delete.end row []" + ssd,
			"nova-compute:h1 service.delete broken",
		}
		if diff := cmp.Diff(want, s.told()); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
	})
}

// told are all notifications, each in a line.
func (s *site) told() (lines []string) {
	s.t.Helper()
	all, err := s.store.Notifications(s.t.Context(), 100)
	s.must(err)
	for _, n := range all {
		samples.CompareNotification(s.t, n.EventType, n.Message)
		lines = append(lines, lineOf(s.t, n))
	}
	return lines
}

func lineOf(t *testing.T, n nova.Notification) string {
	t.Helper()
	var message struct {
		Publisher string `json:"publisher_id"`
		Payload   struct {
			Data map[string]any `json:"nova_object.data"`
		}
	}
	if err := json.Unmarshal([]byte(n.Message), &message); err != nil {
		t.Fatal(err)
	}
	data := message.Payload.Data
	line := message.Publisher + " " + n.EventType
	if _, service := data["binary"]; service {
		return line + printed(data["disabled_reason"])
	}
	return line + printed(data["name"]) + printed(data["hosts"]) + printed(data["metadata"])
}

// printed is a value behind a space.
func printed(value any) string { return fmt.Sprintf(" %v", value) }
