package schema

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
			SnapshotID string `json:"snapshot_id"`
			Type       string `json:"type"`
			NewFile    string `json:"new_file"`
			ID         string `json:"id"`
		} `json:"create_info"`
	} `json:"snapshot"`
}
