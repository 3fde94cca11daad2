package virt

import (
	"maps"
	"slices"
	"sync"
)

// Hosts are the drivers of the hosts that this process runs, by the hosts'
// names. The zero value has none.
type Hosts struct {
	mu      sync.RWMutex
	drivers map[string]Driver
}

// Add adds a host.
func (h *Hosts) Add(name string, driver Driver) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.drivers == nil {
		h.drivers = map[string]Driver{}
	}
	h.drivers[name] = driver
}

// Drop removes a host, because another process runs it now.
func (h *Hosts) Drop(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.drivers, name)
}

// Driver is the driver of a host: nil if this process doesn't run it.
func (h *Hosts) Driver(name string) Driver {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.drivers[name]
}

// Names are the names of all hosts, in order.
func (h *Hosts) Names() []string {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return slices.Sorted(maps.Keys(h.drivers))
}
