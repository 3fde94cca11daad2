package schema

// The actions of a flavor.
var (
	AddTenantAccess    = NewBody(Object(Prop("addTenantAccess", tenant).Required()))
	RemoveTenantAccess = NewBody(Object(Prop("removeTenantAccess", tenant).Required()))
)

var tenant = Object(Prop("tenant", Label).Required())

// A TenantAccess names a project that a flavor is opened to, or closed to.
type TenantAccess struct {
	Tenant string `json:"tenant"`
}

// GrantTenantAccess is AddTenantAccess, decoded.
type GrantTenantAccess struct {
	Access TenantAccess `json:"addTenantAccess"`
}

// RevokeTenantAccess is RemoveTenantAccess, decoded.
type RevokeTenantAccess struct {
	Access TenantAccess `json:"removeTenantAccess"`
}
