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
	AddSecurityGroup    = looseAction("addSecurityGroup", Object(Prop("name", String.AtLeast(1)).Required()))
	RemoveSecurityGroup = looseAction("removeSecurityGroup", Object(Prop("name", String.AtLeast(1)).Required()))
)

// AddFixedIPBody is AddFixedIP, decoded.
type AddFixedIPBody struct {
	Add struct {
		NetworkID Text `json:"networkId"`
	} `json:"addFixedIp"`
}

// RemoveFixedIPBody is RemoveFixedIP, decoded.
type RemoveFixedIPBody struct {
	Remove struct {
		Address string `json:"address"`
	} `json:"removeFixedIp"`
}

// AddFloatingIPBody is AddFloatingIP, decoded.
type AddFloatingIPBody struct {
	Add struct {
		Address      string `json:"address"`
		FixedAddress string `json:"fixed_address"` // "": the first
	} `json:"addFloatingIp"`
}

// RemoveFloatingIPBody is RemoveFloatingIP, decoded.
type RemoveFloatingIPBody struct {
	Remove struct {
		Address string `json:"address"`
	} `json:"removeFloatingIp"`
}

// AddSecurityGroupBody is AddSecurityGroup, decoded.
type AddSecurityGroupBody struct {
	Group SecurityGroupName `json:"addSecurityGroup"`
}

// RemoveSecurityGroupBody is RemoveSecurityGroup, decoded.
type RemoveSecurityGroupBody struct {
	Group SecurityGroupName `json:"removeSecurityGroup"`
}
