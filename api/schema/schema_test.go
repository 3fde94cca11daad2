package schema

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/internal/microversion"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/samples"
)

// bodies are all that the package describes.
var bodies = map[string]*Body{
	"AddFixedIP":                 AddFixedIP,
	"AddFloatingIP":              AddFloatingIP,
	"AddSecurityGroup":           AddSecurityGroup,
	"ServerShareCreate":          ServerShareCreate,
	"SnapshotCreate":             SnapshotCreate,
	"VolumeCreate":               VolumeCreate,
	"AddTenantAccess":            AddTenantAccess,
	"BaremetalNodeChange":        BaremetalNodeChange,
	"AggregateAddHost":           AggregateAddHost,
	"AssistedSnapshotCreate":     AssistedSnapshotCreate,
	"AggregateCreate":            AggregateCreate,
	"AggregateImages":            AggregateImages,
	"AggregateRemoveHost":        AggregateRemoveHost,
	"AggregateSetMetadata":       AggregateSetMetadata,
	"AggregateUpdate":            AggregateUpdate,
	"BackupInstanceCreate":       BackupInstanceCreate,
	"ChangePassword":             ChangePassword,
	"ConfirmResize":              ConfirmResize,
	"CreateBackup":               CreateBackup,
	"CreateImage":                CreateImage,
	"Evacuate":                   Evacuate,
	"FloatingIPCreate":           FloatingIPCreate,
	"SecurityGroupCreate":        SecurityGroupCreate,
	"SecurityGroupUpdate":        SecurityGroupUpdate,
	"SecurityGroupRuleCreate":    SecurityGroupRuleCreate,
	"FlavorCreate":               FlavorCreate,
	"FlavorExtraSpecUpdate":      FlavorExtraSpecUpdate,
	"FlavorExtraSpecsCreate":     FlavorExtraSpecsCreate,
	"FlavorUpdate":               FlavorUpdate,
	"ForceComplete":              ForceComplete,
	"ForceDelete":                ForceDelete,
	"GetConsoleOutput":           GetConsoleOutput,
	"GetRDPConsole":              GetRDPConsole,
	"GetSPICEConsole":            GetSPICEConsole,
	"GetSerialConsole":           GetSerialConsole,
	"GetVNCConsole":              GetVNCConsole,
	"HostUpdate":                 HostUpdate,
	"InjectNetworkInfo":          InjectNetworkInfo,
	"InterfaceCreate":            InterfaceCreate,
	"VolumeAttachmentCreate":     VolumeAttachmentCreate,
	"VolumeAttachmentUpdate":     VolumeAttachmentUpdate,
	"KeyPairCreate":              KeyPairCreate,
	"Lock":                       Lock,
	"Migrate":                    Migrate,
	"MigrateLive":                MigrateLive,
	"Pause":                      Pause,
	"QuotaClassSetUpdate":        QuotaClassSetUpdate,
	"QuotaSetUpdate":             QuotaSetUpdate,
	"Reboot":                     Reboot,
	"Rebuild":                    Rebuild,
	"RemoteConsoleCreate":        RemoteConsoleCreate,
	"RemoveFixedIP":              RemoveFixedIP,
	"RemoveFloatingIP":           RemoveFloatingIP,
	"RemoveSecurityGroup":        RemoveSecurityGroup,
	"RemoveTenantAccess":         RemoveTenantAccess,
	"Rescue":                     Rescue,
	"ResetState":                 ResetState,
	"Resize":                     Resize,
	"Restore":                    Restore,
	"Resume":                     Resume,
	"RevertResize":               RevertResize,
	"ServerCreate":               ServerCreate,
	"ServerExternalEventsCreate": ServerExternalEventsCreate,
	"ServerGroupCreate":          ServerGroupCreate,
	"ServerMetadataCreate":       ServerMetadataCreate,
	"ServerMetadataUpdate":       ServerMetadataUpdate,
	"ServerTagUpdate":            ServerTagUpdate,
	"ServerTagsReplace":          ServerTagsReplace,
	"ServerUpdate":               ServerUpdate,
	"ServiceUpdate":              ServiceUpdate,
	"Shelve":                     Shelve,
	"ShelveOffload":              ShelveOffload,
	"Start":                      Start,
	"Stop":                       Stop,
	"Suspend":                    Suspend,
	"TriggerCrashDump":           TriggerCrashDump,
	"Unlock":                     Unlock,
	"Unpause":                    Unpause,
	"Unrescue":                   Unrescue,
	"Unshelve":                   Unshelve,
}

