package schema

import (
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/nova-api/nova-api/internal/microversion"
)

// A sample is a file of Nova's API samples, at the version of its directory.
type sample struct {
	path    string
	group   string // the first directory: servers, os-keypairs, …
	name    string
	version microversion.Version
}

// requestSamples lists those that are requests: by their name, or by being one of the
// actions, whose requests are named like answers.
func requestSamples(t *testing.T, dir string) []sample {
	t.Helper()
	var found []sample
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".json") || strings.Contains(path, "resp") {
			return err
		}
		relative, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		parts := strings.Split(relative, string(filepath.Separator))
		s := sample{path: path, group: parts[0], name: parts[len(parts)-1], version: microversion.Min}
		if minor, ok := strings.CutPrefix(parts[1], "v2."); ok {
			n, err := strconv.Atoi(minor)
			if err != nil {
				return err
			}
			s.version = microversion.Version(n)
		}
		if _, minor, ok := strings.Cut(strings.TrimSuffix(s.name, ".json"), "-v2"); ok {
			n, err := strconv.Atoi(minor)
			if err != nil {
				return err
			}
			s.version = microversion.Version(n)
		}
		found = append(found, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// sampleFiles tell the body of a sample by its directory and file.
var sampleFiles = []struct {
	group, name string
	body        *Body
}{
	{"flavor-manage", "flavor-create-post-req", FlavorCreate},
	{"flavor-manage", "flavor-update-req", FlavorUpdate},
	{"flavor-access", "flavor-create-req", FlavorCreate},
	{"flavor-access", "flavor-access-add-tenant-req", AddTenantAccess},
	{"flavor-access", "flavor-access-remove-tenant-req", RemoveTenantAccess},
	{"flavor-extra-specs", "flavor-extra-specs-create-req", FlavorExtraSpecsCreate},
	{"flavor-extra-specs", "flavor-extra-specs-update-req", FlavorExtraSpecUpdate},
	{"os-keypairs", "keypairs-import-post-req", KeyPairCreate},
	{"os-quota-sets", "-req", QuotaSetUpdate},
	{"os-quota-class-sets", "-req", QuotaClassSetUpdate},
	{"os-attach-interfaces", "attach-interfaces-create", InterfaceCreate},
	{"os-floating-ips", "floating-ips-create-req", FloatingIPCreate},
	{"os-security-groups", "security-group-post-req", SecurityGroupCreate},
	{"os-snapshots", "snapshot-create-req", SnapshotCreate},
	{"os-assisted-volume-snapshots", "snapshot-create-assisted-req", AssistedSnapshotCreate},
	{"os-volumes", "os-volumes-post-req", VolumeCreate},
	{"os-security-groups", "security-group-rules-post-req", SecurityGroupRuleCreate},
	{"os-server-shares", "server-shares-create-", ServerShareCreate},
	{"os-server-tags", "server-tags-put-all-req", ServerTagsReplace},
	{"server-metadata", "server-metadata-all-req", ServerMetadataCreate},
	{"server-metadata", "server-metadata-req", ServerMetadataUpdate},
	{"servers", "server-create-req", ServerCreate},
	{"servers", "server-update-req", ServerUpdate},
	{"servers", "server-put-req", ServerUpdate},
	{"os-multiple-create", "-req", ServerCreate},
}

// sampleActions tell the body of a sample by the action it asks for.
var sampleActions = map[string]*Body{
	"addFixedIp":          AddFixedIP,
	"addFloatingIp":       AddFloatingIP,
	"addSecurityGroup":    AddSecurityGroup,
	"changePassword":      ChangePassword,
	"confirmResize":       ConfirmResize,
	"createBackup":        CreateBackup,
	"createImage":         CreateImage,
	"evacuate":            Evacuate,
	"forceDelete":         ForceDelete,
	"force_complete":      ForceComplete,
	"injectNetworkInfo":   InjectNetworkInfo,
	"lock":                Lock,
	"migrate":             Migrate,
	"os-getConsoleOutput": GetConsoleOutput,
	"os-getRDPConsole":    GetRDPConsole,
	"os-getSPICEConsole":  GetSPICEConsole,
	"os-getSerialConsole": GetSerialConsole,
	"os-getVNCConsole":    GetVNCConsole,
	"os-migrateLive":      MigrateLive,
	"os-resetState":       ResetState,
	"os-start":            Start,
	"os-stop":             Stop,
	"pause":               Pause,
	"reboot":              Reboot,
	"rebuild":             Rebuild,
	"removeFixedIp":       RemoveFixedIP,
	"removeFloatingIp":    RemoveFloatingIP,
	"removeSecurityGroup": RemoveSecurityGroup,
	"rescue":              Rescue,
	"resize":              Resize,
	"restore":             Restore,
	"resume":              Resume,
	"revertResize":        RevertResize,
	"shelve":              Shelve,
	"shelveOffload":       ShelveOffload,
	"suspend":             Suspend,
	"trigger_crash_dump":  TriggerCrashDump,
	"unlock":              Unlock,
	"unpause":             Unpause,
	"unrescue":            Unrescue,
	"unshelve":            Unshelve,
}

// wrong is what is the matter with a sample: "" with most. Two lack what has
// been required since 2.37.
func (s sample) wrong() string {
	if s.group == "servers" && s.name == "server-create-req.json" && (s.version == 90 || s.version == 94) {
		return "'networks' is a required property"
	}
	return ""
}

// bodyOfSample finds the schema of a sample: nil if it is none of ours.
func bodyOfSample(s sample, value any) *Body {
	for _, f := range sampleFiles {
		if s.group == f.group && strings.Contains(s.name, f.name) {
			return f.body
		}
	}
	if s.group == "os-keypairs" && s.name == "keypairs-post-req.json" && !s.version.AtLeast(92) {
		return KeyPairCreate // that of 2.92 shows what is refused
	}
	if strings.HasPrefix(s.name, "create-") && strings.HasSuffix(s.name, "-console-req.json") {
		return RemoteConsoleCreate
	}
	object, _ := value.(map[string]any)
	for key := range object {
		if body := sampleActions[key]; body != nil && len(object) == 1 {
			return body
		}
	}
	return nil
}
