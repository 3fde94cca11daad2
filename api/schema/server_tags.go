package schema

import (
	"github.com/nova-api/nova-api/internal/microversion"
	"github.com/nova-api/nova-api/internal/nova"
)

// The bodies of /servers/{id}/tags: PUT of the list, and of one tag, which
// stands in the path.
var (
	ServerTagsReplace = NewBody(Object(Prop("tags", Array(Tag).Items(0, MaxTags)).Required()))
	ServerTagUpdate   = NewBody(None)
)

// MaxTags is the number of tags that a server may have.
const MaxTags = 50

// CheckTag returns the fault in a tag in a path, in the words of a schema, and
// an empty text for a good tag.
func CheckTag(tag string) string {
	return nova.Message(tagInPath.at(microversion.Max).check(tag, nil, failure.bodyError))
}

var tagInPath = NewBody(Tag)

// ServerTagsReplaceBody is ServerTagsReplace, decoded.
type ServerTagsReplaceBody struct {
	Tags []string `json:"tags"`
}
