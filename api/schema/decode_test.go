package schema

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"github.com/nova-api/nova-api/internal/microversion"
)

// decodedInto are the types that bodies are decoded into, by the name of the
// schema. A body that is not here has no arguments.
var decodedInto = map[string]any{
	"AddFixedIP":                 AddFixedIPBody{},
	"AddFloatingIP":              AddFloatingIPBody{},
	"AddSecurityGroup":           AddSecurityGroupBody{},
	"AddTenantAccess":            AddTenantAccessBody{},
	"AggregateAddHost":           AggregateAddHostBody{},
	"AggregateCreate":            AggregateCreateBody{},
	"AggregateImages":            AggregateImagesBody{},
	"AggregateRemoveHost":        AggregateRemoveHostBody{},
	"AggregateSetMetadata":       AggregateSetMetadataBody{},
	"AggregateUpdate":            AggregateUpdateBody{},
	"AssistedSnapshotCreate":     AssistedSnapshotCreateBody{},
	"BackupInstanceCreate":       BackupInstanceCreateBody{},
	"ChangePassword":             ChangePasswordBody{},
	"CreateBackup":               CreateBackupBody{},
	"CreateImage":                CreateImageBody{},
	"Evacuate":                   EvacuateBody{},
	"FloatingIPCreate":           FloatingIPCreateBody{},
	"SecurityGroupCreate":        SecurityGroupBody{},
	"ServerShareCreate":          ServerShareCreateBody{},
	"SnapshotCreate":             SnapshotCreateBody{},
	"VolumeAttachmentCreate":     VolumeAttachmentBody{},
	"VolumeAttachmentUpdate":     VolumeAttachmentBody{},
	"VolumeCreate":               VolumeCreateBody{},
	"SecurityGroupUpdate":        SecurityGroupBody{},
	"SecurityGroupRuleCreate":    SecurityGroupRuleCreateBody{},
	"FlavorCreate":               FlavorCreateBody{},
	"FlavorExtraSpecUpdate":      FlavorExtraSpecUpdateBody{},
	"FlavorExtraSpecsCreate":     FlavorExtraSpecsCreateBody{},
	"FlavorUpdate":               FlavorUpdateBody{},
	"HostUpdate":                 HostUpdateBody{},
	"GetConsoleOutput":           GetConsoleOutputBody{},
	"GetSPICEConsole":            GetConsoleBody{},
	"GetSerialConsole":           GetConsoleBody{},
	"GetVNCConsole":              GetConsoleBody{},
	"InterfaceCreate":            InterfaceCreateBody{},
	"KeyPairCreate":              KeyPairCreateBody{},
	"Lock":                       LockBody{},
	"Migrate":                    MigrateBody{},
	"MigrateLive":                MigrateLiveBody{},
	"QuotaClassSetUpdate":        QuotaClassSetUpdateBody{},
	"QuotaSetUpdate":             QuotaSetUpdateBody{},
	"Reboot":                     RebootBody{},
	"Rebuild":                    RebuildBody{},
	"RemoteConsoleCreate":        RemoteConsoleCreateBody{},
	"RemoveFixedIP":              RemoveFixedIPBody{},
	"RemoveFloatingIP":           RemoveFloatingIPBody{},
	"RemoveSecurityGroup":        RemoveSecurityGroupBody{},
	"RemoveTenantAccess":         RemoveTenantAccessBody{},
	"Rescue":                     RescueBody{},
	"ResetState":                 ResetStateBody{},
	"Resize":                     ResizeBody{},
	"ServerCreate":               ServerCreateBody{},
	"ServerExternalEventsCreate": ServerExternalEventsCreateBody{},
	"ServerGroupCreate":          ServerGroupCreateBody{},
	"ServerMetadataCreate":       ServerMetadataCreateBody{},
	"ServerMetadataUpdate":       ServerMetadataUpdateBody{},
	"ServerTagsReplace":          ServerTagsReplaceBody{},
	"ServerUpdate":               ServerUpdateBody{},
	"ServiceUpdate":              ServiceUpdateBody{},
	"Unshelve":                   UnshelveBody{},
}

