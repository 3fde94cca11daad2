package imagedb

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// A Filter says which images a list holds: those that the caller may see and for
// which every condition is true. The zero value of a field is no condition.
type Filter struct {
	Project      string // the caller's project
	Admin        bool   // the caller sees the images of all projects
	Visibility   string // one of the four, or all; empty for what lists show unasked
	MemberStatus string // of images that are shared with the project, or all; empty for accepted
	Hidden       bool
	Protected    *bool
	Tags         []string            // the image has all of them
	Match        map[string][]string // the attribute or property is one of the values
	MinSize      *int64              // bytes
	MaxSize      *int64
	Times        []TimeFilter
}

// A TimeFilter compares a column with a time.
type TimeFilter struct {
	Column string
	Op     string // =, !=, <, <=, > or >=
	At     time.Time
}

// matchColumns are the attributes that Filter.Match can compare, and the SQL for
// each as text, which is what a query string gives. Any other name is a property.
var matchColumns = map[string]string{
	"id": "id", "name": "name", "owner": "owner", "status": "status", "disk_format": "disk_format",
	"container_format": "container_format", "checksum": "checksum", "os_hash_value": "os_hash_value",
	"min_disk": "CAST(min_disk AS TEXT)", "min_ram": "CAST(min_ram AS TEXT)", "size": "CAST(size AS TEXT)",
	"os_hash_algo": "CASE WHEN os_hash_value IS NULL THEN NULL ELSE 'sha512' END",
}

// sortKeys are the keys that images can be sorted by. What an image may lack
// comes first.
var sortKeys = rows.SortKeys{
	"name": "COALESCE(name, '')", "status": "status", "id": "id", "size": "COALESCE(size, -1)",
	"container_format": "COALESCE(container_format, '')", "disk_format": "COALESCE(disk_format, '')",
	"created_at": "created_at", "updated_at": "updated_at",
}

// Images lists images with their properties and tags, newest first or as the page
// says. The error is Invalid for a sort key that isn't there. The caller checks
// that the marker is an image that the caller of the API may see.
func (s *Store) Images(ctx context.Context, f Filter, p nova.Page) ([]Image, error) {
	q, err := f.query()
	if err != nil {
		return nil, err
	}
	if len(p.Sort) == 0 {
		p.Sort = []nova.Sort{{Key: "created_at", Desc: true}}
	}
	order, err := sortKeys.Keyset(&q, rows.KeysetTable{Name: "image_images", Marker: "id", Serial: "serial"}, p)
	if err != nil {
		return nil, err
	}
	text, args, err := rows.In(`
		SELECT `+columns+`
		FROM image_images
		WHERE `+q.Where()+`
		ORDER BY `+order+`
		LIMIT ?`, append(q.Args, p.Limit)...)
	if err != nil {
		return nil, err
	}
	images, err := rows.All[Image](ctx, s.Lists(), text, args...)
	if err != nil {
		return nil, fmt.Errorf("list images: %w", err)
	}
	return images, s.addDetails(ctx, images)
}

// query puts the conditions into SQL. Nothing that a client has sent becomes part
// of the text.
func (f Filter) query() (rows.Query, error) {
	var q rows.Query
	f.visible(&q)
	q.And("os_hidden = ?", f.Hidden)
	if f.Protected != nil {
		q.And("protected = ?", *f.Protected)
	}
	for _, tag := range f.Tags {
		q.And("id IN (SELECT image_id FROM image_tags WHERE tag = ?)", tag)
	}
	for name, values := range f.Match {
		f.match(&q, name, values)
	}
	if f.MinSize != nil {
		q.And("size >= ?", *f.MinSize)
	}
	if f.MaxSize != nil {
		q.And("size <= ?", *f.MaxSize)
	}
	for _, t := range f.Times {
		if !strings.Contains(" = != < <= > >= ", " "+t.Op+" ") || t.Column != "created_at" && t.Column != "updated_at" {
			return q, fmt.Errorf("compare images by %s %s", t.Column, t.Op) // both come from tables in code
		}
		q.And(t.Column+" "+t.Op+" ?", t.At)
	}
	return q, nil
}

// match compares an attribute or a property with a list of values. A list
// without values, which id=in: asks for, fits no image.
func (f Filter) match(q *rows.Query, name string, values []string) {
	if len(values) == 0 {
		q.And("1 = 0")
		return
	}
	if column, ok := matchColumns[name]; ok {
		q.And(column+" IN (?)", values)
		return
	}
	q.And("id IN (SELECT image_id FROM image_properties WHERE name = ? AND value IN (?))", name, values)
}

// visible adds the condition that the caller may see an image. Everybody sees
// public images and, when asking for them, those of the community. A project sees
// what it owns and what it is a member of. An administrator sees everything, but
// a list shows community images of other projects only when it is asked for them.
func (f Filter) visible(q *rows.Query) {
	own, ownArgs := "owner = ?", []any{f.Project}
	if f.Admin {
		own, ownArgs = "1 = 1", nil
	}
	shared, sharedArgs := f.shared()
	switch f.Visibility {
	case "public", "community":
		q.And("visibility = ?", f.Visibility)
	case "private":
		q.And("visibility = 'private' AND "+own, ownArgs...)
	case "shared":
		q.And("visibility = 'shared' AND ("+own+" OR "+shared+")", append(ownArgs, sharedArgs...)...)
	case "all":
		q.And("("+own+" OR visibility IN ('public', 'community') OR "+shared+")", append(ownArgs, sharedArgs...)...)
	default:
		if f.Admin {
			own, ownArgs = "(visibility <> 'community' OR owner = ?)", []any{f.Project}
		}
		q.And("("+own+" OR visibility = 'public' OR "+shared+")", append(ownArgs, sharedArgs...)...)
	}
}

// shared is the condition that an image is shared with the project, and that the
// project has said to that what the filter asks for.
func (f Filter) shared() (condition string, args []any) {
	condition, args = "visibility = 'shared' AND id IN (SELECT image_id FROM image_members WHERE member_id = ?", []any{f.Project}
	switch f.MemberStatus {
	case "all":
	case "":
		condition, args = condition+" AND status = ?", append(args, "accepted")
	default:
		condition, args = condition+" AND status = ?", append(args, f.MemberStatus)
	}
	return "(" + condition + "))", args
}
