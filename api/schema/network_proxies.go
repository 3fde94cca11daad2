package schema

// The bodies of resources that the network service has now. Nova has never closed
// those of security groups.
var (
	FloatingIPCreate        = NewBody(OpenObject(Prop("pool", String.OrNull())).OrNull())
	SecurityGroupCreate     = NewBody(securityGroup)
	SecurityGroupUpdate     = NewBody(securityGroup)
	SecurityGroupRuleCreate = NewBody(OpenObject(Prop("security_group_rule", OpenObject(
		Prop("group_id", UUID.OrNull()),
		Prop("parent_group_id", UUID).Required(),
		Prop("to_port", Any),
		Prop("from_port", Any),
		Prop("ip_protocol", Any),
		Prop("cidr", Any),
	)).Required()))

	securityGroup = OpenObject(Prop("security_group", OpenObject(
		Prop("name", Text255).Required(),
		Prop("description", Text255).Required(),
	)).Required())
)

// FloatingIPCreateBody is FloatingIPCreate, decoded.
type FloatingIPCreateBody struct {
	Pool string `json:"pool"` // "": that of the configuration
}

// SecurityGroupBody is SecurityGroupCreate or SecurityGroupUpdate, decoded.
type SecurityGroupBody struct {
	Group struct {
		Name        string `json:"name"`
		Description string `json:"description"`
	} `json:"security_group"`
}

// SecurityGroupRuleCreateBody is SecurityGroupRuleCreate, decoded.
type SecurityGroupRuleCreateBody struct {
	Rule struct {
		GroupID       *string    `json:"group_id"` // nil: packets from a network
		ParentGroupID string     `json:"parent_group_id"`
		ToPort        Loose[any] `json:"to_port"`
		FromPort      Loose[any] `json:"from_port"`
		Protocol      Loose[any] `json:"ip_protocol"`
		CIDR          Loose[any] `json:"cidr"`
	} `json:"security_group_rule"`
}
