package notify

import (
	"github.com/nova-api/nova-api/internal/nova"
)

// flavorPayload shows a flavor. The projects are those that may use it if it is
// private: nil if they are not known.
func flavorPayload(f nova.Flavor, projects []string) fields {
	return object("FlavorPayload", "1.4", fields{
		"flavorid": f.ID, "name": f.Name, "memory_mb": f.RAM, "vcpus": f.VCPUs, "root_gb": f.Disk, "ephemeral_gb": f.Ephemeral, "swap": f.Swap,
		"rxtx_factor": f.RxTx, "vcpu_weight": f.VCPUWeight, "disabled": f.Disabled, "is_public": f.Public, "description": f.Description,
		"extra_specs": orNone(f.ExtraSpecs), "projects": projects,
	})
}

// keyPairPayload shows a key pair. Before it is made, it has no keys.
func keyPairPayload(k nova.KeyPair) fields {
	return object("KeypairPayload", "1.0", fields{
		"user_id": k.UserID, "name": k.Name, "type": k.Type, "fingerprint": orNull(k.Fingerprint), "public_key": orNull(k.PublicKey),
	})
}

// keyPairsOf are the key pairs that a server is made with: one or none.
func keyPairsOf(k *nova.KeyPair) []fields {
	if k == nil {
		return []fields{}
	}
	return []fields{keyPairPayload(*k)}
}
