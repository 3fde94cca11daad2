package schema

// The actions that make an image of a server.
var (
	CreateImage = action("createImage", Object(
		Prop("name", Name).Required(),
		Prop("metadata", Metadata),
	))
	CreateBackup = action("createBackup", Object(
		Prop("name", Name).Required().Legacy(PaddedName),
		Prop("backup_type", String).Required(),
		Prop("rotation", Natural).Required(),
		Prop("metadata", Metadata),
	))
)

// CreateImageBody is CreateImage, decoded.
type CreateImageBody struct {
	Image struct {
		Name     string            `json:"name"`
		Metadata map[string]string `json:"metadata"`
	} `json:"createImage"`
}

// CreateBackupBody is CreateBackup, decoded.
type CreateBackupBody struct {
	Backup struct {
		Name       string            `json:"name"`
		BackupType string            `json:"backup_type"` // daily, weekly, or any other word
		Rotation   Int               `json:"rotation"`    // how many of the type to keep
		Metadata   map[string]string `json:"metadata"`
	} `json:"createBackup"`
}
