package schema

import "slices"

// The actions that move a server to another size or host.
var (
	Resize = action("resize", Object(
		Prop("flavorRef", String.Or(Integer).AtLeast(1)).Required(),
		Prop("OS-DCF:diskConfig", diskConfig),
	))
	Migrate = action("migrate", Object(
		Prop("host", HostName.OrNull()),
	).OrNull()).Since(56)
	MigrateLive = action("os-migrateLive", Object(
		Prop("block_migration", Boolean).Required().Until(24),
		Prop("block_migration", Boolean.with("enum", append(slices.Clip(truths), "auto"))).Required().Since(25),
		Prop("disk_over_commit", Boolean).Required().Until(24),
		Prop("host", HostName.OrNull()).Required(),
		Prop("force", Boolean).Since(30).Until(67),
	))
	Evacuate = action("evacuate", Object(
		Prop("host", HostName),
		Prop("onSharedStorage", Boolean).Required().Until(13),
		Prop("adminPass", String),
		Prop("force", Boolean).Since(29).Until(67),
	))
	Unshelve = NewBody(Object(
		Prop("unshelve", Any).Required().Until(76),
		Prop("unshelve", unshelveToZone.OrNull()).Required().Since(77).Until(90),
		Prop("unshelve", unshelveToHost.OrNull()).Required().Since(91),
	)).Since(1)
)

var (
	unshelveToZone = Object(Prop("availability_zone", Name).Required())
	unshelveToHost = Object(
		Prop("availability_zone", String.OrNull()),
		Prop("host", String),
	)
)

// ResizeBody is Resize, decoded.
type ResizeBody struct {
	Resize struct {
		FlavorRef  Text   `json:"flavorRef"`
		DiskConfig string `json:"OS-DCF:diskConfig"`
	} `json:"resize"`
}

// MigrateBody is Migrate, decoded.
type MigrateBody struct {
	Migrate Loose[struct {
		Host string `json:"host"` // "": any
	}] `json:"migrate"`
}

// MigrateLiveBody is MigrateLive, decoded.
type MigrateLiveBody struct {
	Migrate struct {
		BlockMigration Text   `json:"block_migration"` // bool-ish, or "auto"
		DiskOverCommit Bool   `json:"disk_over_commit"`
		Host           string `json:"host"` // "": any
		Force          Bool   `json:"force"`
	} `json:"os-migrateLive"`
}

// EvacuateBody is Evacuate, decoded.
type EvacuateBody struct {
	Evacuate struct {
		Host            string  `json:"host"` // "": any
		OnSharedStorage Bool    `json:"onSharedStorage"`
		AdminPass       *string `json:"adminPass"`
		Force           Bool    `json:"force"`
	} `json:"evacuate"`
}

// UnshelveBody is Unshelve, decoded.
type UnshelveBody struct {
	Unshelve Loose[struct {
		AvailabilityZone Null[string] `json:"availability_zone"` // null: unpin
		Host             string       `json:"host"`
	}] `json:"unshelve"`
}
