package compute

import (
	"strconv"
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
)

// A specPair is an extra spec of a flavor, and the property of an image that says
// the same: empty for what isn't said.
type specPair struct{ flavor, image string }

func pairOf(f nova.Flavor, image nova.Image, key string) specPair {
	return specPair{f.ExtraSpecs["hw:"+key], image.Properties["hw_"+key]}
}

// both reports whether both say something.
func (p specPair) both() bool { return p.flavor != "" && p.image != "" }

// checkTogether refuses an image and a flavor that contradict each other, in the order of
// _validate_flavor_image_numa_pci in nova/compute/api.py. It leaves the topology to others,
// since Nova looks at that earlier for a new server.
func checkTogether(image nova.Image, f nova.Flavor) error {
	for _, check := range []func(nova.Image, nova.Flavor) error{
		checkEncryption, checkPMU, checkSerialPorts, checkRealtime, checkSockets, checkQueues,
	} {
		if err := check(image, f); err != nil {
			return err
		}
	}
	return nil
}

// checkRing refuses an image that wants another kind of ring than its flavor.
func checkRing(image nova.Image, f nova.Flavor) error {
	p := pairOf(f, image, "virtio_packed_ring")
	if !p.both() || nova.Truth(p.flavor) == nova.Truth(p.image) {
		return nil
	}
	return nova.Errorf(nova.Invalid, "Flavor has hw:virtio_packed_ring extra spec explicitly set to %s, conflicting with image "+
		"which has hw_virtio_packed_ring explicitly set to %s.", pythonTruth(p.flavor), pythonTruth(p.image))
}

func checkPMU(image nova.Image, f nova.Flavor) error { return checkSwitch(image, f, "pmu") }

// checkQueues leaves servers alone with one processor, which have no use for several.
func checkQueues(image nova.Image, f nova.Flavor) error {
	const least = 2
	if f.VCPUs < least {
		return nil
	}
	return checkSwitch(image, f, "vif_multiqueue_enabled")
}

// checkSerialPorts refuses an image with more serial ports than its flavor allows.
func checkSerialPorts(image nova.Image, f nova.Flavor) error {
	ports := pairOf(f, image, "serial_port_count")
	most, err := strconv.Atoi(strings.TrimSpace(ports.flavor))
	switch wanted, _ := strconv.Atoi(strings.TrimSpace(ports.image)); {
	case ports.flavor != "" && err != nil:
		return nova.Errorf(nova.Invalid, "Number of serial ports specified in flavor is invalid: expected an integer, got '%s'", ports.flavor)
	case most != 0 && wanted > most:
		return nova.Errorf(nova.Invalid, "Forbidden to exceed flavor value of number of serial ports passed in image meta.")
	}
	return nil
}

// checkSwitch refuses an image that turns on what its flavor turns off, or the other way
// round.
func checkSwitch(image nova.Image, f nova.Flavor, key string) error {
	p := pairOf(f, image, key)
	if !p.both() || nova.Truth(p.flavor) == nova.Truth(p.image) {
		return nil
	}
	return nova.Errorf(nova.Invalid, "Flavor %s has hw:%s extra spec explicitly set to %s, conflicting with image %s which has hw_%s explicitly set to %s.",
		f.Name, key, pythonTruth(p.flavor), image.Name, key, pythonTruth(p.image))
}

// pythonTruth is a truth as Python writes it.
func pythonTruth(text string) string {
	if nova.Truth(text) {
		return "True"
	}
	return "False"
}
