package schema

// QuotaClassSetUpdate is the body of PUT /os-quota-class-sets/{id}.
var QuotaClassSetUpdate = NewBody(Object(Prop("quota_class_set", Object(
	Prop("instances", quota),
	Prop("cores", quota),
	Prop("ram", quota),
	Prop("floating_ips", quota).Until(49),
	Prop("fixed_ips", quota).Until(49),
	Prop("metadata_items", quota),
	Prop("key_pairs", quota),
	Prop("security_groups", quota).Until(49),
	Prop("security_group_rules", quota).Until(49),
	Prop("injected_files", quota).Until(56),
	Prop("injected_file_content_bytes", quota).Until(56),
	Prop("injected_file_path_bytes", quota).Until(56),
	Prop("server_groups", quota),
	Prop("server_group_members", quota),
)).Required())).Since(1)

// QuotaClassSetUpdateBody is QuotaClassSetUpdate, decoded.
type QuotaClassSetUpdateBody struct {
	QuotaClassSet QuotaLimits `json:"quota_class_set"`
}
