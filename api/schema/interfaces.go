package schema

// InterfaceCreate is the body of POST /servers/{id}/os-interface.
var InterfaceCreate = NewBody(Object(
	Prop("interfaceAttachment", Object(
		Prop("net_id", UUID),
		Prop("port_id", UUID),
		Prop("fixed_ips", Array(Object(Prop("ip_address", IP).Required())).Items(1, 1)),
		Prop("tag", Tag).Since(49),
	)),
))

// InterfaceCreateBody is InterfaceCreate, decoded.
type InterfaceCreateBody struct {
	Interface struct {
		NetworkID string    `json:"net_id"`
		PortID    string    `json:"port_id"`
		FixedIPs  []FixedIP `json:"fixed_ips"` // one at the most
		Tag       string    `json:"tag"`
	} `json:"interfaceAttachment"`
}

// A FixedIP is an address that a client asks for.
type FixedIP struct {
	Address string `json:"ip_address"`
}
