package schema

import (
	"encoding/json"
	"fmt"
)

// QuotaSetUpdate is the body of PUT /os-quota-sets/{id}.
var QuotaSetUpdate = NewBody(Object(Prop("quota_set", Object(
	Prop("instances", quota),
	Prop("cores", quota),
	Prop("ram", quota),
	Prop("floating_ips", quota).Until(35),
	Prop("fixed_ips", quota).Until(35),
	Prop("metadata_items", quota),
	Prop("key_pairs", quota),
	Prop("security_groups", quota).Until(35),
	Prop("security_group_rules", quota).Until(35),
	Prop("injected_files", quota).Until(56),
	Prop("injected_file_content_bytes", quota).Until(56),
	Prop("injected_file_path_bytes", quota).Until(56),
	Prop("server_groups", quota),
	Prop("server_group_members", quota),
	Prop("force", Boolean),
)).Required()))

// quota is how much of something a project may have: -1 for no limit.
var quota = IntOrString.Pattern(`^-?[0-9]+$`).Minimum(-1).Maximum(maxInt)

// QuotaSetUpdateBody is QuotaSetUpdate, decoded.
type QuotaSetUpdateBody struct {
	QuotaSet QuotaLimits `json:"quota_set"`
}

// QuotaLimits are new limits by Nova's name of the resource: -1 for none.
type QuotaLimits struct {
	Limits map[string]int
	Force  bool // even below the present use
}

// UnmarshalJSON reads limits out of an object with a key for each.
func (q *QuotaLimits) UnmarshalJSON(data []byte) error {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(data, &keys); err != nil {
		return err
	}
	q.Limits = make(map[string]int, len(keys))
	for key, value := range keys {
		if key == "force" {
			var force Bool
			if err := json.Unmarshal(value, &force); err != nil {
				return fmt.Errorf("force: %w", err)
			}
			q.Force = bool(force)
			continue
		}
		var limit Int
		if err := json.Unmarshal(value, &limit); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		q.Limits[key] = int(limit)
	}
	return nil
}
