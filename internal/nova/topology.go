package nova

import (
	"cmp"
	"strconv"
	"strings"
)

// A Topology is how the processors and the memory of a server are spread over NUMA
// nodes: the zero value for a server without one.
type Topology struct {
	Nodes    []NUMANode
	PageSize int // KiB; 0 for the host's choice
}

// A NUMANode is a part of a server.
type NUMANode struct {
	HostNode int // the node of the host that it is on
	CPUs     []int
	Memory   int // MiB
}

// Topology is the server's, as its flavor and image want it: from hw:numa_nodes,
// hw:numa_cpus.N, hw:numa_mem.N and hw:mem_page_size, where the flavor prevails.
// Wishes that can't be fulfilled, such as for more nodes than processors, give no
// nodes.
func (s Server) Topology() (t Topology) {
	wish := func(name string) string {
		return cmp.Or(s.Flavor.ExtraSpecs["hw:"+name], s.ImageProps["hw_"+name])
	}
	t.PageSize = pageSize(wish("mem_page_size"))
	number, _ := strconv.Atoi(wish("numa_nodes"))
	if number < 1 && (t.PageSize != 0 || wish("mem_page_size") != "" || wish("cpu_policy") == "dedicated") {
		number = 1
	}
	if number > s.Flavor.VCPUs {
		return Topology{}
	}
	for i := range max(number, 0) {
		node := NUMANode{HostNode: i, Memory: s.Flavor.RAM / number}
		for cpu := range s.Flavor.VCPUs / number {
			node.CPUs = append(node.CPUs, i*s.Flavor.VCPUs/number+cpu)
		}
		of := "." + strconv.Itoa(i)
		if cpus := wish("numa_cpus" + of); cpus != "" {
			node.CPUs = parseCPUs(cpus)
		}
		if memory, err := strconv.Atoi(wish("numa_mem" + of)); err == nil {
			node.Memory = memory
		}
		t.Nodes = append(t.Nodes, node)
	}
	if !t.covers(s.Flavor) {
		return Topology{}
	}
	return t
}

// covers reports whether each processor and all memory of a flavor is in one node.
func (t Topology) covers(f Flavor) bool {
	seen, memory := map[int]bool{}, 0
	for _, node := range t.Nodes {
		memory += node.Memory
		for _, cpu := range node.CPUs {
			if seen[cpu] || cpu < 0 || cpu >= f.VCPUs {
				return false
			}
			seen[cpu] = true
		}
	}
	return len(seen) == f.VCPUs && memory == f.RAM
}

// pageSize is a size in KiB, as a number or with a unit. The words small, large
// and any leave it to the host.
func pageSize(text string) int {
	for unit, factor := range map[string]int{"": 1, "K": 1, "KB": 1, "M": 1 << 10, "MB": 1 << 10, "G": 1 << 20, "GB": 1 << 20} {
		if number, ok := strings.CutSuffix(strings.ToUpper(strings.TrimSpace(text)), unit); ok {
			if size, err := strconv.Atoi(number); err == nil && size > 0 {
				return size * factor
			}
		}
	}
	return 0
}

// parseCPUs reads a set such as 0-2,^1,5: nil if it makes no sense.
func parseCPUs(text string) (cpus []int) {
	const most = 1 << 10
	in, out := map[int]bool{}, map[int]bool{}
	for part := range strings.SplitSeq(text, ",") {
		into := in
		part, excluded := strings.CutPrefix(strings.TrimSpace(part), "^")
		if excluded {
			into = out
		}
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, err := strconv.Atoi(strings.TrimSpace(first))
		to, errTo := strconv.Atoi(strings.TrimSpace(last))
		if err != nil || errTo != nil || from < 0 || to > most {
			return nil
		}
		for cpu := from; cpu <= to; cpu++ {
			into[cpu] = true
		}
	}
	for cpu := range most {
		if in[cpu] && !out[cpu] {
			cpus = append(cpus, cpu)
		}
	}
	return cpus
}
