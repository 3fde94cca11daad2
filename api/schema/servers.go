package schema

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/nova-api/nova-api/internal/python"
)

// ServerCreate is the body of POST /servers.
var ServerCreate = NewBody(Object(
	Prop("server", Object(
		Prop("name", Name).Required().Legacy(PaddedName),
		Prop("imageRef", OneOf(UUID, String.AtMost(0))),
		Prop("flavorRef", String.Or(Integer).AtLeast(1)).Required(),
		Prop("adminPass", String),
		Prop("metadata", Metadata),
		Prop("networks", Array(networkUntil36)).Until(36),
		Prop("networks", OneOf(Array(network), Enum("none", "auto"))).Required().Since(37),
		Prop("OS-DCF:diskConfig", diskConfig),
		Prop("accessIPv4", IPv4),
		Prop("accessIPv6", IPv6),
		Prop("personality", personality).Until(56),
		Prop("availability_zone", Name).Legacy(PaddedName),
		Prop("block_device_mapping", Array(Object(blockDevice...))),
		Prop("block_device_mapping_v2", Array(blockDeviceV2)),
		Prop("config_drive", Boolean),
		Prop("key_name", Name).Legacy(PaddedName),
		Prop("min_count", Positive),
		Prop("max_count", Positive),
		Prop("return_reservation_id", Boolean),
		Prop("security_groups", Array(Object(Prop("name", Name).Legacy(PaddedName)))),
		Prop("user_data", userData).Legacy(userData.OrNull()),
		Prop("description", Description).Since(19),
		Prop("tags", Array(Tag).Items(0, MaxTags)).Since(52),
		Prop("trusted_image_certificates", trustedCertificates).Since(63),
		Prop("host", HostName).Since(74),
		Prop("hypervisor_hostname", HostName).Since(74),
		Prop("hostname", shortHostName).Since(90).Until(93),
		Prop("hostname", HostName).Since(94),
	)).Required(),
	Prop("os:scheduler_hints", hints),
	Prop("OS-SCH-HNT:scheduler_hints", hints),
))

// ServerUpdate is the body of PUT /servers/{id}.
var ServerUpdate = NewBody(Object(Prop("server", Object(
	Prop("name", Name).Legacy(PaddedName),
	Prop("OS-DCF:diskConfig", diskConfig),
	Prop("accessIPv4", IPv4),
	Prop("accessIPv6", IPv6),
	Prop("description", Description).Since(19),
	Prop("hostname", shortHostName).Since(90).Until(93),
	Prop("hostname", HostName).Since(94),
	Prop("pinned_availability_zone", OneOf(Label, None)).Since(104),
)).Required()))

// Parts of a server.
var (
	diskConfig          = Enum("AUTO", "MANUAL")
	shortHostName       = String.Pattern(`^[a-zA-Z0-9]+[a-zA-Z0-9-]*[a-zA-Z0-9]+$`).Length(2, 63)
	userData            = Base64.AtMost(65535)
	trustedCertificates = typed("array", "null").Items(1, 50).Unique().with("items", String.AtLeast(1))

	personality = Array(Object(
		Prop("path", String),
		Prop("contents", Base64),
	))

	networkUntil36 = Object(
		Prop("fixed_ip", IP),
		Prop("port", UUID.OrNull()),
		Prop("uuid", String),
		Prop("tag", Tag).Since(32),
	)
	network = Object(
		Prop("fixed_ip", IP),
		Prop("port", UUID.OrNull()),
		Prop("uuid", UUID),
		Prop("tag", Tag).Since(42),
	)

	blockDevice = []Property{
		Prop("virtual_name", Text255),
		Prop("volume_id", UUID),
		Prop("snapshot_id", UUID),
		Prop("volume_size", DatabaseSize),
		Prop("device_name", Label.Pattern(`^[a-zA-Z0-9._/-]*$`)),
		Prop("delete_on_termination", Boolean),
		Prop("no_device", Any),
		Prop("connection_info", String.AtMost(16777215)),
	}
	blockDeviceV2 = Object(append(slices.Clip(blockDevice),
		Prop("source_type", Enum("volume", "image", "snapshot", "blank")),
		Prop("uuid", Label.Pattern(`^[a-zA-Z0-9._-]*$`)),
		Prop("image_id", UUID),
		Prop("destination_type", Enum("local", "volume")),
		Prop("guest_format", Text255),
		Prop("device_type", Text255),
		Prop("disk_bus", Text255),
		Prop("boot_index", IntOrString.OrNull().Pattern(`^-?[0-9]+$`)),
		Prop("tag", Tag).Since(32).Until(32), // lost in 2.33 by mistake
		Prop("tag", Tag).Since(42),
		Prop("volume_type", String.OrNull().Length(0, 255)).Since(67),
	)...)

	hints = OpenObject(
		Prop("group", OneOf(Array(UUID), UUID)),
		Prop("different_host", OneOf(UUID, Array(UUID))),
		Prop("same_host", typed("string", "array").with("items", UUID)),
		Prop("query", typed("string", "object")),
		Prop("target_cell", Name),
		Prop("different_cell", typed("string", "array").with("items", String)),
		Prop("build_near_host_ip", IP),
		Prop("cidr", String.Pattern(`^/[0-9a-f.:]+$`)),
	)
)

// ServerCreateBody is ServerCreate, decoded.
type ServerCreateBody struct {
	Server         ServerSpec      `json:"server"`
	Hints          map[string]Hint `json:"os:scheduler_hints"`
	HintsByOldName map[string]Hint `json:"OS-SCH-HNT:scheduler_hints"`
}

