package network

import (
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/nova-api/nova-api/db/networkdb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// ruleAttributes are what a rule can be told, once and for all: rules are never
// changed.
var ruleAttributes = []attribute[networkdb.SecurityGroupRule]{
	{name: "security_group_id", post: anyone, required: true, column: "security_group_id", find: asText, set: id(func(r *networkdb.SecurityGroupRule) *string { return &r.GroupID })},
	{name: "direction", post: anyone, required: true, column: "direction", find: asText, set: oneOf(func(r *networkdb.SecurityGroupRule) *string { return &r.Direction }, "ingress", "egress")},
	{name: "ethertype", post: anyone, column: "ethertype", find: asText, set: setEthertype},
	// What packets must be to pass; null is anything.
	{name: "protocol", post: anyone, column: "protocol", find: asText, set: setProtocol},
	{name: "port_range_min", post: anyone, column: "port_range_min", find: asNumber, set: optionalNumber(func(r *networkdb.SecurityGroupRule) **int64 { return &r.PortMin })},
	{name: "port_range_max", post: anyone, column: "port_range_max", find: asNumber, set: optionalNumber(func(r *networkdb.SecurityGroupRule) **int64 { return &r.PortMax })},
	// Where packets must come from or go to.
	{name: "remote_ip_prefix", post: anyone, column: "remote_ip_prefix", find: asText, set: optional(func(r *networkdb.SecurityGroupRule) **string { return &r.RemoteIPPrefix }, nil)},
	{name: "remote_group_id", post: anyone, column: "remote_group_id", find: asText, set: optional(func(r *networkdb.SecurityGroupRule) **string { return &r.RemoteGroupID }, isID)},
}

// rules describes security group rules to the calls that all kinds share.
func (s *Service) rules() resource[networkdb.SecurityGroupRule] {
	o := resource[networkdb.SecurityGroupRule]{
		s: s, singular: "security_group_rule", plural: "security_group_rules", limit: quotaOf("security_group_rule"), attributes: ruleAttributes,
		notFound: func(id string) error {
			return kit.Typed("SecurityGroupRuleNotFound", nova.NotFound, "Security group rule %s does not exist", id)
		},
		record:   (*networkdb.SecurityGroupRule).Common,
		table:    func(s *networkdb.Store) networkdb.Table[networkdb.SecurityGroupRule] { return s.Rules },
		defaults: func() networkdb.SecurityGroupRule { return networkdb.SecurityGroupRule{Ethertype: "IPv4"} },
		view:     ruleView,
		before:   func(ctx context.Context, c nova.Caller) error { return s.ensureDefaultGroup(ctx, c.ProjectID) },
		create:   s.createRule,
	}
	o.remove = func(ctx context.Context, tx *networkdb.Store, r networkdb.SecurityGroupRule) error {
		return tx.Rules.Delete(ctx, r.ID)
	}
	return o
}

// ruleView shows a rule. There are no address groups here. A remote prefix is
// shown as it was given and in its usual form.
func ruleView(r networkdb.SecurityGroupRule, _ bool) object {
	return object{
		"security_group_id":       r.GroupID,
		"direction":               r.Direction,
		"ethertype":               r.Ethertype,
		"protocol":                r.Protocol,
		"port_range_min":          r.PortMin,
		"port_range_max":          r.PortMax,
		"remote_ip_prefix":        r.RemoteIPPrefix,
		"normalized_cidr":         normalized(r.RemoteIPPrefix),
		"remote_group_id":         r.RemoteGroupID,
		"remote_address_group_id": nil,
	}
}

// normalized writes a prefix in its usual form: 10.0.0.0/24 for 10.0.0.7/24. What
// is no prefix stays as it is: it was checked when the rule was made.
func normalized(prefix *string) *string {
	if prefix == nil {
		return nil
	}
	p, err := parsePrefix(*prefix)
	if err != nil {
		return prefix
	}
	text := p.Masked().String()
	return &text
}

// parsePrefix reads a CIDR, or an address, which is the smallest of them. The bits
// behind the prefix may be set.
func parsePrefix(text string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(text); err == nil {
		return p, nil
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	return address.Prefix(address.BitLen())
}

// createRule adds a rule to a group that the caller sees, unless the group has
// it. The rule belongs to the group's project, whoever adds it.
func (s *Service) createRule(ctx context.Context, tx *networkdb.Store, c nova.Caller, r *networkdb.SecurityGroupRule, _ object) error {
	if err := checkRule(*r); err != nil {
		return err
	}
	group, err := s.groups().find(ctx, tx, c, r.GroupID)
	if err != nil {
		return err
	}
	if r.RemoteGroupID != nil {
		if _, err := s.groups().find(ctx, tx, c, *r.RemoteGroupID); err != nil {
			return err
		}
	}
	// Two rules that do the same would be deleted one by one, to the surprise
	// of whoever deletes the first.
	for _, other := range group.Rules {
		if sameRule(other, *r) {
			return kit.Typed("SecurityGroupRuleExists", nova.Conflict, "Security group rule already exists. Rule id is %s.", other.ID)
		}
	}
	r.ProjectID = group.ProjectID
	made, err := tx.Rules.Create(ctx, *r)
	if err != nil {
		return missingReference(err, groupNotFound(r.GroupID))
	}
	*r = made
	return nil
}

// sameRule reports whether two rules let the same packets pass. Prefixes are
// compared in their usual form, as packets are.
func sameRule(a, b networkdb.SecurityGroupRule) bool {
	return a.Direction == b.Direction && a.Ethertype == b.Ethertype && same(a.Protocol, b.Protocol) &&
		same(a.PortMin, b.PortMin) && same(a.PortMax, b.PortMax) &&
		same(normalized(a.RemoteIPPrefix), normalized(b.RemoteIPPrefix)) && same(a.RemoteGroupID, b.RemoteGroupID)
}

// same compares two values that may be missing.
func same[V comparable](a, b *V) bool { return a == b || a != nil && b != nil && *a == *b }

// checkRule refuses rules whose attributes contradict each other. The texts and
// types are Neutron's, whose misspelt name of the first is part of its API.
func checkRule(r networkdb.SecurityGroupRule) error {
	if r.RemoteIPPrefix != nil && r.RemoteGroupID != nil {
		return kit.Typed("SecurityGroupMultipleRemoteEntites", nova.Invalid,
			"Only one of remote_ip_prefix or remote_group_id or remote_address_group_id may be provided.")
	}
	if err := checkPrefix(r); err != nil {
		return err
	}
	return checkPorts(r)
}

// checkPrefix refuses a prefix that is none, or is of the other IP version.
func checkPrefix(r networkdb.SecurityGroupRule) error {
	if r.RemoteIPPrefix == nil {
		return nil
	}
	prefix, err := parsePrefix(*r.RemoteIPPrefix)
	if err != nil {
		return kit.Typed("InvalidCIDR", nova.Invalid, "Invalid CIDR %s given as IP prefix.", *r.RemoteIPPrefix)
	}
	if prefix.Addr().Is4() != (r.Ethertype == "IPv4") {
		return kit.Typed("SecurityGroupRuleParameterConflict", nova.Invalid,
			"Conflicting value ethertype %s for CIDR %s", r.Ethertype, *r.RemoteIPPrefix)
	}
	return nil
}

// checkPorts checks a range of ports or, for ICMP, a type and a code. A rule
// without a range lets all ports pass.
func checkPorts(r networkdb.SecurityGroupRule) error {
	if r.PortMin == nil && r.PortMax == nil {
		return nil
	}
	switch {
	case r.Protocol == nil:
		return kit.Typed("SecurityGroupProtocolRequiredWithPorts", nova.Invalid, "Must also specify protocol if port range is given.")
	case slices.Contains(icmp, *r.Protocol):
		return checkICMP(r)
	case !slices.Contains(withPorts, *r.Protocol):
		return kit.Typed("SecurityGroupInvalidProtocolForPort", nova.Invalid, "Invalid protocol %s for port range, only supported for %s.",
			*r.Protocol, strings.Join(withPorts, ", "))
	}
	for _, port := range []*int64{r.PortMin, r.PortMax} {
		if port != nil && (*port < 1 || *port > 65535) {
			return kit.Typed("SecurityGroupInvalidPortValue", nova.Invalid, "Invalid value for port %d", *port)
		}
	}
	// TCP and its like need both ends of the range; ICMP does without a code.
	if r.PortMin == nil || r.PortMax == nil || *r.PortMin > *r.PortMax {
		return kit.Typed("SecurityGroupInvalidPortRange", nova.Invalid, "For TCP/UDP protocols, port_range_min must be <= port_range_max")
	}
	return nil
}

// checkICMP checks a type and a code, which come in the place of ports. The
// range's lower end is the type, and its upper end is the code.
func checkICMP(r networkdb.SecurityGroupRule) error {
	if r.PortMin == nil {
		return kit.Typed("SecurityGroupMissingIcmpType", nova.Invalid,
			"ICMP code (port-range-max) %d is provided but ICMP type (port-range-min) is missing.", *r.PortMax)
	}
	for name, value := range map[string]*int64{"type (port_range_min)": r.PortMin, "code (port_range_max)": r.PortMax} {
		if value != nil && (*value < 0 || *value > 255) {
			return kit.Typed("SecurityGroupInvalidIcmpValue", nova.Invalid, "Invalid value for ICMP %s %d. It must be 0 to 255.", name, *value)
		}
	}
	return nil
}

// Neutron's names of protocols; the numbers and names of ICMP; and those of the
// protocols that have ports.
var (
	protocols = strings.Fields(`ah dccp egp esp gre hopopt icmp igmp ip ipip ipv6-encap ipv6-frag ipv6-icmp icmpv6 ipv6-nonxt
		ipv6-opts ipv6-route ospf pgm rsvp sctp tcp udp udplite vrrp`)
	icmp      = strings.Fields("icmp icmpv6 ipv6-icmp 1 58")
	withPorts = strings.Fields("dccp sctp tcp udp udplite 33 132 6 17 136")
)

// setProtocol takes the name or the number of a protocol; null, any and ip mean
// all. It is kept in lower case, and as a number where it was given as one.
func setProtocol(r *networkdb.SecurityGroupRule, _ string, value any) error {
	protocol := strings.ToLower(plain(value))
	n, err := strconv.Atoi(protocol)
	// Protocols without a name here are known by their number.
	isNumber := err == nil && n >= 0 && n <= 255
	switch {
	case value == nil || protocol == "any":
		r.Protocol = nil
	case slices.Contains(protocols, protocol) || isNumber:
		r.Protocol = &protocol
	default:
		return kit.Typed("SecurityGroupRuleInvalidProtocol", nova.Invalid,
			"Security group rule protocol %s not supported. Only protocol values [None, '%s'] and integer representations [0 to 255] are supported.",
			protocol, strings.Join(protocols, "', '"))
	}
	return nil
}

// setEthertype takes IPv4 or IPv6 in any case. Clients write it in lower case, and
// it is shown as Neutron writes it.
func setEthertype(r *networkdb.SecurityGroupRule, _ string, value any) error {
	for _, ethertype := range []string{"IPv4", "IPv6"} {
		if strings.EqualFold(ethertype, plain(value)) {
			r.Ethertype = ethertype
			return nil
		}
	}
	return kit.Typed("SecurityGroupRuleInvalidEtherType", nova.Invalid,
		"Security group rule for ethertype '%s' not supported. Allowed values are ['IPv4', 'IPv6'].", plain(value))
}