// TestBodies_AreDecoded fills every property of every body in every version, and
// takes one after the other out again: what the body is decoded into must then
// be different. A property that decodes into nothing makes no difference.
func TestBodies_AreDecoded(t *testing.T) {
	t.Parallel()
	for name, b := range bodies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b.at(microversion.Max) // finds the spans
			for _, v := range b.starts {
				full := filled(t, b.schema, v)
				into, ok := decodedInto[name]
				if !ok {
					checkArgless(t, v, full)
					continue
				}
				text := encode(t, full)
				if _, err := b.Check(v, full, text); err != nil {
					t.Fatalf("%s: %v: %s", v, err, text)
				}
				all := decodeLike(t, into, text)
				for _, path := range leaves(full, nil) {
					if reflect.DeepEqual(all, decodeLike(t, into, encode(t, without(full, path)))) {
						t.Errorf("%s: %q is decoded into nothing: %s", v, path, text)
					}
				}
			}
		})
	}
}

// checkArgless makes sure that a body has nothing that could be decoded.
func checkArgless(t *testing.T, v microversion.Version, full any) {
	t.Helper()
	if found := leaves(full, nil); len(found) > 0 {
		t.Errorf("%s: decodedInto doesn't have the body, which has %q", v, found)
	}
}

// filled is a value with all properties that a schema has in a version. A part
// that takes any value, or only null, is nil.
func filled(t *testing.T, s Schema, v microversion.Version) any {
	t.Helper()
	if value, ok := single(s, v); ok {
		return value
	}
	if choices, ok := s.value("oneOf").([]Schema); ok {
		for _, choice := range choices {
			if value := filled(t, choice, v); value != nil {
				return value
			}
		}
	}
	if props, ok := s.value("properties").([]Property); ok {
		object := map[string]any{}
		for _, p := range props {
			if part, ok := p.in(v); ok {
				object[p.name] = filled(t, part, v)
			}
		}
		return object
	}
	if props, ok := s.value("patternProperties").([]Property); ok {
		return map[string]any{"key": filled(t, props[0].schema, v)}
	}
	if items, ok := s.value("items").(Schema); ok {
		return []any{filled(t, items, v)}
	}
	if types := s.types(); len(s.keywords) > 0 && !slices.Equal(types, None.types()) {
		t.Fatalf("%s: no value that fits %v", v, s.document(v))
	}
	return nil
}

// single finds a value that is no list and no object: one that tells itself from
// the zero value of what it is decoded into.
func single(s Schema, v microversion.Version) (any, bool) {
	if len(s.keywords) == 0 {
		return nil, false
	}
	candidates := []any{
		json.Number("7"), "text", "7", "70a599e0-31e7-49b7-b260-868f441e862b", "192.0.2.1", "2001:db8::1", "YWJj", "/24", "/dev/vdb", true,
	}
	if values, ok := s.value("enum").([]any); ok {
		candidates = values
	}
	validator := compile(s, v).validator
	for _, candidate := range candidates {
		if validator.Validate(candidate) == nil {
			return candidate, true
		}
	}
	return nil, false
}

// leaves are the paths to all that is in a value and is neither nil nor a list or
// an object with something in it.
func leaves(value any, path []string) [][]string {
	var found [][]string
	switch v := value.(type) {
	case nil:
	case map[string]any:
		for key, part := range v {
			found = append(found, leaves(part, append(slices.Clip(path), key))...)
		}
	case []any:
		for i, part := range v {
			found = append(found, leaves(part, append(slices.Clip(path), strconv.Itoa(i)))...)
		}
	default:
		found = append(found, path)
	}
	return found
}

// without is a copy of a value without what is at a path.
func without(value any, path []string) any {
	switch v := value.(type) {
	case map[string]any:
		rest := map[string]any{}
		for key, part := range v {
			switch {
			case key != path[0]:
				rest[key] = part
			case len(path) > 1:
				rest[key] = without(part, path[1:])
			}
		}
		return rest
	case []any: // of one item
		if len(path) == 1 {
			return []any{}
		}
		return []any{without(v[0], path[1:])}
	}
	return value
}

func encode(t *testing.T, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// decodeLike decodes as the HTTP kit does, into a new value of a type.
func decodeLike(t *testing.T, like any, text []byte) any {
	t.Helper()
	value := reflect.New(reflect.TypeOf(like))
	if err := json.Unmarshal(text, value.Interface()); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return value.Interface()
}