// queries are all that the package describes.
var queries = map[string]*Query{
	"ConsoleAuthTokenQuery":       ConsoleAuthTokenQuery,
	"FlavorsQuery":                FlavorsQuery,
	"HostsQuery":                  HostsQuery,
	"HypervisorQuery":             HypervisorQuery,
	"HypervisorsQuery":            HypervisorsQuery,
	"IgnoredQuery":                IgnoredQuery,
	"ImagesQuery":                 ImagesQuery,
	"InstanceActionsQuery":        InstanceActionsQuery,
	"MigrationsQuery":             MigrationsQuery,
	"KeyPairQuery":                KeyPairQuery,
	"KeyPairsQuery":               KeyPairsQuery,
	"LimitsQuery":                 LimitsQuery,
	"NoQuery":                     NoQuery,
	"QuotaSetQuery":               QuotaSetQuery,
	"SecurityGroupsQuery":         SecurityGroupsQuery,
	"ServerGroupsQuery":           ServerGroupsQuery,
	"VolumeAttachmentsQuery":      VolumeAttachmentsQuery,
	"AssistedSnapshotDeleteQuery": AssistedSnapshotDeleteQuery,
	"ServerSharesQuery":           ServerSharesQuery,
	"VolumesQuery":                VolumesQuery,
	"ServersQuery":                ServersQuery,
	"ServicesQuery":               ServicesQuery,
	"TenantUsageQuery":            TenantUsageQuery,
	"TenantUsagesQuery":           TenantUsagesQuery,
}

// decode reads JSON as the HTTP kit does.
func decode(t testing.TB, text string) any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return value
}

// A bodyCase is a body in a version, and what a client is told: "" if it is
// good.
type bodyCase struct {
	version microversion.Version
	body    string
	want    string
}

// checkBody runs the cases of a body.
func checkBody(t *testing.T, b *Body, cases []bodyCase) {
	t.Helper()
	for _, c := range cases {
		_, err := b.Check(c.version, decode(t, c.body), []byte(c.body))
		if got := nova.Message(err); got != c.want {
			t.Errorf("%s %s:\n got %q\nwant %q", c.version, c.body, got, c.want)
		}
		if err != nil && !nova.Is(err, nova.Invalid) {
			t.Errorf("%s %s: error of kind %v", c.version, c.body, nova.KindOf(err))
		}
	}
}

// TestCheck_AsNova34 compares with what Nova 34 answers at the first and the
// last version of each span in which its answer is the same. The answers are
// recorded by e2e/compare/schemas.py.
func TestCheck_AsNova34(t *testing.T) {
	t.Parallel()
	file, err := os.Open("testdata/nova34.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c recorded
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		for _, v := range c.Versions {
			c.compare(t, v)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

// A recorded answer is what Nova says of a body or a query in a span of
// versions. Out is what it keeps of a good body for /v2, if not all.
type recorded struct {
	Schema   string
	Versions [2]microversion.Version
	In, Out  json.RawMessage
	Message  string
}

func (c recorded) compare(t *testing.T, v microversion.Version) {
	t.Helper()
	if q, ok := queries[c.Schema]; ok {
		compareQuery(t, q, v, c.In, c.Message)
		return
	}
	out, err := bodies[c.Schema].Check(v, decode(t, string(c.In)), c.In)
	if got := nova.Message(err); got != c.Message {
		t.Errorf("%s %s %s:\n got %q\nwant %q", c.Schema, v, c.In, got, c.Message)
	}
	if c.Message != "" {
		return
	}
	want := c.In
	if c.Out != nil {
		want = c.Out
	}
	if diff := cmp.Diff(decode(t, string(want)), out); diff != "" {
		t.Errorf("%s %s %s: kept the wrong keys:\n%s", c.Schema, v, c.In, diff)
	}
}

func compareQuery(t *testing.T, q *Query, v microversion.Version, in []byte, want string) {
	t.Helper()
	var values url.Values
	if err := json.Unmarshal(in, &values); err != nil {
		t.Fatal(err)
	}
	_, err := q.Check(v, values)
	if got := nova.Message(err); got != want {
		t.Errorf("%s %s:\n got %q\nwant %q", v, in, got, want)
	}
}

// TestDocument_AllVersions compiles every schema of every version, and
// compares each with that of the span it was put into.
func TestDocument_AllVersions(t *testing.T) {
	t.Parallel()
	all := map[string]*versions{}
	for name, b := range bodies {
		all[name] = &b.versions
	}
	for name, q := range queries {
		all[name] = &q.versions
	}
	for name, vs := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for v := microversion.Legacy; v <= microversion.Max; v++ {
				start := vs.at(v).version
				got, want := vs.schema.document(start), vs.schema.document(v)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("%s is checked as %s:\n%s", v, start, diff)
				}
			}
		})
	}
}

