package schema

// The bodies of resources that the block storage service has now.
var (
	VolumeCreate = NewBody(Object(Prop("volume", Object(
		Prop("volume_type", String),
		Prop("metadata", OpenObject()), // the service says what it takes
		Prop("snapshot_id", String),
		Prop("size", IntOrString.Pattern(`^[0-9]+$`).Minimum(1)).Required(),
		Prop("availability_zone", String),
		Prop("display_name", String),
		Prop("display_description", String),
	)).Required()))
	SnapshotCreate = NewBody(Object(Prop("snapshot", Object(
		Prop("volume_id", String).Required(),
		Prop("force", Boolean),
		Prop("display_name", String),
		Prop("display_description", String),
	)).Required()))
)

// VolumeCreateBody is VolumeCreate, decoded.
type VolumeCreateBody struct {
	Volume struct {
		Type        string         `json:"volume_type"`
		Metadata    map[string]any `json:"metadata"`
		SnapshotID  string         `json:"snapshot_id"`
		Size        Int            `json:"size"` // GB
		Zone        string         `json:"availability_zone"`
		Name        string         `json:"display_name"`
		Description string         `json:"display_description"`
	} `json:"volume"`
}

// SnapshotCreateBody is SnapshotCreate, decoded.
type SnapshotCreateBody struct {
	Snapshot struct {
		VolumeID    string `json:"volume_id"`
		Force       Bool   `json:"force"`
		Name        string `json:"display_name"`
		Description string `json:"display_description"`
	} `json:"snapshot"`
}
