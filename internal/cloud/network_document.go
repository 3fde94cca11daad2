package cloud

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/nova-api/nova-api/internal/nova"
)

// A networkDocument is a network as the network service shows it.
type networkDocument struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	ProjectID string   `json:"tenant_id"`
	Shared    bool     `json:"shared"`
	External  bool     `json:"router:external"`
	SubnetIDs []string `json:"subnets"`
}

func (d networkDocument) network() nova.Network { return nova.Network(d) }

// A portDocument is a port as the network service shows it. The host is for
// administrators only.
type portDocument struct {
	ID          string `json:"id"`
	NetworkID   string `json:"network_id"`
	ProjectID   string `json:"tenant_id"`
	DeviceID    string `json:"device_id"`
	DeviceOwner string `json:"device_owner"`
	Host        string `json:"binding:host_id"`
	MAC         string `json:"mac_address"`
	Status      string `json:"status"`
	FixedIPs    []struct {
		SubnetID string `json:"subnet_id"`
		Address  string `json:"ip_address"`
	} `json:"fixed_ips"`
	IPAllocation   string   `json:"ip_allocation"`
	DNSName        string   `json:"dns_name"`
	VIFType        string   `json:"binding:vif_type"`
	SecurityGroups []string `json:"security_groups"`
	Filtered       *bool    `json:"port_security_enabled"` // nil where the service has no such thing
	Revision       int64    `json:"revision_number"`
	Profile        struct {
		Mark string `json:"attached_by"`
	} `json:"binding:profile"`
}

func (d portDocument) port() nova.Port {
	ips := make([]nova.FixedIP, len(d.FixedIPs))
	for i, ip := range d.FixedIPs {
		ips[i] = nova.FixedIP(ip)
	}
	return nova.Port{
		ID:             d.ID,
		NetworkID:      d.NetworkID,
		ProjectID:      d.ProjectID,
		DeviceID:       d.DeviceID,
		DeviceOwner:    d.DeviceOwner,
		Host:           d.Host,
		MAC:            d.MAC,
		Status:         d.Status,
		FixedIPs:       ips,
		IPAllocation:   d.IPAllocation,
		DNSName:        d.DNSName,
		VIFType:        d.VIFType,
		SecurityGroups: d.SecurityGroups,
		Unfiltered:     d.Filtered != nil && !*d.Filtered,
		Mark:           d.Profile.Mark,
		Revision:       d.Revision,
	}
}

// A groupDocument is a security group as the network service shows it.
type groupDocument struct {
	ID          string         `json:"id"`
	Name        string         `json:"name"`
	ProjectID   string         `json:"tenant_id"`
	Description string         `json:"description"`
	Rules       []ruleDocument `json:"security_group_rules"`
}

func (d groupDocument) group() nova.SecurityGroup {
	group := nova.SecurityGroup{ID: d.ID, Name: d.Name, ProjectID: d.ProjectID, Description: d.Description}
	for _, rule := range d.Rules {
		group.Rules = append(group.Rules, rule.rule())
	}
	return group
}

// A ruleDocument is a rule of a security group as the network service shows it.
type ruleDocument struct {
	ID            string  `json:"id"`
	GroupID       string  `json:"security_group_id"`
	Direction     string  `json:"direction"`
	Ethertype     string  `json:"ethertype"`
	Protocol      *string `json:"protocol"`
	PortMin       *int    `json:"port_range_min"`
	PortMax       *int    `json:"port_range_max"`
	RemoteGroupID *string `json:"remote_group_id"`
	Prefix        *string `json:"remote_ip_prefix"`
}

func (d ruleDocument) rule() nova.SecurityRule { return nova.SecurityRule(d) }

// A floatingDocument is a floating address as the network service shows it.
type floatingDocument struct {
	ID        string `json:"id"`
	NetworkID string `json:"floating_network_id"`
	ProjectID string `json:"tenant_id"`
	Address   string `json:"floating_ip_address"`
	PortID    string `json:"port_id"`
	FixedIP   string `json:"fixed_ip_address"`
}

func (d floatingDocument) address() nova.FloatingIP { return nova.FloatingIP(d) }

// list reads all pages of a collection of the network service.
func list[D, T any](ctx context.Context, c conn, collection string, query url.Values, noun func(D) T) ([]T, error) {
	return pages(ctx, c, strings.ReplaceAll(collection, "-", "_"), collection, query, nil, noun, func(err error) error { return c.fault(err) })
}

// pages reads all pages of a collection, which stands below a key in the answers.
func pages[D, T any](
	ctx context.Context, c conn, key, collection string, query url.Values, headers map[string]string, noun func(D) T, fault func(error) error,
) ([]T, error) {
	var all []T
	for {
		var page map[string]json.RawMessage
		if err := c.call(ctx, collection, query, http.MethodGet, &gophercloud.RequestOpts{JSONResponse: &page, MoreHeaders: headers}); err != nil {
			return nil, fault(err)
		}
		var documents []D
		if err := json.Unmarshal(page[key], &documents); err != nil {
			return nil, fmt.Errorf("%s service: list of %s: %w", c.service.name, collection, err)
		}
		for _, d := range documents {
			all = append(all, noun(d))
		}
		next, err := nextPage(page[key+"_links"])
		if err != nil {
			return nil, fmt.Errorf("%s service: list of %s: %w", c.service.name, collection, err)
		}
		if len(documents) == 0 || next.Get("marker") == "" || next.Get("marker") == query.Get("marker") {
			return all, nil
		}
		query = next
	}
}

// nextPage is the query for what follows; empty if nothing does.
func nextPage(links json.RawMessage) (url.Values, error) {
	if len(links) == 0 {
		return nil, nil
	}
	var all []struct {
		Rel  string `json:"rel"`
		Href string `json:"href"`
	}
	if err := json.Unmarshal(links, &all); err != nil {
		return nil, fmt.Errorf("links: %w", err)
	}
	for _, link := range all {
		if link.Rel == "next" {
			u, err := url.Parse(link.Href)
			if err != nil {
				return nil, fmt.Errorf("link to the next page: %w", err)
			}
			return u.Query(), nil
		}
	}
	return nil, nil
}
