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

// MaxTags is how many tags a server may have.
const MaxTags = 50

// CheckTag finds out what is wrong with a tag in a path, in the words of a
// schema. It is "" if the tag is good.
func CheckTag(tag string) string {
	return nova.Message(tagInPath.at(microversion.Max).check(tag, nil, failure.bodyError))
}

var tagInPath = NewBody(Tag)

// ServerTagsReplaceBody is ServerTagsReplace, decoded.
type ServerTagsReplaceBody struct {
	Tags []string `json:"tags"`
}
