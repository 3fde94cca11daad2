// Package networkdb is the store of the bundled network service: networks,
// subnets, ports and their addresses, security groups, routers, floating IPs
// and the limits of projects.
package networkdb

import (
	"context"

	"github.com/nova-api/nova-api/db/rows"
)

// A Store reads and writes everything that the network service remembers. The
// Store that Tx passes to its function is the same with a transaction inside.
type Store struct {
	*rows.DB

	Networks    Table[Network]
	Subnets     Table[Subnet]
	Ports       Table[Port]
	Groups      Table[SecurityGroup]
	Rules       Table[SecurityGroupRule]
	Routers     Table[Router]
	FloatingIPs Table[FloatingIP]
}

// New makes a Store on an open database.
func New(d *rows.DB) *Store {
	return &Store{
		DB:          d,
		Networks:    Table[Network]{d, &networks},
		Subnets:     Table[Subnet]{d, &subnets},
		Ports:       Table[Port]{d, &ports},
		Groups:      Table[SecurityGroup]{d, &groups},
		Rules:       Table[SecurityGroupRule]{d, &rules},
		Routers:     Table[Router]{d, &routers},
		FloatingIPs: Table[FloatingIP]{d, &floatingIPs},
	}
}

// Tx runs f in a transaction; see rows.DB.Tx.
func (s *Store) Tx(ctx context.Context, f func(tx *Store) error) error {
	return s.DB.Tx(ctx, func(tx *rows.DB) error { return f(New(tx)) })
}
