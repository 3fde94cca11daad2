package views

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
)

// admins are the rules that only administrators pass.
var admins = []policy.Rule{
	policy.ExtendedServerAttributes, policy.ShowHostStatus, policy.ShowHostStatusUnknown, policy.ContextIsAdmin,
	policy.InstanceActionsEvents, policy.InstanceActionsEventsDetails,
}

// web is a server with a value for everything that can be shown.
func web() Server {
	at := func(second int) *time.Time {
		return new(time.Date(2026, 1, 2, 3, 4, second, 120_000, time.UTC))
	}
	return Server{
		Server: &nova.Server{
			Serial: 26, ID: "5ba0c1d8-0d63-4ba5-8a3c-8dd3a6b6d8f1", Name: "web", Hostname: "web", Description: new("the <site>"),
			ProjectID: "demo", UserID: "alice", VMState: nova.Active, PowerState: nova.Running,
			Host: "fake-1", Node: "fake-1", Zone: "nova", RequestedZone: "nova", PinnedZone: new("nova"), Flavor: tiny,
			ImageID: "70a599e0-31e7-49b7-b260-868f441e862b", ImageProps: map[string]string{"hw_disk_bus": "virtio"},
			KernelID: "k", RamdiskID: "r", KeyName: new("key"), UserData: new("aGk="), Metadata: map[string]string{"b": "2", "a": "1"},
			ConfigDrive: true, AccessIPv4: "192.0.2.1", AccessIPv6: "2001:db8::1", DiskConfig: "AUTO", RootDevice: new("/dev/vda"),
			TrustedCerts: []string{"cert"}, Hints: map[string][]string{"same_host": {"other"}},
			ReservationID: "r-12345678", LaunchIndex: 1,
			Addresses: []nova.Address{
				{Network: "private", IP: "10.0.0.2", MAC: "fa:16:3e:00:00:01", Version: 4, Type: "fixed"},
				{Network: "second", IP: "10.1.0.2", MAC: "fa:16:3e:00:00:02", Version: 4, Type: "fixed"},
				{Network: "private", IP: "192.0.2.9", MAC: "fa:16:3e:00:00:01", Version: 4, Type: "floating"},
				{Network: "private", IP: "fd00::2", MAC: "fa:16:3e:00:00:01", Version: 6, Type: "fixed"},
			},
			SecurityGroups: []string{"default", "web"}, Tags: []string{"a", "b"}, LockedBy: "owner", LockedReason: new("moving"),
			CreatedAt: *at(5), UpdatedAt: at(6), LaunchedAt: at(7),
		},
		HostStatus: "UP", Groups: []string{"group"},
	}
}

func TestServers_EveryVersion(t *testing.T) {
	t.Parallel()
	var v Servers
	list := []Server{web()}
	show := func(r Request) Dict { return v.Show(r, web()) }
	detail := func(r Request) Dict { return v.Detail(r, list) }
	updated := func(r Request) Dict { return v.Updated(r, web()) }
	rebuilt := func(r Request) Dict { return v.Rebuilt(r, web(), new("secret")) }
	for _, c := range []struct {
		name   string
		breaks []int
		render func(Request) Dict
		denied []policy.Rule
	}{
		{"server", []int{3, 9, 16, 19, 26, 47, 63, 71, 73, 96, 98, 100}, show, nil},
		{"server_for_members", []int{9, 19, 26, 47, 63, 71, 73, 90, 96, 98, 100}, show, admins},
		{"servers_detail", []int{3, 9, 16, 19, 26, 47, 63, 73, 96, 98, 100}, detail, nil},
		{"servers_detail_for_members", []int{9, 19, 26, 47, 63, 73, 90, 96, 98, 100}, detail, admins},
		{"server_updated", []int{9, 19, 26, 47, 63, 71, 73, 75, 96, 98, 100}, updated, nil},
		{"server_rebuilt", []int{9, 19, 26, 47, 54, 57, 63, 71, 73, 75, 96, 98, 100}, rebuilt, nil},
		{"servers", nil, func(r Request) Dict { return v.Index(r, []nova.Server{*web().Server}) }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			everyVersion(t, c.name, c.breaks, c.render, c.denied...)
		})
	}
}

