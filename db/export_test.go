package db

// UsedPart is the query that UsedServers makes of each part, for tests of how
// the database finds its rows.
var UsedPart = usedPart
