package views

// AssistedSnapshot answers with what is to be a snapshot of a volume. The ID is the one
// that the client gave; nil for none.
func AssistedSnapshot(id *string, volumeID string) Dict {
	return Dict{{"snapshot", Dict{{"id", id}, {"volumeId", volumeID}}}}
}
