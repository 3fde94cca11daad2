package schema

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestServerActions(t *testing.T) {
	t.Parallel()
	checkBody(t, Start, []bodyCase{
		{0, `{"os-start": null}`, ""},
		{104, `{"os-start": {"any": 1}}`, ""},
		{1, `{"os-start": null, "b": 1}`, "Additional properties are not allowed ('b' was unexpected)"},
	})
	checkBody(t, Reboot, []bodyCase{
		{1, `{"reboot": {"type": "SOFT"}}`, ""},
		{
			1, `{"reboot": {"type": "sOFT"}}`,
			"Invalid input for field/attribute type. Value: sOFT. 'sOFT' is not one of ['HARD', 'Hard', 'hard', 'SOFT', 'Soft', 'soft']",
		},
		{1, `{"reboot": null}`, "Invalid input for field/attribute reboot. Value: None. None is not of type 'object'"},
	})
	checkBody(t, Lock, []bodyCase{
		{0, `{"lock": 1, "more": 2}`, ""},
		{72, `{"lock": {"locked_reason": ""}}`, ""},
		{73, `{"lock": null}`, ""},
		{73, `{"lock": {"locked_reason": "r"}}`, ""},
		{73, `{"lock": {"locked_reason": ""}}`, "Invalid input for field/attribute locked_reason. Value: . '' should be non-empty"},
		{104, `{"lock": "x"}`, "Invalid input for field/attribute lock. Value: x. 'x' is not of type 'object', 'null'"},
	})
	checkBody(t, ResetState, []bodyCase{
		{1, `{"os-resetState": {"state": "active"}}`, ""},
		{
			1, `{"os-resetState": {"state": "paused"}}`,
			"Invalid input for field/attribute state. Value: paused. 'paused' is not one of ['active', 'error']",
		},
	})
	checkBody(t, GetConsoleOutput, []bodyCase{
		{1, `{"os-getConsoleOutput": {}}`, ""},
		{1, `{"os-getConsoleOutput": {"length": null}}`, ""},
		{1, `{"os-getConsoleOutput": {"length": "-1"}}`, ""},
		{1, `{"os-getConsoleOutput": {"length": "-2"}}`, "Invalid input for field/attribute length. Value: -2. -2 is less than the minimum of -1"},
	})
	checkBody(t, TriggerCrashDump, []bodyCase{
		{17, `{"trigger_crash_dump": null}`, ""},
		{17, `{"trigger_crash_dump": {}}`, "Invalid input for field/attribute trigger_crash_dump. Value: {}. {} is not of type 'null'"},
	})
}

func TestImageActions(t *testing.T) {
	t.Parallel()
	checkBody(t, CreateImage, []bodyCase{
		{1, `{"createImage": {"name": "n", "metadata": {"k": "v"}}}`, ""},
		{
			0, `{"createImage": {"name": " n"}}`,
			"An invalid 'name' value was provided. The name must be: printable characters. Can not start or end with whitespace.",
		},
		{
			1, `{"createImage": {"name": " n"}}`,
			"An invalid 'name' value was provided. The name must be: printable characters. Can not start or end with whitespace.",
		},
		{1, `{"createImage": {"name": "n", "metadata": {"k": 1}}}`, "Invalid input for field/attribute k. Value: 1. 1 is not of type 'string'"},
	})
	checkBody(t, CreateBackup, []bodyCase{
		{1, `{"createBackup": {"name": "n", "backup_type": "daily", "rotation": "0"}}`, ""},
		{
			1, `{"createBackup": {"name": "n", "backup_type": "daily", "rotation": -1}}`,
			"Invalid input for field/attribute rotation. Value: -1. -1 is less than the minimum of 0",
		},
		{1, `{"createBackup": {"name": "n", "rotation": 1}}`, "Invalid input for field/attribute createBackup. " +
			"Value: {'name': 'n', 'rotation': 1}. 'backup_type' is a required property"},
	})
}

func TestMoveActions(t *testing.T) {
	t.Parallel()
	force := "('force' was unexpected)"
	checkBody(t, Migrate, []bodyCase{
		{55, `{"migrate": 5}`, ""},
		{56, `{"migrate": null}`, ""},
		{56, `{"migrate": {"host": null}}`, ""},
		{56, `{"migrate": {"host": ""}}`, "Invalid input for field/attribute host. Value: . '' should be non-empty"},
	})
	checkBody(t, MigrateLive, []bodyCase{
		{24, `{"os-migrateLive": {"block_migration": true, "disk_over_commit": "no", "host": null}}`, ""},
		{24, `{"os-migrateLive": {"block_migration": true, "host": null}}`, "Invalid input for field/attribute os-migrateLive. " +
			"Value: {'block_migration': True, 'host': None}. 'disk_over_commit' is a required property"},
		{25, `{"os-migrateLive": {"block_migration": "auto", "host": null}}`, ""},
		{29, `{"os-migrateLive": {"block_migration": "auto", "host": "h", "force": true}}`, "Invalid input for field/attribute os-migrateLive. " +
			"Value: {'block_migration': 'auto', 'host': 'h', 'force': True}. " + unexpected + force},
		{30, `{"os-migrateLive": {"block_migration": "auto", "host": "h", "force": true}}`, ""},
		{68, `{"os-migrateLive": {"block_migration": "auto", "host": "h", "force": true}}`, "Invalid input for field/attribute os-migrateLive. " +
			"Value: {'block_migration': 'auto', 'host': 'h', 'force': True}. " + unexpected + force},
	})
	checkBody(t, Evacuate, []bodyCase{
		{13, `{"evacuate": {}}`, "Invalid input for field/attribute evacuate. Value: {}. 'onSharedStorage' is a required property"},
		{14, `{"evacuate": {}}`, ""},
		{28, `{"evacuate": {"force": true}}`, "Invalid input for field/attribute evacuate. Value: {'force': True}. " + unexpected + force},
		{29, `{"evacuate": {"force": true}}`, ""},
		{68, `{"evacuate": {"force": true}}`, "Invalid input for field/attribute evacuate. Value: {'force': True}. " + unexpected + force},
	})
	checkBody(t, Unshelve, []bodyCase{
		{76, `{"unshelve": 5}`, ""},
		{77, `{"unshelve": null}`, ""},
		{77, `{"unshelve": {}}`, "Invalid input for field/attribute unshelve. Value: {}. 'availability_zone' is a required property"},
		{90, `{"unshelve": {"availability_zone": "z"}}`, ""},
		{91, `{"unshelve": {}}`, ""},
		{91, `{"unshelve": {"availability_zone": null, "host": "h"}}`, ""},
		{
			91, `{"unshelve": {"zone": 1}}`,
			"Invalid input for field/attribute unshelve. Value: {'zone': 1}. Additional properties are not allowed ('zone' was unexpected)",
		},
	})
}

