package views

import "github.com/nova-api/nova-api/internal/policy"

// A Request is what views need to know of a request: its version, the rights of
// its caller, and how addresses begin.
type Request interface {
	AtLeast(minor int) bool
	Can(rule policy.Rule) bool
	IsAdmin() bool
	URL(path ...string) string
	Bookmark(path ...string) string
	NextURL(path, marker string) string
	Limit() int
}

// A link is an address of something.
type link struct{ rel, mediaType, href string }

// AppendJSON writes the link as JSON: without a dict, since each server has five.
func (l link) AppendJSON(to []byte) []byte {
	to = appendString(append(to, `{"rel":`...), l.rel)
	if l.mediaType != "" {
		to = appendString(append(to, `,"type":`...), l.mediaType)
	}
	return append(appendString(append(to, `,"href":`...), l.href), '}')
}

// addressed is where something is found.
type addressed []link

// AppendJSON writes the links as JSON.
func (a addressed) AppendJSON(to []byte) []byte {
	return appendList(to, a, func(to []byte, l link) []byte { return l.AppendJSON(to) })
}

// links point at a member by its versioned and by its lasting address.
func links(r Request, collection, id string) addressed {
	return addressed{{rel: "self", href: r.URL(collection, id)}, {rel: "bookmark", href: r.Bookmark(collection, id)}}
}

// bookmark points at a member by its lasting address alone, as parts of other
// documents do.
func bookmark(r Request, collection, id string) addressed {
	return addressed{{rel: "bookmark", href: r.Bookmark(collection, id)}}
}

// each renders all items, in their order: an empty list for none, never null. It does
// so while the response is written, so that a long list is never there as a whole.
func each[T any](r Request, items []T, view func(Request, T) Dict) rendering[T] {
	return rendering[T]{r, items, view}
}

// A rendering is a list whose items are yet to be rendered.
type rendering[T any] struct {
	r     Request
	items []T
	view  func(Request, T) Dict
}

// AppendJSON renders the items one by one, and writes them as JSON.
func (l rendering[T]) AppendJSON(to []byte) []byte {
	return appendList(to, l.items, func(to []byte, item T) []byte { return l.view(l.r, item).AppendJSON(to) })
}

// list renders a collection under its key, and a link to the next page if this
// one is full.
func list[T any](r Request, key, path string, items []T, id func(T) string, view func(Request, T) Dict) Dict {
	return Dict{
		{key, each(r, items, view)},
		nextPage(r, key+"_links", path, items, id),
	}
}

// nextPage is the link to the page after a full one. A page is full if it holds
// as many items as the client asked for, even if nothing follows; an empty page
// never is. _get_collection_links in nova/api/openstack/common.py does the
// same.
func nextPage[T any](r Request, key, path string, items []T, id func(T) string) Field {
	if len(items) == 0 || len(items) < r.Limit() {
		return Field{key, nil}.If(false)
	}
	marker := id(items[len(items)-1])
	return Field{key, addressed{{rel: "next", href: r.NextURL(path, marker)}}}
}

// ID answers with the ID of work that was begun.
func ID(id string) Dict { return Dict{{"id", id}} }
