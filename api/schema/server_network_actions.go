package schema

// The actions that give a server addresses and security groups, or take them.
var (
	AddFixedIP = action("addFixedIp", Object(
		Prop("networkId", String.Or(Number).Length(1, 36)).Required(),
	))
	RemoveFixedIP = action("removeFixedIp", Object(Prop("address", IP).Required()))
	AddFloatingIP = action("addFloatingIp", Object(
		Prop("address", IP).Required(),
		Prop("fixed_address", IP),
	))
	RemoveFloatingIP    = action("removeFloatingIp", Object(Prop("address", IP).Required()))
	AddSecurityGroup    = action("addSecurityGroup", Object(Prop("name", String.AtLeast(1)).Required()))
	RemoveSecurityGroup = action("removeSecurityGroup", Object(Prop("name", String.AtLeast(1)).Required()))
)

// AddServerFixedIP is AddFixedIP, decoded.
type AddServerFixedIP struct {
	Add struct {
		NetworkID Text `json:"networkId"`
	} `json:"addFixedIp"`
}

// RemoveServerFixedIP is RemoveFixedIP, decoded.
type RemoveServerFixedIP struct {
	Remove struct {
		Address string `json:"address"`
	} `json:"removeFixedIp"`
}

// AddServerFloatingIP is AddFloatingIP, decoded.
type AddServerFloatingIP struct {
	Add struct {
		Address      string `json:"address"`
		FixedAddress string `json:"fixed_address"` // "": the first
	} `json:"addFloatingIp"`
}

// RemoveServerFloatingIP is RemoveFloatingIP, decoded.
type RemoveServerFloatingIP struct {
	Remove struct {
		Address string `json:"address"`
	} `json:"removeFloatingIp"`
}

// AddServerSecurityGroup is AddSecurityGroup, decoded.
type AddServerSecurityGroup struct {
	Group SecurityGroupName `json:"addSecurityGroup"`
}

// RemoveServerSecurityGroup is RemoveSecurityGroup, decoded.
type RemoveServerSecurityGroup struct {
	Group SecurityGroupName `json:"removeSecurityGroup"`
}
