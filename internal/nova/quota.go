package nova

import (
	"math"
	"strconv"
)

// A Quota is what a project may have, by resource. -1 is as much as it likes.
type Quota map[QuotaResource]int

// A QuotaResource is something that is counted.
type QuotaResource string

// What is counted, in the names of the quota API.
const (
	QuotaInstances          QuotaResource = "instances"
	QuotaCores              QuotaResource = "cores"
	QuotaRAM                QuotaResource = "ram"
	QuotaMetadataItems      QuotaResource = "metadata_items"
	QuotaInjectedFiles      QuotaResource = "injected_files"
	QuotaInjectedFileBytes  QuotaResource = "injected_file_content_bytes"
	QuotaInjectedPathBytes  QuotaResource = "injected_file_path_bytes"
	QuotaKeyPairs           QuotaResource = "key_pairs"
	QuotaServerGroups       QuotaResource = "server_groups"
	QuotaServerGroupMembers QuotaResource = "server_group_members"
	QuotaFixedIPs           QuotaResource = "fixed_ips"
	QuotaFloatingIPs        QuotaResource = "floating_ips"
	QuotaSecurityGroups     QuotaResource = "security_groups"
	QuotaSecurityGroupRules QuotaResource = "security_group_rules"
	QuotaUnlimited          int           = -1
	DefaultQuotaClass                     = "default"
)

// Within tells whether a number is within the quota of a resource.
func (q Quota) Within(resource QuotaResource, number int) bool {
	limit, ok := q[resource]
	return !ok || limit < 0 || number <= limit
}

// A Usage is what a project, or one of its users, has.
type Usage struct {
	Instances int `db:"instances"`
	Cores     int `db:"cores"`
	RAM       int `db:"ram"` // MB

	ServerGroups int `db:"server_groups"` // counted when it is read, and never consumed
}

// Of is how much of a resource is used: 0 for resources that are not counted here.
func (u Usage) Of(resource QuotaResource) int {
	switch resource {
	case QuotaInstances:
		return u.Instances
	case QuotaCores:
		return u.Cores
	case QuotaRAM:
		return u.RAM
	case QuotaServerGroups:
		return u.ServerGroups
	default:
		return 0
	}
}

// Usages tells what one server of a flavor counts for.
func (r Resources) Usages() Usage {
	return Usage{Instances: r.Instances, Cores: r.VCPUs, RAM: r.RAM}
}

// Plus is the sum of two usages.
func (u Usage) Plus(v Usage) Usage {
	return Usage{Instances: u.Instances + v.Instances, Cores: u.Cores + v.Cores, RAM: u.RAM + v.RAM}
}

// Times is the usage of n alike.
func (u Usage) Times(n int) Usage {
	return Usage{Instances: u.Instances * n, Cores: u.Cores * n, RAM: u.RAM * n}
}

// Exceeded says which resources a request goes beyond, in Nova's words, or is
// nil if none.
func (q Quota) Exceeded(wanted, used Usage) error {
	return q.exceeded(strconv.Itoa(wanted.Instances), wanted, used)
}

// ExceededByServers is Exceeded for a number of alike servers, of which fewer
// would do: it is the most that goes beyond.
func (q Quota) ExceededByServers(least, most int, each, used Usage) error {
	instances := strconv.Itoa(least)
	if least != most {
		instances += "-" + strconv.Itoa(most)
	}
	return q.exceeded(instances, each.Times(most), used)
}

func (q Quota) exceeded(instances string, wanted, used Usage) error {
	var names, asked, have, limits string
	for _, r := range []struct {
		resource     QuotaResource
		text         string
		wanted, used int
	}{
		{QuotaCores, strconv.Itoa(wanted.Cores), wanted.Cores, used.Cores},
		{QuotaInstances, instances, wanted.Instances, used.Instances},
		{QuotaRAM, strconv.Itoa(wanted.RAM), wanted.RAM, used.RAM},
	} {
		if r.wanted <= 0 || q.Within(r.resource, r.wanted+r.used) {
			continue
		}
		names = joined(names, string(r.resource))
		asked = joined(asked, r.text)
		have = joined(have, strconv.Itoa(r.used))
		limits = joined(limits, strconv.Itoa(q[r.resource]))
	}
	if names == "" {
		return nil
	}
	return Errorf(OverQuota, "Quota exceeded for %s: Requested %s, but already used %s of %s %s", names, asked, have, limits, names)
}

func joined(list, item string) string {
	if list == "" {
		return item
	}
	return list + ", " + item
}

// CheckMetadata refuses more metadata than a server may have.
func (q Quota) CheckMetadata(items int) error {
	if q.Within(QuotaMetadataItems, items) {
		return nil
	}
	return Errorf(OverQuota, "Maximum number of metadata items exceeds %d", q[QuotaMetadataItems])
}

// Room is how many alike still fit in a quota.
func (q Quota) Room(each, used Usage) int {
	room := math.MaxInt
	for _, r := range []struct {
		resource   QuotaResource
		each, used int
	}{
		{QuotaInstances, each.Instances, used.Instances},
		{QuotaCores, each.Cores, used.Cores},
		{QuotaRAM, each.RAM, used.RAM},
	} {
		limit, ok := q[r.resource]
		if ok && limit >= 0 && r.each > 0 {
			room = min(room, (limit-r.used)/r.each)
		}
	}
	return max(room, 0)
}
