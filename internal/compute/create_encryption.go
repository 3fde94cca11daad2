package compute

import (
	"cmp"
	"slices"
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/python"
)

// encryptionModels are the ways in which memory is encrypted: the first is that of who
// names none, and the last needs firmware without a state. MemEncryptionModel in
// nova/objects/fields.py.
const encryptionModels = "amd-sev amd-sev-es amd-sev-snp"

// checkEncryption refuses encrypted memory that an image and its flavor don't agree on, or
// that the image isn't fit for: get_mem_encryption_constraint in nova/virt/hardware.py.
func checkEncryption(image nova.Image, f nova.Flavor) error {
	p := pairOf(f, image, "mem_encryption")
	if !nova.Truth(p.flavor) && !nova.Truth(p.image) {
		return nil
	}
	name, id := cmp.Or(image.Name, "None"), cmp.Or(image.ID, "<no-id>") // as of a server that boots from a volume
	if p.both() && nova.Truth(p.flavor) != nova.Truth(p.image) {
		return nova.Errorf(nova.Invalid, "Flavor %s has hw:mem_encryption extra spec explicitly set to %s, conflicting with image %s "+
			"which has hw_mem_encryption property explicitly set to %s", f.Name, p.flavor, name, pythonTruth(p.image))
	}
	model, err := encryptionModel(image, f, name)
	if err != nil {
		return err
	}
	var who []string
	if nova.Truth(p.flavor) {
		who = append(who, "hw:mem_encryption extra spec in "+f.Name+" flavor")
	}
	if nova.Truth(p.image) {
		who = append(who, "hw_mem_encryption property of image "+id)
	}
	machine, models := image.Properties["hw_machine_type"], strings.Fields(encryptionModels)
	switch {
	case image.Properties["hw_firmware_type"] != "uefi":
		return nova.Errorf(nova.Invalid, "Memory encryption is requested by %s but the image metadata doesn't have the 'hw_firmware_type' property set to 'uefi'",
			strings.Join(who, " and "))
	case machine != "" && !strings.Contains(machine, "q35"):
		return nova.Errorf(nova.Invalid, "Machine type '%s' is not compatible with image %s (%s): q35 type is required for SEV to work", machine, name, id)
	case model == models[len(models)-1] && !nova.Truth(image.Properties["hw_firmware_stateless"]):
		return nova.Errorf(nova.Invalid, "The %s memory encryption model requires stateless firmware but the image metadata doesn't have "+
			"the 'hw_firmware_stateless' property set to True", model)
	}
	return nil
}

// encryptionModel is the way in which memory is to be encrypted.
func encryptionModel(image nova.Image, f nova.Flavor, name string) (string, error) {
	p, models := pairOf(f, image, "mem_encryption_model"), strings.Fields(encryptionModels)
	if p.both() && p.flavor != p.image {
		return "", nova.Errorf(nova.Invalid, "Flavor %s has hw:mem_encryption_model extra spec explicitly set to %s, conflicting with image %s "+
			"which has hw_mem_encryption_model explicitly set to %s", f.Name, p.flavor, name, p.image)
	}
	model := cmp.Or(p.image, p.flavor, models[0])
	if !slices.Contains(models, model) {
		return "", nova.Errorf(nova.Invalid, "Invalid memory encryption model %s. Allowed values: %s.", python.Repr(model), strings.Join(models, ", "))
	}
	return model, nil
}
