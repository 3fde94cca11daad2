package cloud

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/nova-api/nova-api/internal/nova"
)

// A volumeDocument is a volume as the block storage service shows it.
type volumeDocument struct {
	ID            string            `json:"id"`
	Name          string            `json:"name"`
	Description   string            `json:"description"`
	ProjectID     string            `json:"os-vol-tenant-attr:tenant_id"`
	Status        string            `json:"status"`
	Size          int               `json:"size"`
	Zone          string            `json:"availability_zone"`
	Type          string            `json:"volume_type"`
	SnapshotID    string            `json:"snapshot_id"`
	Bootable      truth             `json:"bootable"`
	Multiattach   bool              `json:"multiattach"`
	Encrypted     bool              `json:"encrypted"`
	CreatedAt     zoneless          `json:"created_at"`
	Migration     string            `json:"os-vol-mig-status-attr:migstat"`
	Metadata      map[string]string `json:"metadata"`
	ImageMetadata map[string]string `json:"volume_image_metadata"`
	Attachments   []struct {
		ServerID     string `json:"server_id"`
		AttachmentID string `json:"attachment_id"`
		Device       string `json:"device"`
	} `json:"attachments"`
}

func (d volumeDocument) volume() nova.Volume {
	v := nova.Volume{
		ID: d.ID, Name: d.Name, Description: d.Description, ProjectID: d.ProjectID, Status: d.Status, Size: d.Size, Zone: d.Zone, Type: d.Type,
		SnapshotID: d.SnapshotID, Bootable: bool(d.Bootable), Multiattach: d.Multiattach, Encrypted: d.Encrypted, CreatedAt: time.Time(d.CreatedAt),
		Metadata: d.Metadata, ImageMetadata: d.ImageMetadata,
		MigrationStatus: d.Migration,
	}
	for _, a := range d.Attachments {
		v.Holders = append(v.Holders, nova.VolumeHolder(a))
	}
	return v
}

// A snapshotDocument is a snapshot as the block storage service shows it.
type snapshotDocument struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	ProjectID   string   `json:"os-extended-snapshot-attributes:project_id"`
	VolumeID    string   `json:"volume_id"`
	Status      string   `json:"status"`
	Progress    string   `json:"os-extended-snapshot-attributes:progress"`
	Size        int      `json:"size"`
	CreatedAt   zoneless `json:"created_at"`
}

func (d snapshotDocument) snapshot() nova.VolumeSnapshot {
	return nova.VolumeSnapshot{
		ID: d.ID, Name: d.Name, Description: d.Description, ProjectID: d.ProjectID, VolumeID: d.VolumeID, Status: d.Status,
		Progress: d.Progress, Size: d.Size, CreatedAt: time.Time(d.CreatedAt),
	}
}

// A zoneless time is one in UTC that doesn't say so.
type zoneless time.Time

// UnmarshalJSON reads a time; null is none.
func (z *zoneless) UnmarshalJSON(b []byte) error {
	var text *string
	if err := json.Unmarshal(b, &text); err != nil || text == nil {
		return err
	}
	t, err := time.Parse("2006-01-02T15:04:05.999999999", strings.TrimSuffix(*text, "Z"))
	if err != nil {
		return fmt.Errorf("time of the block storage service: %w", err)
	}
	*z = zoneless(t)
	return nil
}

// A truth is a boolean that may be written as a text.
type truth bool

// UnmarshalJSON reads true or "true" as true, and anything else as false.
func (t *truth) UnmarshalJSON(b []byte) error {
	*t = truth(strings.EqualFold(strings.Trim(string(b), `"`), "true"))
	return nil
}
