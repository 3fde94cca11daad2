package compute

import (
	"strconv"
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/python"
)

// sockets is how many sockets, cores and threads there are, or may be. 0 is for what
// nobody says.
type sockets struct{ sockets, cores, threads int }

// noLimit is how many of each there may be if nobody says.
const noLimit = 65536

// exceed reports whether there is more of anything than a limit allows.
func (s sockets) exceed(limit sockets) bool {
	return s.sockets > limit.sockets || s.cores > limit.cores || s.threads > limit.threads
}

// or is s, with what it doesn't say taken from another.
func (s sockets) or(other sockets) sockets {
	for _, each := range []struct {
		of *int
		by int
	}{{&s.sockets, other.sockets}, {&s.cores, other.cores}, {&s.threads, other.threads}} {
		if *each.of == 0 {
			*each.of = each.by
		}
	}
	return s
}

// checkSockets refuses an image that wants more sockets, cores or threads than its flavor
// allows, or than it allows itself: get_cpu_topology_constraints in nova/virt/hardware.py.
// What the flavor prefers may be beyond the limits, and then counts for nothing.
func checkSockets(image nova.Image, f nova.Flavor) error {
	flavorMost, most, err := readSockets(image, f, "cpu_max_")
	if err != nil {
		return err
	}
	if most.exceed(flavorMost.or(most)) {
		return nova.Errorf(nova.Invalid, "Image vCPU topology limits (sockets=%d, cores=%d, threads=%d) exceeds the limits of the flavor (sockets=%d, cores=%d, threads=%d)",
			most.sockets, most.cores, most.threads, flavorMost.sockets, flavorMost.cores, flavorMost.threads)
	}
	_, wanted, err := readSockets(image, f, "cpu_")
	if err != nil {
		return err
	}
	most = most.or(flavorMost).or(sockets{noLimit, noLimit, noLimit})
	if wanted.exceed(most) {
		return nova.Errorf(nova.Invalid, "Image vCPU topology (sockets=%d, cores=%d, threads=%d) exceeds the limits of the flavor or image (sockets=%d, cores=%d, threads=%d)",
			wanted.sockets, wanted.cores, wanted.threads, most.sockets, most.cores, most.threads)
	}
	return nil
}

// readSockets reads the numbers of a flavor and of an image, whose properties are numbers:
// see checkImageMeta.
func readSockets(image nova.Image, f nova.Flavor, prefix string) (flavor, props sockets, err error) {
	for _, each := range []struct {
		name       string
		flavor, of *int
	}{
		{"sockets", &flavor.sockets, &props.sockets}, {"cores", &flavor.cores, &props.cores}, {"threads", &flavor.threads, &props.threads},
	} {
		p := pairOf(f, image, prefix+each.name)
		*each.of, _ = strconv.Atoi(strings.TrimSpace(p.image))
		if p.flavor == "" {
			continue
		}
		if *each.flavor, err = strconv.Atoi(strings.TrimSpace(p.flavor)); err != nil {
			return flavor, props, nova.Errorf(nova.Invalid, "Invalid flavor extra spec. Error: invalid literal for int() with base 10: %s", python.Repr(p.flavor))
		}
	}
	return flavor, props, nil
}