// TestServers_Fields changes one thing about a server, and looks at what
// becomes of it.
func TestServers_Fields(t *testing.T) {
	t.Parallel()
	const missing = "missing"
	broken := &nova.Fault{Code: 500, Message: "No valid host", Details: "trace", Created: web().CreatedAt}
	refused := &nova.Fault{Code: 400, Message: "No", Details: "trace", Created: web().CreatedAt}
	for name, c := range map[string]struct {
		change func(*Server)
		minor  int
		denied []policy.Rule
		key    string
		want   any
	}{
		"no image":             {func(s *Server) { s.ImageID = "" }, 104, nil, "image", ""},
		"no zone":              {func(s *Server) { s.Zone = "" }, 1, nil, "OS-EXT-AZ:availability_zone", ""},
		"no config drive":      {func(s *Server) { s.ConfigDrive = false }, 1, nil, "config_drive", ""},
		"no key":               {func(s *Server) { s.KeyName = nil }, 1, nil, "key_name", nil},
		"no groups":            {func(s *Server) { s.SecurityGroups = nil }, 1, nil, "security_groups", missing},
		"no host":              {func(s *Server) { s.Host = "" }, 1, nil, "OS-EXT-SRV-ATTR:host", nil},
		"no host's ID":         {func(s *Server) { s.Host = "" }, 1, nil, "hostId", ""},
		"no host's status":     {func(s *Server) { s.HostStatus = "" }, 16, nil, "host_status", ""},
		"not launched":         {func(s *Server) { s.LaunchedAt = nil }, 1, nil, "OS-SRV-USG:launched_at", nil},
		"no certificates":      {func(s *Server) { s.TrustedCerts = nil }, 63, nil, "trusted_image_certificates", nil},
		"no hints":             {func(s *Server) { s.Hints = nil }, 100, nil, "scheduler_hints", map[string]any{}},
		"hint of a lost group": {func(s *Server) { s.Hints = map[string][]string{"group": {"g"}} }, 100, nil, "scheduler_hints", map[string]any{}},
		"no metadata":          {func(s *Server) { s.Metadata = nil }, 1, nil, "metadata", map[string]any{}},
		"no tags":              {func(s *Server) { s.Tags = nil }, 26, nil, "tags", []any{}},
		"no server groups":     {func(s *Server) { s.Groups = nil }, 71, nil, "server_groups", []any{}},
		"never updated":        {func(s *Server) { s.UpdatedAt = nil }, 1, nil, "updated", "2026-01-02T03:04:05Z"},
		"updated":              {func(*Server) {}, 1, nil, "updated", "2026-01-02T03:04:06Z"},
		"busy":                 {func(s *Server) { s.TaskState = nova.PoweringOff }, 1, nil, "OS-EXT-STS:task_state", "powering-off"},
		"idle":                 {func(*Server) {}, 1, nil, "OS-EXT-STS:task_state", nil},
		"building":             {func(s *Server) { s.VMState = nova.Building }, 1, nil, "addresses", map[string]any{}},
		"progress":             {func(s *Server) { s.Progress = 7 }, 1, nil, "progress", 7.0},
		"no progress":          {func(s *Server) { s.VMState = nova.Stopped }, 1, nil, "progress", missing},
		"deleted":              {func(s *Server) { s.DeletedAt = &s.CreatedAt }, 1, nil, "status", "DELETED"},
		"no fault":             {func(s *Server) { s.VMState = nova.Errored }, 1, nil, "fault", missing},
		"fault of the past":    {func(s *Server) { s.Fault = broken }, 1, nil, "fault", missing},
		"host not for all":     {func(*Server) {}, 104, admins, "OS-EXT-SRV-ATTR:host", missing},
		"status not for all":   {func(*Server) {}, 16, admins, "host_status", missing},
		"status if unknown":    {func(s *Server) { s.HostStatus = "UNKNOWN" }, 16, []policy.Rule{policy.ShowHostStatus}, "host_status", "UNKNOWN"},
		"status if known":      {func(*Server) {}, 16, []policy.Rule{policy.ShowHostStatus}, "host_status", missing},
		"no image's properties": {
			func(s *Server) { s.ImageProps = nil }, 98, nil, "image",
			map[string]any{"id": "70a599e0-31e7-49b7-b260-868f441e862b", "properties": map[string]any{}, "links": []any{map[string]any{
				"rel": "bookmark", "href": "http://nova.example/images/70a599e0-31e7-49b7-b260-868f441e862b",
			}}},
		},
		"image's own properties": {
			func(s *Server) { s.ImageProps = map[string]string{"mine": "x", "os_distro": "y", "architecture": "z"} }, 98, nil, "image",
			map[string]any{"id": "70a599e0-31e7-49b7-b260-868f441e862b", "links": []any{map[string]any{
				"rel": "bookmark", "href": "http://nova.example/images/70a599e0-31e7-49b7-b260-868f441e862b",
			}}, "properties": map[string]any{"os_distro": "y", "architecture": "z"}},
		},
		"fault": {
			func(s *Server) { s.VMState, s.Fault = nova.Errored, broken }, 1, nil, "fault",
			map[string]any{"code": 500.0, "created": "2026-01-02T03:04:05Z", "message": "No valid host", "details": "trace"},
		},
		"details of our faults aren't for all": {
			func(s *Server) { s.VMState, s.Fault = nova.Errored, broken }, 1, admins, "fault",
			map[string]any{"code": 500.0, "created": "2026-01-02T03:04:05Z", "message": "No valid host"},
		},
		"details of refusals are": {
			func(s *Server) { s.VMState, s.Fault = nova.Errored, refused }, 1, admins, "fault",
			map[string]any{"code": 400.0, "created": "2026-01-02T03:04:05Z", "message": "No", "details": "trace"},
		},
		"extra specs aren't for all": {
			func(*Server) {}, 47,
			[]policy.Rule{policy.ShowFlavorExtraSpecs},
			"flavor",
			map[string]any{"vcpus": 1.0, "ram": 512.0, "disk": 1.0, "ephemeral": 0.0, "swap": 0.0, "original_name": "m1.tiny"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := web()
			c.change(&s)
			var shown struct{ Server map[string]any }
			text := Servers{}.Show(request{minor: c.minor, denied: c.denied}, s).AppendJSON(nil)
			if err := json.Unmarshal(text, &shown); err != nil {
				t.Fatal(err)
			}
			got, ok := shown.Server[c.key]
			if !ok {
				got = missing
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.key, diff)
			}
		})
	}
}