func TestRebuild(t *testing.T) {
	t.Parallel()
	with := func(more string) string { return `{"rebuild": {"imageRef": "` + someUUID + `"` + more + `}}` }
	checkBody(t, Rebuild, []bodyCase{
		{1, with(``), ""},
		{1, `{"rebuild": {"imageRef": ""}}`, "Invalid input for field/attribute imageRef. Value: . '' is not a 'uuid'"},
		{56, with(`, "personality": []`), ""},
		{57, with(`, "personality": []`), "Invalid input for field/attribute rebuild. Value: {'imageRef': '" + someUUID +
			"', 'personality': []}. " + unexpected + "('personality' was unexpected)"},
		{54, with(`, "key_name": null`), ""},
		{57, with(`, "user_data": null`), ""},
		{57, with(`, "user_data": "x"`), "Invalid input for field/attribute user_data. Value: x. 'x' is not a 'base64'"},
		{104, with(`, "trusted_image_certificates": null, "hostname": "a.b", "description": null`), ""},
	})
}

func TestRemoteConsoleCreate(t *testing.T) {
	t.Parallel()
	checkBody(t, RemoteConsoleCreate, []bodyCase{
		{
			7, `{"remote_console": {"protocol": "mks", "type": "webmks"}}`,
			"Invalid input for field/attribute protocol. Value: mks. 'mks' is not one of ['vnc', 'spice', 'serial', 'rdp']",
		},
		{8, `{"remote_console": {"protocol": "mks", "type": "webmks"}}`, ""},
		{98, `{"remote_console": {"protocol": "spice", "type": "spice-direct"}}`, "Invalid input for field/attribute type. " +
			"Value: spice-direct. 'spice-direct' is not one of ['novnc', 'xvpvnc', 'spice-html5', 'serial', 'rdp-html5', 'webmks']"},
		{99, `{"remote_console": {"protocol": "spice", "type": "spice-direct"}}`, ""},
	})
}

func TestBackupInstanceCreate(t *testing.T) {
	t.Parallel()
	checkBody(t, BackupInstanceCreate, []bodyCase{
		{0, `{"name": "n"}`, ""},
		{1, `{"name": "n", "description": null}`, ""},
		{104, `{"name": "n", "description": "a\tb"}`, ""},
		{104, `{"name": ""}`, "Invalid input for field/attribute name. Value: . '' should be non-empty"},
		{1, `{"name": null}`, "Invalid input for field/attribute name. Value: None. None is not of type 'string'"},
		{1, `{}`, "'name' is a required property"},
		{1, `null`, "None is not of type 'object'"},
		{0, `{"name": "n", "force": 1}`, "Additional properties are not allowed ('force' was unexpected)"},
		{104, `{"name": "n", "force": 1}`, "Additional properties are not allowed ('force' was unexpected)"},
		{
			1, `{"name": " n"}`,
			"An invalid 'name' value was provided. The name must be: printable characters. Can not start or end with whitespace.",
		},
		{
			1, `{"name": "n", "description": 1}`,
			"Invalid input for field/attribute description. Value: 1. 1 is not of type 'string', 'null'",
		},
	})
}

func TestServerTags(t *testing.T) {
	t.Parallel()
	checkBody(t, ServerTagUpdate, []bodyCase{
		{26, `null`, ""},
		{26, `{}`, "{} is not of type 'null'"},
	})
	for tag, want := range map[string]string{
		"fine": "",
		"":     "'' should be non-empty",
		"a,b":  "'a,b' does not match '^[^,/]*$'",
	} {
		if got := CheckTag(tag); got != want {
			t.Errorf("CheckTag(%q) = %q, want %q", tag, got, want)
		}
	}
}

// TestActions_DecodeLoosely decodes what the versions that don't look let
// through.
func TestActions_DecodeLoosely(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"lock": {"locked_reason": "r"}}`: "r",
		`{"lock": null}`:                   "",
		`{"lock": "x"}`:                    "",
		`{"lock": [1]}`:                    "",
		`{"lock": {"locked_reason": 5}}`:   "",
	} {
		if diff := cmp.Diff(want, decodeInto[LockBody](t, body).Lock.Value.Reason); diff != "" {
			t.Errorf("%s: %s", body, diff)
		}
	}
	unpin := decodeInto[UnshelveBody](t, `{"unshelve": {"availability_zone": null}}`).Unshelve.Value.AvailabilityZone
	if !unpin.Set || !unpin.Null {
		t.Errorf("a null zone was decoded as %+v", unpin)
	}
}
