package schema

// BackupInstanceCreate is the body of POST /servers/{id}/backup_instance, which
// is this project's own: at every version, and as strict on /v2.
var BackupInstanceCreate = NewBody(Object(
	Prop("name", Name).Required(),
	Prop("description", String.OrNull().AtMost(255)),
).with("additionalProperties", closed(0)))

// BackupInstanceCreateBody is BackupInstanceCreate, decoded.
type BackupInstanceCreateBody struct {
	Name        string  `json:"name"`
	Description *string `json:"description"` // nil: none
}
