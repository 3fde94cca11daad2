package api

import (
	"cmp"
	"encoding/json"
	"math"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/nova"
)

const maxPort = 65535

// securityRule reads a rule for what comes in, as _new_ingress_rule in
// nova/network/security_group_api.py does. No schema checks ports, protocol and range:
// clients have always sent them as texts or numbers.
func securityRule(in schema.SecurityGroupRuleCreateBody) (nova.SecurityRule, error) {
	rule := nova.SecurityRule{GroupID: in.Rule.ParentGroupID, Direction: "ingress", Ethertype: "IPv4", RemoteGroupID: in.Rule.GroupID}
	protocol, from, to := plainText(in.Rule.Protocol.Value), in.Rule.FromPort.Value, in.Rule.ToPort.Value
	if rule.RemoteGroupID == nil {
		prefix, err := securityPrefix(plainText(in.Rule.CIDR.Value))
		if err != nil {
			return rule, err
		}
		if rule.Prefix = new(prefix.String()); prefix.Addr().Is6() {
			rule.Ethertype = "IPv6"
		}
	} else if from == nil && to == nil { // a group is let in through all ports if none is named
		from, to = allPorts(protocol)
	}
	if protocol == "" || from == nil || to == nil {
		if rule.RemoteGroupID == nil {
			return rule, nova.Errorf(nova.Invalid, "Not enough parameters to build a valid rule.")
		}
		return rule, nil
	}
	first, last, err := portRange(protocol, from, to)
	if err != nil {
		return rule, err
	}
	rule.Protocol = &protocol
	rule.PortMin, rule.PortMax = unless(-1, first), unless(-1, last)
	return rule, nil
}

// plainText is a text as it is, anything else as JSON, and empty for null.
func plainText(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	encoded, _ := json.Marshal(value) //nolint:errchkjson // it has been read from JSON
	return string(encoded)
}

// unless is a number, or nil if it is the one that stands for any.
func unless(anything, number int) *int {
	if number == anything {
		return nil
	}
	return &number
}

func allPorts(protocol string) (from, to any) {
	switch strings.ToUpper(protocol) {
	case "ICMP":
		return -1, -1
	case "TCP", "UDP":
		return 1, maxPort
	}
	return nil, nil
}

// securityPrefix reads the range of addresses that a rule lets in: all if it is empty.
func securityPrefix(cidr string) (netip.Prefix, error) {
	decoded, err := url.PathUnescape(cmp.Or(cidr, "0.0.0.0/0"))
	if err != nil {
		decoded = cidr
	}
	prefix, err := netip.ParsePrefix(decoded)
	switch {
	case err != nil:
		return prefix, nova.Errorf(nova.Invalid, "%s is not a valid IP network.", decoded)
	case prefix.Bits() == 0 && !prefix.Addr().IsUnspecified():
		return prefix, nova.Errorf(nova.Invalid, "Bad prefix for network in cidr %s", decoded)
	}
	return prefix, nil
}

// portNumber reads a port as Python's int does: of a number, the part before the
// point counts.
func portNumber(value any) (int, error) {
	if number, ok := value.(float64); ok {
		return int(min(max(number, math.MinInt32), math.MaxInt32)), nil
	}
	return strconv.Atoi(strings.TrimSpace(plainText(value)))
}

// portRange reads the ports of a rule, or the type and code of ICMP.
func portRange(protocol string, from, to any) (first, last int, err error) {
	name := strings.ToUpper(protocol)
	first, err = portNumber(from)
	if err == nil {
		last, err = portNumber(to)
	}
	wrong := func(why string) error {
		return nova.Errorf(nova.Invalid, "Invalid port range %d:%d. %s", first, last, why)
	}
	switch isICMP := name == "ICMP"; {
	case err != nil && isICMP:
		err = nova.Errorf(nova.Invalid, "Invalid input received: Type and Code must be integers for ICMP protocol type")
	case err != nil:
		err = nova.Errorf(nova.Invalid, "Invalid input received: To and From ports must be integers")
	case !slices.Contains([]string{"TCP", "UDP", "ICMP"}, name):
		err = nova.Errorf(nova.Invalid, "Invalid IP protocol %s.", protocol)
	case isICMP && (min(first, last) < -1 || max(first, last) > 255):
		err = wrong("For ICMP, the type:code must be valid")
	case !isICMP && first > last:
		err = wrong("Former value cannot be greater than the later")
	case !isICMP && (first < 1 || last > maxPort):
		err = wrong("Valid " + name + " ports should be between 1-65535")
	}
	return first, last, err
}
