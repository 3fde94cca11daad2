package db

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// A NetworkRecord is what all things of the bundled network service have.
type NetworkRecord struct {
	Serial      int64     `db:"serial"`
	ID          string    `db:"id"`
	ProjectID   string    `db:"project_id"`
	Description string    `db:"description"`
	Revision    int64     `db:"revision"` // how often it has been changed
	CreatedAt   time.Time `db:"created_at"`
	UpdatedAt   time.Time `db:"updated_at"`
}

func (r *NetworkRecord) record() *NetworkRecord { return r }

// Record gives what a thing has in common with all others.
func (r NetworkRecord) Record() NetworkRecord { return r }

// A Network is one that ports can be put on.
type Network struct {
	NetworkRecord
	Name             string   `db:"name"`
	AdminStateUp     bool     `db:"admin_state_up"`
	Shared           bool     `db:"shared"`   // every project may use it
	External         bool     `db:"external"` // routers may have a gateway on it
	IsDefault        bool     `db:"is_default"`
	PortSecurity     bool     `db:"port_security"` // for ports that don't say
	MTU              int64    `db:"mtu"`
	ProviderType     string   `db:"provider_type"` // vxlan, flat, …
	ProviderPhysical *string  `db:"provider_physical"`
	ProviderSegment  *int64   `db:"provider_segment"`
	SubnetIDs        []string `db:"-"`
}

// A Router joins networks.
type Router struct {
	NetworkRecord
	Name             string                 `db:"name"`
	AdminStateUp     bool                   `db:"admin_state_up"`
	EnableSNAT       bool                   `db:"enable_snat"`
	Routes           rows.JSON[[]HostRoute] `db:"routes"`
	GatewayNetworkID *string                `db:"gateway_network_id"` // nil without a gateway
	GatewayPortID    *string                `db:"gateway_port_id"`
	GatewayIPs       []FixedIP              `db:"-"`
}

// A FloatingIP is an address of an external network that leads to a port.
type FloatingIP struct {
	NetworkRecord
	NetworkID string  `db:"network_id"`
	Address   string  `db:"address"`
	OwnPortID string  `db:"own_port_id"` // keeps the address
	PortID    *string `db:"port_id"`     // where it leads to; nil for nowhere
	FixedIP   string  `db:"fixed_ip_address"`
	RouterID  *string `db:"router_id"`
}

// NetworkTables is what the bundled network service keeps, a table for each
// kind of thing.
type NetworkTables struct {
	Networks    NetworkTable[Network]
	Subnets     NetworkTable[Subnet]
	Ports       NetworkTable[Port]
	Groups      NetworkTable[SecurityGroup]
	Rules       NetworkTable[SecurityGroupRule]
	Routers     NetworkTable[Router]
	FloatingIPs NetworkTable[FloatingIP]
}

// Network gives the tables of the bundled network service.
func (s *Store) Network() NetworkTables {
	return NetworkTables{
		Networks: NetworkTable[Network]{s, networkKind[Network]{
			table: "network_networks",
			columns: `name admin_state_up shared external is_default port_security mtu provider_type provider_physical
				provider_segment`,
			visible: "project_id = ? OR shared OR external",
			record:  func(n *Network) *NetworkRecord { return n.record() },
			load:    (*Store).loadNetworks,
		}},
		Subnets: NetworkTable[Subnet]{s, networkKind[Subnet]{
			table: "network_subnets",
			columns: `network_id name ip_version cidr gateway_ip enable_dhcp allocation_pools dns_nameservers host_routes
				service_types ipv6_ra_mode ipv6_address_mode`,
			visible: "project_id = ? OR network_id IN (SELECT id FROM network_networks WHERE shared)",
			record:  func(n *Subnet) *NetworkRecord { return n.record() },
		}},
		Ports: NetworkTable[Port]{s, networkKind[Port]{
			table: "network_ports",
			columns: `network_id name mac_address admin_state_up status device_id device_owner host vnic_type profile
				allowed_address_pairs extra_dhcp_opts dns_name port_security`,
			visible: "project_id = ? OR network_id IN (SELECT id FROM network_networks WHERE project_id = ?)",
			record:  func(n *Port) *NetworkRecord { return n.record() },
			load:    (*Store).loadPorts,
		}},
		Groups: NetworkTable[SecurityGroup]{s, networkKind[SecurityGroup]{
			table: "network_security_groups", columns: "name stateful", visible: "project_id = ?",
			record: func(n *SecurityGroup) *NetworkRecord { return n.record() },
			load:   (*Store).loadGroups,
		}},
		Rules: NetworkTable[SecurityGroupRule]{s, networkKind[SecurityGroupRule]{
			table: "network_security_group_rules", visible: "project_id = ?",
			columns: "security_group_id direction ethertype protocol port_range_min port_range_max remote_ip_prefix remote_group_id",
			record:  func(n *SecurityGroupRule) *NetworkRecord { return n.record() },
		}},
		Routers: NetworkTable[Router]{s, networkKind[Router]{
			table: "network_routers", visible: "project_id = ?",
			columns: "name admin_state_up enable_snat routes gateway_network_id gateway_port_id",
			record:  func(n *Router) *NetworkRecord { return n.record() },
			load:    (*Store).loadRouters,
		}},
		FloatingIPs: NetworkTable[FloatingIP]{s, networkKind[FloatingIP]{
			table: "network_floatingips", visible: "project_id = ?",
			columns: "network_id address own_port_id port_id fixed_ip_address router_id",
			record:  func(n *FloatingIP) *NetworkRecord { return n.record() },
		}},
	}
}

