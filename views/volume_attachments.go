package views

// VolumeAttachments renders the volumes of a server.
type VolumeAttachments struct{}

// List renders the attachments of a server that has none: the only servers that
// there are without a volume service.
func (VolumeAttachments) List() Dict {
	return Dict{{"volumeAttachments", []Dict{}}}
}
