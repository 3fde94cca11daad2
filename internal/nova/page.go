package nova

// A Page says which part of a list is wanted, and in which order.
type Page struct {
	Limit  int    // how many at the most
	Marker string // the ID of the last item of the page before; empty for the first
	Offset int    // how many to pass over, in the few lists that have no marker
	Sort   []Sort // empty for the list's own order
}

// A Sort is one key of an order.
type Sort struct {
	Key  string
	Desc bool
}
