package nova

import "time"

// A ServerGroup says how its members are to be spread over hosts.
type ServerGroup struct {
	Serial           int64       `db:"id"`
	ID               string      `db:"uuid"`
	Name             string      `db:"name"`
	Policy           GroupPolicy `db:"policy"`
	MaxServerPerHost *int        `db:"max_server_per_host"` // a rule of anti-affinity, since 2.64; nil for none
	ProjectID        string      `db:"project_id"`
	UserID           string      `db:"user_id"`
	CreatedAt        time.Time   `db:"created_at"`
	Members          []string    `db:"-"` // IDs of servers that are not deleted, oldest first
}

// A GroupPolicy is a rule on where the members of a group may run.
type GroupPolicy string

// The policies. The soft ones are a wish and not a condition, since 2.15.
const (
	Affinity         GroupPolicy = "affinity"
	AntiAffinity     GroupPolicy = "anti-affinity"
	SoftAffinity     GroupPolicy = "soft-affinity"
	SoftAntiAffinity GroupPolicy = "soft-anti-affinity"
)

// Owner is the project and the user that the group belongs to.
func (g ServerGroup) Owner() (projectID, userID string) { return g.ProjectID, g.UserID }

// PerHost is how many members one host may have: 0 for any number.
func (g ServerGroup) PerHost() int {
	switch {
	case g.Policy != AntiAffinity:
		return 0
	case g.MaxServerPerHost == nil:
		return 1
	}
	return *g.MaxServerPerHost
}