func TestDocument_IsPlainJSON(t *testing.T) {
	t.Parallel()
	got, err := json.Marshal(ServerTagsReplace.Document(26))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"additionalProperties":false,"properties":{"tags":{"items":{"maxLength":60,"minLength":1,` +
		`"pattern":"^[^,/]*$","type":"string"},"maxItems":50,"type":"array"}},"required":["tags"],"type":"object"}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	if doc := FlavorUpdate.Document(54); doc != nil {
		t.Errorf("the body of PUT /flavors is described below 2.55: %v", doc)
	}
	if doc := ServersQuery.Document(microversion.Legacy); doc != nil {
		t.Errorf("the query of /v2/servers is described: %v", doc)
	}
}

func TestCheck_NumbersTooLarge(t *testing.T) {
	t.Parallel()
	const (
		malformed = "Malformed request body"
		infinite  = "Invalid input for field/attribute cores. Value: inf. inf is not of type 'integer', 'string'"
	)
	checkBody(t, QuotaSetUpdate, []bodyCase{
		{1, `{"quota_set": {"cores": 1e400}}`, infinite},
		{1, `{"quota_set": {"cores": -1e400}}`, strings.ReplaceAll(infinite, "inf", "-inf")},
		{1, `{"quota_set": {"cores": 1e-999999999}}`, ""}, // which is 0.0
		{1, `{"quota_set": {"cores": 1e99999999999999999999}}`, infinite},
		{1, `{"quota_set": {"cores": 0.` + strings.Repeat("0", 9999) + `1}}`, ""},
		{1, `{"quota_set": {"cores": ` + strings.Repeat("9", 4301) + `}}`, malformed},
		{1, `[[1, {"a": 1e400}]]`, "[[1, {'a': inf}]] is not of type 'object'"},
		{94, `{"quota_set": {"cores": 1e2}}`, ""},
	})
	checkBody(t, ServerCreate, []bodyCase{ // where any number will do, infinity won't
		{1, `{"server": {"name": "n", "flavorRef": "1"}, "os:scheduler_hints": {"k": [1e400]}}`, malformed},
		{1, `{"server": {"name": "n", "flavorRef": "1"}, "os:scheduler_hints": {"k": [1e300]}}`, ""},
	})
}

// TestCheck_LeavesBodyAlone makes sure that what is dropped for /v2 is dropped
// from a copy.
func TestCheck_LeavesBodyAlone(t *testing.T) {
	t.Parallel()
	const text = `{"server": {"name": "n", "flavorRef": "1", "new": 1, "networks": [{"uuid": "u", "x": 1}],
		"metadata": {"k": "v"}}, "os:scheduler_hints": {"mine": 1}, "more": {}}`
	body := decode(t, text)
	got, err := ServerCreate.Check(microversion.Legacy, body, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := decode(t, `{"server": {"name": "n", "flavorRef": "1", "networks": [{"uuid": "u"}],
		"metadata": {"k": "v"}}, "os:scheduler_hints": {"mine": 1}}`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("kept the wrong keys:\n%s", diff)
	}
	if diff := cmp.Diff(decode(t, text), body); diff != "" {
		t.Errorf("changed what it was given:\n%s", diff)
	}
}

// TestSamples runs the request samples of Nova's documentation, if they are at
// hand, through the schemas.
func TestSamples(t *testing.T) {
	t.Parallel()
	dir, ok := samples.Folder(t)
	if !ok {
		return
	}
	checked := 0
	for _, s := range requestSamples(t, dir) {
		text, err := os.ReadFile(s.path)
		if err != nil {
			t.Fatal(err)
		}
		body := decode(t, string(bytes.TrimSpace(text)))
		b := bodyOfSample(s, body)
		if b == nil {
			continue
		}
		checked++
		_, err = b.Check(s.version, body, text)
		if (err == nil) != (s.wrong() == "") || !strings.HasSuffix(nova.Message(err), s.wrong()) {
			t.Errorf("%s at %s: got %v, want %q", s.path, s.version, err, s.wrong())
		}
	}
	if checked < 100 {
		t.Errorf("only %d samples were checked", checked)
	}
}