// A networkKind is the name and shape of one table.
type networkKind[T any] struct {
	table   string
	columns string // beside those of a NetworkRecord
	visible string // which rows a project sees; each ? is the project
	record  func(*T) *NetworkRecord
	load    func(s *Store, ctx context.Context, things []T) error // fetches what is in other tables
}

const recordColumns = "id project_id description revision created_at updated_at"

func (k networkKind[T]) names() []string { return strings.Fields(recordColumns + " " + k.columns) }

func (k networkKind[T]) sql() string { return "serial, " + strings.Join(k.names(), ", ") }

// A NetworkTable keeps one kind of thing, by ID.
type NetworkTable[T any] struct {
	s    *Store
	kind networkKind[T]
}

// A NetworkList says which things are wanted.
type NetworkList struct {
	Project string           // only what this project sees; empty for everything
	Match   map[string][]any // one of the values, by column
	Where   []NetworkWhere
	Page    nova.Page // a limit of 0 is none
}

// A NetworkWhere is a condition that isn't about a column of the thing itself.
// Its SQL comes from the tables in code.
type NetworkWhere struct {
	sql  string
	args []any
}

// Get reads one thing that the project sees; an empty project sees everything.
func (t NetworkTable[T]) Get(ctx context.Context, project, id string) (T, error) {
	found, err := t.List(ctx, NetworkList{Project: project, Match: map[string][]any{"id": {id}}})
	if err != nil || len(found) == 0 {
		var none T
		return none, orNoRows(err)
	}
	return found[0], nil
}

func orNoRows(err error) error {
	if err == nil {
		return rows.ErrNoRows
	}
	return err
}

// List reads things in the order of their IDs, or as the page says.
func (t NetworkTable[T]) List(ctx context.Context, l NetworkList) ([]T, error) {
	var q rows.Query
	if l.Project != "" {
		q.And("("+t.kind.visible+")", rows.Repeat(l.Project, strings.Count(t.kind.visible, "?"))...)
	}
	names := t.kind.names()
	for _, column := range slices.Sorted(maps.Keys(l.Match)) {
		if !slices.Contains(names, column) { // columns come from tables in code
			return nil, fmt.Errorf("%s has no column %q", t.kind.table, column)
		}
		q.And(column+" IN (?)", l.Match[column])
	}
	for _, where := range l.Where {
		q.And(where.sql, where.args...)
	}
	order, err := t.sorts(names).Keyset(&q, rows.KeysetTable{Name: t.kind.table, Marker: "id", Serial: "id"}, l.Page)
	if err != nil {
		return nil, err
	}
	limit := ""
	if l.Page.Limit > 0 {
		limit = fmt.Sprintf(" LIMIT %d", l.Page.Limit)
	}
	text, args, err := rows.In("SELECT "+t.kind.sql()+" FROM "+t.kind.table+" WHERE "+q.Where()+" ORDER BY "+order+limit, q.Args...)
	if err != nil {
		return nil, err
	}
	things, err := rows.All[T](ctx, t.s.DB, text, args...)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", t.kind.table, err)
	}
	return things, t.load(ctx, things)
}

// sorts are the columns that a list can be sorted by: those that are never
// NULL, and the others with NULL as nothing.
func (t NetworkTable[T]) sorts(names []string) rows.SortKeys {
	sorts := rows.SortKeys{}
	for _, name := range names {
		sorts[name] = name
		if slices.Contains(nullableText, name) {
			sorts[name] = "COALESCE(" + name + ", '')"
		}
		if slices.Contains(nullableNumbers, name) {
			sorts[name] = "COALESCE(" + name + ", -1)"
		}
	}
	return sorts
}

var (
	nullableText = strings.Fields(`provider_physical gateway_ip ipv6_ra_mode ipv6_address_mode protocol remote_ip_prefix
		remote_group_id gateway_network_id gateway_port_id port_id router_id`)
	nullableNumbers = strings.Fields("provider_segment port_range_min port_range_max")
)

