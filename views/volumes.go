package views

import (
	"time"

	"github.com/nova-api/nova-api/internal/nova"
)

// Volumes renders volumes as Nova did when it had them itself.
type Volumes struct{}

// Index lists volumes.
func (v Volumes) Index(r Request, volumes []nova.Volume) Dict {
	return Dict{{"volumes", each(r, volumes, v.volume)}}
}

// Show renders one volume.
func (v Volumes) Show(r Request, one nova.Volume) Dict { return Dict{{"volume", v.volume(r, one)}} }

func (Volumes) volume(_ Request, v nova.Volume) Dict {
	metadata := v.Metadata
	if metadata == nil {
		metadata = map[string]string{}
	}
	return Dict{
		{"id", v.ID},
		{"status", v.Status},
		{"size", v.Size},
		{"availabilityZone", stringOrNull(v.Zone)},
		{"createdAt", volumeTime(v.CreatedAt)},
		{"attachments", []Dict{volumeHolder(v)}},
		{"displayName", stringOrNull(v.Name)},
		{"displayDescription", stringOrNull(v.Description)},
		{"volumeType", stringOrNull(v.Type)},
		{"snapshotId", stringOrNull(v.SnapshotID)},
		{"metadata", metadata},
	}
}

// volumeHolder is the server that has a volume. There was one at the most when this
// was made; without one, there is an attachment without anything in it.
func volumeHolder(v nova.Volume) Dict {
	if len(v.Holders) == 0 {
		return Dict{}
	}
	holder := v.Holders[0]
	return Dict{
		{"id", v.ID},
		{"volumeId", v.ID},
		{"serverId", holder.ServerID},
		Field{"device", holder.Device}.If(holder.Device != ""),
	}
}

// VolumeSnapshots renders snapshots of volumes in the same way.
type VolumeSnapshots struct{}

// Index lists snapshots.
func (v VolumeSnapshots) Index(r Request, snapshots []nova.VolumeSnapshot) Dict {
	return Dict{{"snapshots", each(r, snapshots, v.snapshot)}}
}

// Show renders one snapshot.
func (v VolumeSnapshots) Show(r Request, one nova.VolumeSnapshot) Dict {
	return Dict{{"snapshot", v.snapshot(r, one)}}
}

func (VolumeSnapshots) snapshot(_ Request, s nova.VolumeSnapshot) Dict {
	return Dict{
		{"id", s.ID},
		{"volumeId", s.VolumeID},
		{"status", s.Status},
		{"size", s.Size},
		{"createdAt", volumeTime(s.CreatedAt)},
		{"displayName", stringOrNull(s.Name)},
		{"displayDescription", stringOrNull(s.Description)},
	}
}

// volumeTime is a time in the form of the block storage service, which Nova passed
// on as it was.
func volumeTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000") }
