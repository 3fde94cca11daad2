package views

import "github.com/nova-api/nova-api/internal/nova"

// Extensions renders the parts that the API was once put together from.
type Extensions struct{}

// Index lists extensions. There are no links to further pages.
func (v Extensions) Index(r Request, extensions []nova.Extension) Dict {
	return Dict{{"extensions", each(r, extensions, v.extension)}}
}

// Show renders one extension.
func (v Extensions) Show(r Request, e nova.Extension) Dict {
	return Dict{{"extension", v.extension(r, e)}}
}

// extension shows the same namespace and date for all extensions, as Nova does.
func (Extensions) extension(_ Request, e nova.Extension) Dict {
	return Dict{
		{"alias", e.Alias},
		{"description", e.Name},
		{"links", []Dict{}},
		{"name", e.Name},
		{"namespace", "http://docs.openstack.org/compute/ext/fake_xml"}, // nobody was to rely on these two
		{"updated", "2014-12-03T00:00:00Z"},
	}
}
