package schema

// The bodies of /servers/{id}/metadata: PUT replaces all of it and POST adds
// to it; both look the same. PUT of one key has a body of its own. Those of
// /images/{id}/metadata are the same.
var (
	ServerMetadataCreate = NewBody(Object(Prop("metadata", Metadata).Required()))
	ServerMetadataUpdate = NewBody(Object(Prop("meta", Metadata.Keys(1, 1)).Required()))
)

// ServerMetadataCreateBody is ServerMetadataCreate, decoded.
type ServerMetadataCreateBody struct {
	Metadata map[string]string `json:"metadata"`
}

// ServerMetadataUpdateBody is ServerMetadataUpdate, decoded: one key.
type ServerMetadataUpdateBody struct {
	Meta map[string]string `json:"meta"`
}