// SchedulerHints are the hints of the body, which may be under either of two
// names.
func (c ServerCreateBody) SchedulerHints() map[string]Hint {
	if c.Hints != nil {
		return c.Hints
	}
	return c.HintsByOldName
}

// A Hint is a hint to the scheduler: texts, of which a single one needs no
// list. Numbers and booleans become texts as Python writes them. Nova can keep
// nothing else, and answers 500 to the rest.
type Hint []string

// UnmarshalJSON reads the list or the lone value.
func (h *Hint) UnmarshalJSON(data []byte) error {
	if !bytes.HasPrefix(data, []byte("[")) {
		data = slices.Concat([]byte("["), data, []byte("]"))
	}
	items, ok := readOrdered(data).([]any)
	if !ok {
		return errMalformed
	}
	*h = make(Hint, len(items))
	for i, item := range items {
		switch item.(type) {
		case string, json.Number, bool:
			(*h)[i] = python.Str(item)
		default:
			return errMalformed
		}
	}
	return nil
}

// A ServerSpec is the server that a client asks for. A string that was left out
// is empty; the schema refuses empty strings where that would not be the same.
type ServerSpec struct {
	Name                     string              `json:"name"`
	ImageRef                 string              `json:"imageRef"`
	FlavorRef                Text                `json:"flavorRef"` // an ID, or a URL that ends in one
	AdminPass                *string             `json:"adminPass"` // nil: make one up
	Metadata                 map[string]string   `json:"metadata"`
	Networks                 *Networks           `json:"networks"`
	DiskConfig               string              `json:"OS-DCF:diskConfig"` // AUTO or MANUAL
	AccessIPv4               string              `json:"accessIPv4"`
	AccessIPv6               string              `json:"accessIPv6"`
	Personality              []File              `json:"personality"`
	AvailabilityZone         string              `json:"availability_zone"` // zone, zone:host or zone:host:node
	BlockDeviceMapping       []BlockDevice       `json:"block_device_mapping"`
	BlockDeviceMappingV2     []BlockDevice       `json:"block_device_mapping_v2"`
	ConfigDrive              Bool                `json:"config_drive"`
	KeyName                  string              `json:"key_name"`
	MinCount                 *Int                `json:"min_count"`
	MaxCount                 *Int                `json:"max_count"`
	ReturnReservationID      Bool                `json:"return_reservation_id"`
	SecurityGroups           []SecurityGroupName `json:"security_groups"`
	UserData                 *string             `json:"user_data"` // base64
	Description              Null[string]        `json:"description"`
	Tags                     []string            `json:"tags"`
	TrustedImageCertificates []string            `json:"trusted_image_certificates"`
	Host                     string              `json:"host"`
	HypervisorHostname       string              `json:"hypervisor_hostname"`
	Hostname                 string              `json:"hostname"`
}

// Networks are the networks that a server is to be connected to: a list, or one
// of the words "none" and "auto".
type Networks struct {
	Mode string // "" if there is a list
	List []NIC
}

// UnmarshalJSON reads the word or the list.
func (n *Networks) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte(`"`)) {
		return json.Unmarshal(data, &n.Mode)
	}
	return json.Unmarshal(data, &n.List)
}

// A NIC is a network, or a port of one, to connect a server to.
type NIC struct {
	UUID    *string `json:"uuid"`
	Port    string  `json:"port"`
	FixedIP string  `json:"fixed_ip"`
	Tag     string  `json:"tag"`
}

// A File is to be put into a new server. The schema lets files without a path
// or contents through.
type File struct {
	Path     *string `json:"path"`
	Contents *string `json:"contents"` // base64
}

// A SecurityGroupName names a security group.
type SecurityGroupName struct {
	Name string `json:"name"`
}

// A BlockDevice is a disk of a new server, in either syntax. The first syntax
// lacks the fields from SourceType on.
type BlockDevice struct {
	VirtualName         string    `json:"virtual_name"`
	VolumeID            string    `json:"volume_id"`
	SnapshotID          string    `json:"snapshot_id"`
	VolumeSize          *Int      `json:"volume_size"` // GiB
	DeviceName          string    `json:"device_name"`
	DeleteOnTermination *Bool     `json:"delete_on_termination"`
	NoDevice            any       `json:"no_device"`
	ConnectionInfo      string    `json:"connection_info"`
	SourceType          string    `json:"source_type"`
	UUID                string    `json:"uuid"`
	ImageID             string    `json:"image_id"`
	DestinationType     string    `json:"destination_type"`
	GuestFormat         string    `json:"guest_format"`
	DeviceType          string    `json:"device_type"`
	DiskBus             string    `json:"disk_bus"`
	BootIndex           Null[Int] `json:"boot_index"`
	Tag                 string    `json:"tag"`
	VolumeType          *string   `json:"volume_type"`
}

// ServerUpdateBody is ServerUpdate, decoded. A body for /v2 with nothing but keys
// that /v2 doesn't know keeps them unchecked, so texts may be numbers.
type ServerUpdateBody struct {
	Server struct {
		Name                   *string    `json:"name"`
		DiskConfig             *string    `json:"OS-DCF:diskConfig"`
		AccessIPv4             *string    `json:"accessIPv4"`
		AccessIPv6             *string    `json:"accessIPv6"`
		Description            Null[Text] `json:"description"`
		Hostname               *Text      `json:"hostname"`
		PinnedAvailabilityZone Null[Text] `json:"pinned_availability_zone"`
	} `json:"server"`
}
