package schema

import "github.com/nova-api/nova-api/internal/microversion"

// Bodies of /os-aggregates. /v2 takes names with spaces around them.
var (
	AggregateCreate = NewBody(Object(Prop("aggregate", Object(
		Prop("name", Name).Legacy(PaddedName).Required(),
		Prop("availability_zone", aggregateZone).Legacy(paddedZone),
	)).Required()))

	AggregateUpdate = NewBody(Object(Prop("aggregate", Object(
		Prop("name", PaddedName),
		Prop("availability_zone", aggregateZone).Legacy(paddedZone),
	).AnyOf("name", "availability_zone")).Required()))

	AggregateAddHost    = NewBody(Object(Prop("add_host", oneHost).Required()))
	AggregateRemoveHost = NewBody(Object(Prop("remove_host", oneHost).Required()))

	AggregateSetMetadata = NewBody(Object(Prop("set_metadata", Object(
		Prop("metadata", Map(metadataKey, Text255.OrNull())).Required(),
	)).Required()))

	AggregateImages = NewBody(Object(
		Prop("cache", Array(cachedImage).Items(1, 0)).Required(),
	))
)

var (
	aggregateZone = OneOf(String.Length(1, 255).Format("az_name"), None)
	paddedZone    = OneOf(String.Length(1, 255).Format("padded_az_name"), None)
	imageID       = []Property{Prop("id", UUID).Required()}
	cachedImage   = typed("object").with("properties", imageID). // a key too many is told before one that is missing
			with("additionalProperties", closed(microversion.Min)).with("required", imageID)
	oneHost = Object(Prop("host", HostName).Required())
)

// AggregateCreateBody is AggregateCreate, decoded.
type AggregateCreateBody struct {
	Aggregate struct {
		Name string  `json:"name"`
		Zone *string `json:"availability_zone"`
	} `json:"aggregate"`
}

// AggregateUpdateBody is AggregateUpdate, decoded.
type AggregateUpdateBody struct {
	Aggregate struct {
		Name *string      `json:"name"`
		Zone Null[string] `json:"availability_zone"`
	} `json:"aggregate"`
}

// AggregateAddHostBody is AggregateAddHost, decoded.
type AggregateAddHostBody struct {
	Add struct {
		Host string `json:"host"`
	} `json:"add_host"`
}

// AggregateRemoveHostBody is AggregateRemoveHost, decoded.
type AggregateRemoveHostBody struct {
	Remove struct {
		Host string `json:"host"`
	} `json:"remove_host"`
}

// AggregateSetMetadataBody is AggregateSetMetadata, decoded. A null value takes a
// key away.
type AggregateSetMetadataBody struct {
	Set struct {
		Metadata map[string]*string `json:"metadata"`
	} `json:"set_metadata"`
}

// AggregateImagesBody is AggregateImages, decoded.
type AggregateImagesBody struct {
	Cache []struct {
		ID string `json:"id"`
	} `json:"cache"`
}