func (t NetworkTable[T]) load(ctx context.Context, things []T) error {
	if t.kind.load == nil || len(things) == 0 {
		return nil
	}
	return t.kind.load(t.s, ctx, things)
}

// Create keeps a new thing, and gives it its times: Conflict if something that
// must be unique is taken, or what it belongs to isn't there.
func (t NetworkTable[T]) Create(ctx context.Context, v T) (T, error) {
	r := t.kind.record(&v)
	r.CreatedAt = t.s.NowInSeconds()
	r.UpdatedAt = r.CreatedAt
	names := strings.Join(t.kind.names(), ", ")
	values := ":" + strings.Join(t.kind.names(), ", :")
	changed, err := t.write(ctx, "INSERT INTO "+t.kind.table+" ("+names+") VALUES ("+values+") ON CONFLICT DO NOTHING", v)
	if err == nil && changed == 0 {
		err = ErrTaken
	}
	return v, err
}

// ErrTaken is what Create and Change answer if something that must be unique
// is taken.
var ErrTaken = nova.Errorf(nova.Conflict, "There is one already.")

// Change reads a thing, lets change alter it, and keeps the result, with
// nobody in between. What else must be true together with it belongs into
// change, which is handed the transaction.
func (t NetworkTable[T]) Change(ctx context.Context, id string, change func(tx *Store, v *T) error) (T, error) {
	var v T
	err := t.s.Tx(ctx, func(tx *Store) error {
		in := NetworkTable[T]{tx, t.kind}
		_, err := rows.Get[int64](ctx, tx.DB, "SELECT serial FROM "+t.kind.table+" WHERE id = ? "+tx.ForUpdate(), id)
		if err != nil {
			return err
		}
		if v, err = in.Get(ctx, "", id); err != nil {
			return err
		}
		if err := change(tx, &v); err != nil {
			return err
		}
		r := t.kind.record(&v)
		r.Revision++
		r.UpdatedAt = tx.NowInSeconds()
		sets := []string{}
		for _, name := range t.kind.names() {
			sets = append(sets, name+" = :"+name)
		}
		_, err = in.write(ctx, "UPDATE "+t.kind.table+" SET "+strings.Join(sets, ", ")+" WHERE id = :id", v)
		return err
	})
	return v, err
}

// Delete drops a thing and what belongs to it: NotFound if there is none,
// Conflict if something else needs it.
func (t NetworkTable[T]) Delete(ctx context.Context, id string) error {
	changed, err := rows.Exec(ctx, t.s.DB, "DELETE FROM "+t.kind.table+" WHERE id = ?", id)
	if err == nil && changed == 0 {
		return rows.ErrNoRows
	}
	return err
}

// Count tells how many of them a project has.
func (t NetworkTable[T]) Count(ctx context.Context, project string) (int64, error) {
	return rows.Get[int64](ctx, t.s.DB, "SELECT COUNT(*) FROM "+t.kind.table+" WHERE project_id = ?", project)
}

func (t NetworkTable[T]) write(ctx context.Context, text string, v T) (int64, error) {
	text, args, err := rows.Named(text, v)
	if err != nil {
		return 0, err
	}
	return rows.Exec(ctx, t.s.DB, text, args...)
}

func (s *Store) loadNetworks(ctx context.Context, networks []Network) error {
	ids, at := make([]string, len(networks)), make(map[string]*Network, len(networks))
	for i := range networks {
		ids[i], at[networks[i].ID] = networks[i].ID, &networks[i]
		networks[i].SubnetIDs = []string{}
	}
	q, args, err := rows.In("SELECT id, network_id FROM network_subnets WHERE network_id IN (?) ORDER BY serial", ids)
	if err != nil {
		return err
	}
	subnets, err := rows.All[struct {
		ID        string `db:"id"`
		NetworkID string `db:"network_id"`
	}](ctx, s.DB, q, args...)
	for _, subnet := range subnets {
		at[subnet.NetworkID].SubnetIDs = append(at[subnet.NetworkID].SubnetIDs, subnet.ID)
	}
	return err
}

func (s *Store) loadRouters(ctx context.Context, routers []Router) error {
	ports := []string{}
	for i := range routers {
		routers[i].GatewayIPs = []FixedIP{}
		if routers[i].GatewayPortID != nil {
			ports = append(ports, *routers[i].GatewayPortID)
		}
	}
	ips, err := s.fixedIPs(ctx, ports)
	for i := range routers {
		if routers[i].GatewayPortID != nil {
			routers[i].GatewayIPs = append(routers[i].GatewayIPs, ips[*routers[i].GatewayPortID]...)
		}
	}
	return err
}
