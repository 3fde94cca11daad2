package imagedb

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// An Filter says which images a list is of.
type Filter struct {
	Project      string // who asks
	Admin        bool   // and sees what belongs to others
	Visibility   string // empty for what a list shows by itself; all, or one of the four
	MemberStatus string // of images shared with the project; empty for accepted, or all
	Hidden       bool
	Protected    *bool
	Tags         []string            // all of them
	Match        map[string][]string // one value of each; a name that is no column is a property's
	MinSize      *int64              // bytes
	MaxSize      *int64
	Times        []TimeFilter
}

// An TimeFilter compares created_at or updated_at with a time.
type TimeFilter struct {
	Column string
	Op     string // =, !=, <, <=, > or >=
	At     time.Time
}

// matchColumns are the columns that a filter may ask to equal something, as
// text.
var matchColumns = map[string]string{
	"id": "id", "name": "name", "owner": "owner", "status": "status", "disk_format": "disk_format",
	"container_format": "container_format", "checksum": "checksum", "os_hash_value": "os_hash_value",
	"min_disk": "CAST(min_disk AS TEXT)", "min_ram": "CAST(min_ram AS TEXT)", "size": "CAST(size AS TEXT)",
	"os_hash_algo": "CASE WHEN os_hash_value IS NULL THEN NULL ELSE 'sha512' END",
}

// sortKeys are the keys that images can be sorted by.
var sortKeys = rows.SortKeys{
	"name": "COALESCE(name, '')", "status": "status", "id": "id", "size": "COALESCE(size, -1)",
	"container_format": "COALESCE(container_format, '')", "disk_format": "COALESCE(disk_format, '')",
	"created_at": "created_at", "updated_at": "updated_at",
}

// Images lists the images that the filter's project may see, newest first or
// as the page says.
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
	images, err := rows.All[Image](ctx, s.DB, text, args...)
	if err != nil {
		return nil, fmt.Errorf("list images: %w", err)
	}
	return images, s.addDetails(ctx, images)
}

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

// visible adds who may see what: everybody what is public, and on request what
// is for the community; a project what it owns, and what it is shared with;
// an administrator everything.
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
		if f.Admin { // others' community images aren't listed, unless asked for
			own, ownArgs = "(visibility <> 'community' OR owner = ?)", []any{f.Project}
		}
		q.And("("+own+" OR visibility = 'public' OR "+shared+")", append(ownArgs, sharedArgs...)...)
	}
}

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
