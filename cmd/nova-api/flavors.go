package main

import (
	"context"

	"github.com/nova-api/nova-api/internal/nova"
)

// seedFlavors are the flavors of a new cloud.
var seedFlavors = []nova.Flavor{
	{ID: "42", Name: "m1.nano", RAM: 64, Disk: 1, VCPUs: 1},
	{ID: "1", Name: "m1.tiny", RAM: 512, Disk: 1, VCPUs: 1},
	{ID: "2", Name: "m1.small", RAM: 2048, Disk: 20, VCPUs: 1},
	{ID: "3", Name: "m1.medium", RAM: 4096, Disk: 40, VCPUs: 2},
	{ID: "4", Name: "m1.large", RAM: 8192, Disk: 80, VCPUs: 4},
	{ID: "5", Name: "m1.xlarge", RAM: 16384, Disk: 160, VCPUs: 8},
}

// seedFlavors creates the flavors of a new cloud. It runs before the identity
// service is seeded, because a seeded identity service marks a cloud as complete: so
// the next start finishes an interrupted one, and flavors that an operator deletes
// stay deleted.
func (b *bundled) seedFlavors(ctx context.Context) error {
	began, err := b.identity.Seeded(ctx)
	if err != nil || began {
		return err
	}
	for _, flavor := range seedFlavors {
		flavor.RxTx, flavor.Public = 1, true
		if _, err := b.store.CreateFlavor(ctx, flavor); err != nil && !nova.Is(err, nova.Conflict) {
			return err
		}
	}
	return nil
}