// TestServers_Parts renders what is the same in all versions.
func TestServers_Parts(t *testing.T) {
	t.Parallel()
	var v Servers
	r := request{minor: 1}
	s := *web().Server
	on, _ := v.AddressesOn(s, "second")
	const self = `"links":[{"rel":"self","href":"http://nova.example/v2.1/servers/5ba0c1d8-0d63-4ba5-8a3c-8dd3a6b6d8f1"},` +
		`{"rel":"bookmark","href":"http://nova.example/servers/5ba0c1d8-0d63-4ba5-8a3c-8dd3a6b6d8f1"}]`
	for _, c := range []struct {
		name string
		dict Dict
		want string
	}{
		{"created", v.Created(r, s, []string{"default"}, new("secret")), `{"server":{"id":"5ba0c1d8-0d63-4ba5-8a3c-8dd3a6b6d8f1",` + self +
			`,"OS-DCF:diskConfig":"AUTO","security_groups":[{"name":"default"}],"adminPass":"secret"}}`},
		{"created without a password", v.Created(r, s, []string{""}, nil), `{"server":{"id":"5ba0c1d8-0d63-4ba5-8a3c-8dd3a6b6d8f1",` + self +
			`,"OS-DCF:diskConfig":"AUTO","security_groups":[{}]}}`},
		{"reservation", v.Reservation("r-1"), `{"reservation_id":"r-1"}`},
		{"addresses", v.Addresses(s), `{"addresses":{"private":[{"version":4,"addr":"10.0.0.2"},{"version":6,"addr":"fd00::2"},` +
			`{"version":4,"addr":"192.0.2.9"}],"second":[{"version":4,"addr":"10.1.0.2"}]}}`},
		{"addresses on one network", on, `{"second":[{"version":4,"addr":"10.1.0.2"}]}`},
		{"metadata", Metadata(nil), `{"metadata":{}}`},
		{"metadata item", MetadataItem("k", "v"), `{"meta":{"k":"v"}}`},
		{"tags", Tags(nil), `{"tags":[]}`},
		{"image", ImageID("i"), `{"image_id":"i"}`},
		{"console", Console("<boot>\n"), `{"output":"<boot>\n"}`},
		{"ID", ID("i"), `{"id":"i"}`},
	} {
		if diff := cmp.Diff(c.want, string(c.dict.AppendJSON(nil))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	if _, ok := v.AddressesOn(s, "third"); ok {
		t.Error("the server is on a network that it isn't on")
	}
}

func TestActions_EveryVersion(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	ended := began.Add(1500 * time.Microsecond)
	action := nova.Action{
		ServerID: "s", Name: "stop", RequestID: "req-1", UserID: "alice", ProjectID: "demo", StartTime: began, UpdatedAt: &ended, Message: new("Error"),
		Events: []nova.ActionEvent{{
			Event: "compute_stop_instance", Host: "fake-1", StartTime: began, FinishTime: &ended,
			Result: new("Error"), Traceback: new("where"), Details: new("why"),
		}},
	}
	var v Actions
	show := func(r Request) Dict { return v.Show(r, nova.Server{ID: "s", ProjectID: "demo"}, action) }
	for _, c := range []struct {
		name   string
		breaks []int
		render func(Request) Dict
		denied []policy.Rule
	}{
		{"instance_actions", []int{58}, func(r Request) Dict { return v.Index(r, "s", []nova.Action{action}) }, nil},
		{"instance_action", []int{58, 62, 84}, show, nil},
		{"instance_action_for_members", []int{51, 58, 62}, show, admins},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			everyVersion(t, c.name, c.breaks, c.render, c.denied...)
		})
	}
}
