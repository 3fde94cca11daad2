package schema

// The bodies of /servers/{id}/metadata: PUT replaces all of it and POST adds
// to it; both look the same. PUT of one key has a body of its own.
var (
	ServerMetadataCreate = NewBody(Object(Prop("metadata", Metadata).Required()))
	ServerMetadataUpdate = NewBody(Object(Prop("meta", Metadata.Keys(1, 1)).Required()))
)

// SetServerMetadata is ServerMetadataCreate, decoded.
type SetServerMetadata struct {
	Metadata map[string]string `json:"metadata"`
}

// UpdateServerMetadata is ServerMetadataUpdate, decoded: one key.
type UpdateServerMetadata struct {
	Meta map[string]string `json:"meta"`
}
