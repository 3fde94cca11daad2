package schema

// These are the bodies of the actions on a flavor.
var (
	AddTenantAccess    = NewBody(Object(Prop("addTenantAccess", tenant).Required()))
	RemoveTenantAccess = NewBody(Object(Prop("removeTenantAccess", tenant).Required()))
)

var tenant = Object(Prop("tenant", Label).Required())

// A TenantAccess names the project that a flavor is opened to or closed to.
type TenantAccess struct {
	Tenant string `json:"tenant"`
}

// AddTenantAccessBody is AddTenantAccess, decoded.
type AddTenantAccessBody struct {
	Access TenantAccess `json:"addTenantAccess"`
}

// RemoveTenantAccessBody is RemoveTenantAccess, decoded.
type RemoveTenantAccessBody struct {
	Access TenantAccess `json:"removeTenantAccess"`
}
