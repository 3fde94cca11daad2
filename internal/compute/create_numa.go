package compute

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/python"
)

// Policies for processors, in the order in which Nova's messages name them.
const (
	cpuPolicies     = "dedicated shared mixed"
	threadPolicies  = "prefer isolate require"
	emulatorThreads = "share isolate"
)

// numaNodesMax is how many nodes Nova looks for in extra specs.
const numaNodesMax = 128

var (
	// pageSizes has what oslo.utils takes for a number of bytes with a unit.
	pageSizes        = regexp.MustCompile(`^([-+]?\d*\.?\d+)(?:([KMGTPEZYRQ])i?)?(b|bit|B)$`)
	vcpuResource     = regexp.MustCompile(`^resources([1-9][0-9]*)?:VCPU`)
	pcpuResource     = regexp.MustCompile(`^resources([1-9][0-9]*)?:PCPU`)
	hyperthreadTrait = regexp.MustCompile(`^trait([1-9][0-9]*)?:HW_CPU_HYPERTHREADING`)
)

// A topology is what a flavor and an image want of processors and memory, as
// numa_get_constraints in nova/virt/hardware.py reads it.
type topology struct {
	flavor          nova.Flavor
	image           nova.Image
	policy          string // of processors: empty if nobody says
	threads         string
	emulator        string
	realtime, mixed cpuSet // masks: empty if nobody says
	nodes           int
	pages           string // their size as pageSize has it: empty or 0 if nobody says
	cells           []numaCell
}

// A numaCell is a node of a server: the processors that it shares with others, those
// that are its own, and its memory in MB.
type numaCell struct {
	shared, pinned cpuSet
	memory         int
}

// equal reports whether two topologies ask the same of a host. One without nodes asks
// for nothing, whatever else it says.
func (t *topology) equal(other *topology) bool {
	if len(t.cells) == 0 || len(other.cells) == 0 {
		return len(t.cells) == len(other.cells)
	}
	return t.policy == other.policy && t.threads == other.threads && t.emulator == other.emulator && t.pages == other.pages &&
		slices.EqualFunc(t.cells, other.cells, func(a, b numaCell) bool {
			return a.memory == b.memory && slices.Equal(a.shared, b.shared) && slices.Equal(a.pinned, b.pinned)
		})
}

func (t *topology) pair(key string) specPair { return pairOf(t.flavor, t.image, key) }

