package schema

import (
	"encoding/json"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/python"
)

// What the block storage service asks of snapshots that a hypervisor helps with.
var (
	AssistedSnapshotCreate = NewBody(Object(Prop("snapshot", Object(
		Prop("volume_id", String.AtLeast(1)).Required(),
		Prop("create_info", Object(
			Prop("snapshot_id", String.AtLeast(1)).Required(),
			Prop("type", Enum("qcow2")).Required(),
			Prop("new_file", String.AtLeast(1)).Required(),
			Prop("id", String.AtLeast(1)),
		)).Required(),
	)).Required()))

	AssistedSnapshotDeleteQuery = NewQuery(Param("delete_info", String)).Strict(75)
)

// AssistedSnapshotCreateBody is AssistedSnapshotCreate, decoded.
type AssistedSnapshotCreateBody struct {
	Snapshot struct {
		VolumeID string `json:"volume_id"`
		Info     struct {
			SnapshotID string  `json:"snapshot_id"`
			Type       string  `json:"type"`
			NewFile    string  `json:"new_file"`
			ID         *string `json:"id"`
		} `json:"create_info"`
	} `json:"snapshot"`
}

// A DeleteInfo is what the block storage service says of a snapshot that is to be deleted.
type DeleteInfo struct {
	VolumeID string
	Merges   bool // the snapshot is not the last one: its data go into another file
}

// ReadDeleteInfo reads the JSON in the query. Nova looks for whatever is given as the
// volume's ID, so that it need not be text. The error is Invalid.
func ReadDeleteInfo(text string) (DeleteInfo, error) {
	var info map[string]any
	if err := json.Unmarshal([]byte(text), &info); err != nil {
		return DeleteInfo{}, nova.Errorf(nova.Invalid, "delete_info is not a JSON object.")
	}
	volume, ok := info["volume_id"]
	if !ok {
		return DeleteInfo{}, nova.Errorf(nova.Invalid, "'volume_id'")
	}
	return DeleteInfo{python.Str(volume), info["merge_target_file"] != nil}, nil
}
