package compute_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/samples"
)

// TestTell_Resources is what is told of flavors, key pairs, server groups and tags: in
// Nova's form, and with what is new in each.
func TestTell_Resources(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		ctx := s.as("demo")
		caller := nova.CallerOf(ctx)
		flavor, err := s.api.CreateFlavor(ctx, nova.Flavor{ID: "77", Name: "gpu", RAM: 512, VCPUs: 1, Disk: 1, RxTx: 1})
		s.must(err)
		_, err = s.api.DescribeFlavor(ctx, "77", new("fast"))
		s.must(err)
		s.must(s.api.SetExtraSpecs(ctx, flavor, map[string]string{"hw:cpu_policy": "shared"}))
		s.must(s.api.AddFlavorAccess(ctx, flavor, "p1"))
		s.must(s.api.RemoveFlavorAccess(ctx, flavor, "p1"))
		s.must(s.api.DeleteExtraSpec(ctx, flavor, "hw:cpu_policy"))
		s.must(s.api.DeleteFlavor(ctx, "77"))

		made, _, err := s.api.CreateKeyPair(ctx, compute.NewKeyPair{UserID: caller.UserID, Name: "made", Type: nova.KeyPairSSH})
		s.must(err)
		_, _, err = s.api.CreateKeyPair(ctx, compute.NewKeyPair{UserID: caller.UserID, Name: "brought", Type: nova.KeyPairSSH, PublicKey: &made.PublicKey})
		s.must(err)
		s.must(s.api.DeleteKeyPair(ctx, caller.UserID, "made"))

		group, err := s.api.CreateServerGroup(ctx, nova.ServerGroup{
			ID: "6f7e5b4e-5e0a-4f54-9d04-2b5a1d4fa1d1", Name: "g", Policy: nova.AntiAffinity, MaxServerPerHost: new(3), ProjectID: caller.ProjectID, UserID: caller.UserID,
		})
		s.must(err)
		member := s.begin(ctx, func(r *compute.ServerRequest) {
			r.Hints = map[string][]string{"group": {group.ID}}
			r.KeyName = new("brought")
		})
		s.work()
		member = s.server(member.ID)
		for _, tag := range []string{"a", "a", "b"} { // the second one changes nothing
			_, err = s.api.AddTag(ctx, member, tag, 50)
			s.must(err)
		}
		_, err = s.api.DeleteTag(ctx, member, "b")
		s.must(err)
		s.must(s.api.ReplaceTags(ctx, member, nil))
		s.must(s.api.DeleteServerGroup(ctx, group))

		want := []string{
			"flavor.create <nil> map[] []", "flavor.update fast map[] []", "flavor.update fast map[hw:cpu_policy:shared] []",
			"flavor.update fast map[hw:cpu_policy:shared] [p1]", "flavor.update fast map[hw:cpu_policy:shared] []", "flavor.update fast map[] []", "flavor.delete fast map[] <nil>",
			"keypair.create.start made false", "keypair.create.end made true", "keypair.import.start brought true", "keypair.import.end brought true",
			"keypair.delete.start made true", "keypair.delete.end made true",
			"server_group.create map[max_server_per_host:3] 0", "server_group.add_member map[max_server_per_host:3] 1",
			"instance.create.start", "instance.create.end",
			"instance.update [a]", "instance.update [a b]", "instance.update [a]", "instance.update []",
			"server_group.delete map[max_server_per_host:3] 0",
		}
		all, err := s.store.Notifications(ctx, 100)
		s.must(err)
		var got []string
		for _, n := range all {
			samples.CompareNotification(t, n.EventType, n.Message)
			got = append(got, lineOf(t, n))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
	}, telling)
}

// lineOf is a notification with what changes in those of its kind.
func lineOf(t *testing.T, n nova.Notification) string {
	t.Helper()
	var message struct {
		Payload struct {
			Data map[string]any `json:"nova_object.data"`
		}
	}
	if err := json.Unmarshal([]byte(n.Message), &message); err != nil {
		t.Fatal(err)
	}
	data := message.Payload.Data
	switch object, _, _ := strings.Cut(n.EventType, "."); {
	case object == "flavor":
		return fmt.Sprintf("%s %v %v %v", n.EventType, data["description"], data["extra_specs"], data["projects"])
	case object == "keypair":
		return fmt.Sprintf("%s %v %v", n.EventType, data["name"], data["public_key"] != nil)
	case object == "server_group":
		members, _ := data["members"].([]any)
		return fmt.Sprintf("%s %v %d", n.EventType, data["rules"], len(members))
	case n.EventType == "instance.update":
		return fmt.Sprintf("%s %v", n.EventType, data["tags"])
	}
	return n.EventType
}
