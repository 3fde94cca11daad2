package nova

import "time"

// A Flavor is a size that a server can have.
type Flavor struct {
	Serial      int64      `db:"id"`
	ID          string     `db:"flavorid"`
	Name        string     `db:"name"`
	RAM         int        `db:"memory_mb"` // MB
	VCPUs       int        `db:"vcpus"`
	Disk        int        `db:"root_gb"`      // GB
	Ephemeral   int        `db:"ephemeral_gb"` // GB
	Swap        int        `db:"swap"`         // MB
	RxTx        float64    `db:"rxtx_factor"`
	VCPUWeight  int        `db:"vcpu_weight"`
	Disabled    bool       `db:"disabled"`
	Public      bool       `db:"is_public"`
	Description *string    `db:"description"`
	CreatedAt   time.Time  `db:"created_at"`
	UpdatedAt   *time.Time `db:"updated_at"`

	ExtraSpecs map[string]string `db:"-"`
}