// topologyOf reads what a flavor and an image want of processors and memory. It refuses an
// image that wants others than its flavor has, and a flavor that contradicts itself. The
// checks are in Nova's order: it answers with the first that fails.
func topologyOf(image nova.Image, f nova.Flavor) (*topology, error) {
	t := &topology{flavor: f, image: image}
	for _, check := range []func() error{
		t.readPolicy, t.readThreads, t.readRealtime, t.readDedicated, t.readEmulator,
		t.checkResources, t.checkPolicies, t.readNodes, t.readPages, t.checkLockedMemory, t.readCells,
	} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// checkTopology refuses what has no topology.
func checkTopology(image nova.Image, f nova.Flavor) error {
	_, err := topologyOf(image, f)
	return err
}

// checkRealtime refuses processors for real-time work that a flavor can't have. Where an
// image and a flavor are held together, Nova looks at them before it reads the topology.
func checkRealtime(image nova.Image, f nova.Flavor) error {
	return (&topology{flavor: f, image: image}).readRealtime()
}

// checkDevices refuses a flavor with PCI devices that have no name here.
func checkDevices(f nova.Flavor) error {
	aliases := f.ExtraSpecs["pci_passthrough:alias"]
	if aliases == "" {
		return nil
	}
	alias, _, _ := strings.Cut(aliases, ":")
	return nova.Errorf(nova.Invalid, "PCI alias %s is not defined", strings.TrimSpace(alias))
}

// unknownWord refuses a word that isn't among known, if there is one.
func unknownWord(what, requested, known string) error {
	words := strings.Fields(known)
	if requested == "" || slices.Contains(words, requested) {
		return nil
	}
	return nova.Errorf(nova.Invalid, "%s is invalid, given: '%s', available: '('%s')'.", what, requested, strings.Join(words, "', '"))
}

func (t *topology) readPolicy() error {
	p := t.pair("cpu_policy")
	t.policy = cmp.Or(p.flavor, p.image)
	if err := cmp.Or(
		unknownWord("CPU policy requested from 'flavor extra specs'", p.flavor, cpuPolicies),
		unknownWord("CPU policy requested from 'image properties'", p.image, cpuPolicies)); err != nil {
		return err
	}
	if p.flavor == "mixed" && p.image == "dedicated" || p.flavor == "shared" && (p.image == "mixed" || p.image == "dedicated") {
		return nova.Errorf(nova.Invalid, "Image property 'hw_cpu_policy' is not permitted to override CPU pinning policy set against the flavor")
	}
	return nil
}

func (t *topology) readThreads() error {
	p := t.pair("cpu_thread_policy")
	t.threads = cmp.Or(p.flavor, p.image)
	if err := cmp.Or(
		unknownWord("CPU thread policy requested from 'flavor extra specs'", p.flavor, threadPolicies),
		unknownWord("CPU thread policy requested from 'image properties'", p.image, threadPolicies)); err != nil {
		return err
	}
	if p.both() && p.flavor != "prefer" && p.image != p.flavor {
		return nova.Errorf(nova.Invalid, "Image property 'hw_cpu_thread_policy' is not permitted to override CPU thread pinning policy set against the flavor")
	}
	return nil
}

// readMask reads a set of the flavor's processors; one that starts with an
// exclusion excludes from all of them.
func (t *topology) readMask(mask string) (cpuSet, error) {
	if strings.HasPrefix(strings.TrimSpace(mask), "^") {
		mask = fmt.Sprintf("0-%d,%s", t.flavor.VCPUs-1, mask)
	}
	return parseCPUs(mask)
}

func (t *topology) readRealtime() (err error) {
	if !nova.Truth(t.flavor.ExtraSpecs["hw:cpu_realtime"]) {
		return nil
	}
	p, all := t.pair("cpu_realtime_mask"), cpuSet{{0, t.flavor.VCPUs - 1}}
	t.realtime = all
	if mask := cmp.Or(p.image, p.flavor); mask != "" {
		if t.realtime, err = t.readMask(mask); err != nil {
			return err
		}
	}
	if err := t.readEmulator(); err != nil && len(t.realtime) != 0 {
		return err
	}
	switch {
	case len(t.realtime) == 0, t.emulator == "" && slices.Equal(t.realtime, all):
		return nova.Errorf(nova.Invalid, "Use of realtime CPUs requires either one or more non-realtime CPU(s) or offloaded emulator threads.")
	case len(t.realtime.without(all)) != 0:
		return nova.Errorf(nova.Invalid, "Realtime policy vCPU(s) mask is configured with RT vCPUs that are not a subset of the vCPUs in the flavor. "+
			"See hw:cpu_realtime_mask or hw_cpu_realtime_mask")
	}
	return nil
}

func (t *topology) readDedicated() (err error) {
	mask, all := t.flavor.ExtraSpecs["hw:cpu_dedicated_mask"], cpuSet{{0, t.flavor.VCPUs - 1}}
	if mask == "" {
		return nil
	}
	if t.mixed, err = t.readMask(mask); err != nil {
		return err
	}
	switch {
	case len(t.mixed) == 0, len(all.without(t.mixed)) == 0:
		return nova.Errorf(nova.Invalid, "Mixed instance must have at least 1 pinned vCPU and 1 unpinned vCPU. See 'hw:cpu_dedicated_mask'.")
	case len(t.mixed.without(all)) != 0:
		return nova.Errorf(nova.Invalid, `Mixed instance dedicated vCPU(s) mask is not a subset of vCPUs in the flavor. See "hw:cpu_dedicated_mask"`)
	}
	return nil
}

func (t *topology) readEmulator() error {
	t.emulator = t.flavor.ExtraSpecs["hw:emulator_threads_policy"]
	return unknownWord("CPU emulator threads option requested", t.emulator, emulatorThreads)
}

// checkResources has extra specs that name processors or hyperthreading directly:
// they say in other words what a policy says.
func (t *topology) checkResources() error {
	vcpus, pcpus := t.resources(vcpuResource), t.resources(pcpuResource)
	switch {
	case t.policy != "" && (vcpus != 0 || pcpus != 0):
		return nova.Errorf(nova.Invalid, "It is not possible to use the 'resources:VCPU' or 'resources:PCPU' extra specs in combination with the "+
			"'hw:cpu_policy' extra spec or 'hw_cpu_policy' image metadata property; use one or the other")
	case vcpus != 0 && pcpus != 0:
		return nova.Errorf(nova.Invalid, "It is not possible to specify both 'resources:VCPU' and 'resources:PCPU' extra specs; use one or the other")
	case pcpus != 0 && t.emulator == "isolate" && pcpus != t.flavor.VCPUs+1:
		return nova.Errorf(nova.Invalid, "You have requested 'hw:emulator_threads_policy=isolate' but have not requested sufficient PCPUs to handle this policy; "+
			"you must allocate exactly flavor.vcpus + 1 PCPUs.")
	case pcpus != 0 && t.emulator != "isolate" && pcpus != t.flavor.VCPUs:
		return nova.Errorf(nova.Invalid, "There is a mismatch between the number of PCPUs requested via 'resourcesNN:PCPU' and the flavor); "+
			"you must allocate exactly flavor.vcpus PCPUs")
	case pcpus != 0:
		t.policy = "dedicated"
	case vcpus != 0:
		t.policy = "shared"
	}
	trait := t.hyperthreading()
	if trait != "" && t.threads != "" {
		return nova.Errorf(nova.Invalid, "It is not possible to use the 'trait:HW_CPU_HYPERTHREADING' extra spec in combination with the "+
			"'hw:cpu_thread_policy' extra spec or 'hw_cpu_thread_policy' image metadata property; use one or the other")
	}
	t.threads = cmp.Or(map[string]string{"forbidden": "isolate", "required": "require"}[trait], t.threads)
	return nil
}

// resources adds up what the extra specs with such keys say; Nova passes over
// what isn't a number.
func (t *topology) resources(keys *regexp.Regexp) (sum int) {
	for key, value := range t.flavor.ExtraSpecs {
		if n, err := strconv.Atoi(strings.TrimSpace(value)); err == nil && keys.MatchString(key) {
			sum += n
		}
	}
	return sum
}

func (t *topology) hyperthreading() string {
	for _, key := range slices.Sorted(maps.Keys(t.flavor.ExtraSpecs)) {
		if hyperthreadTrait.MatchString(key) {
			return t.flavor.ExtraSpecs[key]
		}
	}
	if t.image.Properties["trait:HW_CPU_HYPERTHREADING"] == "required" { // all that an image can say
		return "required"
	}
	return ""
}

// checkPolicies has masks and threads that the policy has no place for.
func (t *topology) checkPolicies() error {
	pinned := t.policy == "dedicated" || t.policy == "mixed"
	switch {
	case !pinned && t.threads != "":
		return nova.Errorf(nova.Invalid, "Cannot set cpu thread pinning policy in a non dedicated cpu pinning policy")
	case !pinned && t.emulator == "isolate":
		return nova.Errorf(nova.Invalid, "An isolated CPU emulator threads option requires a dedicated CPU policy option.")
	case t.policy != "mixed" && len(t.mixed) != 0:
		return nova.Errorf(nova.Invalid, "Cannot specify 'hw:cpu_dedicated_mask' without the 'mixed' policy.")
	case !pinned && len(t.realtime) != 0:
		return nova.Errorf(nova.Invalid, "Cannot set realtime policy in a non dedicated cpu pinning policy")
	case t.policy == "mixed" && (len(t.mixed) != 0) == (len(t.realtime) != 0):
		return nova.Errorf(nova.Invalid, "Dedicated CPU set can be specified from either 'hw:cpu_dedicated_mask' or 'hw:cpu_realtime_mask' when "+
			"using 'mixed' CPU policy. 'hw:cpu_dedicated_mask' and 'hw:cpu_realtime_mask' can not be specified at the same time, "+
			"or be specified with none of them.")
	}
	return nil
}

func (t *topology) readNodes() (err error) {
	p := t.pair("numa_nodes")
	if p.both() {
		return numaForbidden("hw_numa_nodes")
	}
	nodes := cmp.Or(p.flavor, p.image)
	if nodes == "" {
		return nil
	}
	if t.nodes, err = strconv.Atoi(nodes); err != nil || t.nodes < 1 {
		return nova.Errorf(nova.Invalid, "The property 'numa_nodes' cannot be '%s'. It must be a number greater than 0", nodes)
	}
	return nil
}

func numaForbidden(property string) error {
	return nova.Errorf(nova.Invalid, "Image property '%s' is not permitted to override NUMA configuration set against the flavor", property)
}

// readPages lets an image choose its pages only where the flavor leaves it open.
func (t *topology) readPages() error {
	p := t.pair("mem_page_size")
	size, open := p.flavor, p.flavor == "any" || p.flavor == "large"
	if size != "" && !isPageSize(size) {
		return nova.Errorf(nova.Invalid, "Invalid memory page size '%s'", size)
	}
	if p.image != "" && !open {
		return nova.Errorf(nova.Invalid, "Page size %s forbidden against '%s'", p.image, cmp.Or(p.flavor, "<empty>"))
	}
	if p.image != "" {
		size = p.image
	}
	if size != "" && !isPageSize(size) {
		return nova.Errorf(nova.Invalid, "Invalid memory page size '%s'", size)
	}
	t.pages = pageSize(size)
	return nil
}

func isPageSize(text string) bool {
	return slices.Contains(pageWords, text) || isDigits(text) || pageSizes.MatchString(text)
}

// pageWords are sizes of pages that no number says.
var pageWords = []string{"any", "large", "small"}

// pageSize is a size of pages in a form that is the same for the same size: a word, or a
// number of KiB. No size at all is as good as none.
func pageSize(text string) string {
	parts := pageSizes.FindStringSubmatch(text)
	if parts == nil {
		return strings.TrimLeft(text, "0")
	}
	const perStep = 1024
	size, err := strconv.ParseFloat(parts[1], 64)
	if err != nil || size == 0 {
		return ""
	}
	for range strings.Index(" KMGTPEZYRQ", cmp.Or(parts[2], " ")) {
		size *= perStep
	}
	if parts[3] != "B" {
		size /= 8 // bits
	}
	return strconv.FormatFloat(math.Ceil(size)/perStep, 'g', -1, 64)
}

func isDigits(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }

func (t *topology) checkLockedMemory() error {
	p, pages := t.pair("locked_memory"), t.pair("mem_page_size")
	if p.both() && nova.Truth(p.flavor) != nova.Truth(p.image) {
		return nova.Errorf(nova.Invalid, "locked_memory value in image (%s) and flavor (%s) conflict. A consistent value is expected if both specified.",
			pythonTruth(p.image), pythonTruth(p.flavor))
	}
	if nova.Truth(cmp.Or(p.flavor, p.image)) && pages == (specPair{}) {
		return nova.Errorf(nova.Invalid, "locked_memory value in image or flavor is forbidden when mem_page_size is not set.")
	}
	return nil
}

// readCells has the nodes of a server that gets any: for it asks for them, or for
// something that comes with them.
func (t *topology) readCells() error {
	if t.nodes == 0 && t.pages == "" && t.flavor.ExtraSpecs["hw:pmem"] == "" && t.policy != "dedicated" && t.policy != "mixed" {
		return nil
	}
	nodes := max(t.nodes, 1)
	cpus, err := t.perNode("numa_cpus")
	if err != nil {
		return err
	}
	memory, err := t.perNode("numa_mem")
	if err != nil {
		return err
	}
	switch {
	case len(cpus) == 0 && len(memory) == 0:
		if t.flavor.VCPUs%nodes != 0 || t.flavor.RAM%nodes != 0 {
			return nova.Errorf(nova.Invalid, "Instance CPUs and/or memory cannot be evenly distributed across instance NUMA nodes. "+
				"Explicit assignment of CPUs and memory to nodes is required")
		}
		each := t.flavor.VCPUs / nodes
		for node := range nodes {
			t.addCell(cpuSet{{node * each, (node+1)*each - 1}}, t.flavor.RAM/nodes)
		}
		return nil
	case len(cpus) != nodes || len(memory) != nodes:
		return nova.Errorf(nova.Invalid, "CPU and memory allocation must be provided for all NUMA nodes")
	}
	sets, err := t.readNodeCPUs(cpus)
	if err != nil {
		return err
	}
	sizes, err := t.readNodeMemory(memory)
	for node := range sizes {
		t.addCell(sets[node], sizes[node])
	}
	return err
}

// addCell adds a node with some of the processors, which are its own as far as the policy
// makes them so.
func (t *topology) addCell(cpus cpuSet, memory int) {
	own := t.mixed
	switch {
	case t.policy == "dedicated":
		own = cpus
	case t.policy == "mixed" && len(own) == 0:
		own = t.realtime
	}
	t.cells = append(t.cells, numaCell{cpus.without(own), cpus.without(cpus.without(own)), memory})
}

// perNode reads the extra specs with a number for each node, such as
// hw:numa_cpus.0, or the properties of the image that say the same.
func (t *topology) perNode(key string) ([]string, error) {
	flavor, image := numbered(t.flavor.ExtraSpecs, "hw:"+key), numbered(t.image.Properties, "hw_"+key)
	if flavor != nil && image != nil {
		return nil, numaForbidden("hw_" + key)
	}
	return append(flavor, image...), nil
}

func numbered(words map[string]string, key string) (found []string) {
	for i := range numaNodesMax {
		word, is := words[key+"."+strconv.Itoa(i)]
		if !is {
			break
		}
		found = append(found, word)
	}
	return found
}

// readNodeCPUs reads the processors of each node. They must be all that the flavor has.
func (t *topology) readNodeCPUs(nodes []string) ([]cpuSet, error) {
	all := cpuSet{{0, t.flavor.VCPUs - 1}}
	left, sets := all, make([]cpuSet, len(nodes))
	for i, text := range nodes {
		cpus, err := parseCPUs(text)
		if err != nil {
			return nil, err
		}
		if twice := all.without(all.without(cpus)).without(left); len(twice) != 0 {
			return nil, nova.Errorf(nova.Invalid, "CPU number %d is assigned to two nodes", twice[0].first)
		}
		if beyond := cpus.without(all); len(beyond) != 0 {
			return nil, nova.Errorf(nova.Invalid, "CPU number %d is larger than max %d", beyond[0].first, t.flavor.VCPUs-1)
		}
		left, sets[i] = left.without(cpus), cpus
	}
	if len(left) != 0 {
		return nil, nova.Errorf(nova.Invalid, "CPU number %s is not assigned to any node", left)
	}
	return sets, nil
}

// readNodeMemory reads the memory of each node, in MB. It must be all that the flavor has.
func (t *topology) readNodeMemory(nodes []string) ([]int, error) {
	sum, sizes := 0, make([]int, len(nodes))
	for i, text := range nodes {
		mb, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil {
			return nil, nova.Errorf(nova.Invalid, "invalid literal for int() with base 10: %s", python.Repr(text))
		}
		sum, sizes[i] = sum+mb, mb
	}
	if sum != t.flavor.RAM {
		return nil, nova.Errorf(nova.Invalid, "%d MB of memory assigned, but expected %d MB", sum, t.flavor.RAM)
	}
	return sizes, nil
}
