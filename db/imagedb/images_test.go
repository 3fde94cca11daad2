package imagedb_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/imagedb"
	"github.com/nova-api/nova-api/internal/nova"
)

// each runs a test on every database, with a store of its own.
func each(t *testing.T, test func(t *testing.T, s *imagedb.Store)) {
	t.Helper()
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) { test(t, imagedb.New(s.DB)) })
}

// filled is an image with a value other than the zero one in every field, so
// that a field without a column shows up.
func filled(t *testing.T) imagedb.Image {
	t.Helper()
	var image imagedb.Image
	fields := reflect.ValueOf(&image).Elem()
	for i := range fields.NumField() {
		name := fields.Type().Field(i).Name
		switch field := fields.Field(i).Addr().Interface().(type) {
		case *string:
			*field = "a " + name
		case **string:
			text := "a " + name
			*field = &text
		case *int64:
			*field = int64(i + 1)
		case **int64:
			number := int64(i + 1)
			*field = &number
		case *bool:
			*field = true
		case *map[string]string:
			*field = map[string]string{"one": name, "two": ""}
		case *[]string:
			*field = []string{"a " + name, "b"}
		case *time.Time: // given by the store
		default:
			t.Fatalf("Image.%s has a type that the test doesn't know", name)
		}
	}
	return image
}

func TestImages_KeepEveryField(t *testing.T) {
	each(t, func(t *testing.T, s *imagedb.Store) {
		given := cmpopts.IgnoreFields(imagedb.Image{}, "Serial", "CreatedAt", "UpdatedAt")
		want := filled(t)
		if _, err := s.Create(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		got, err := s.Image(t.Context(), want.ID)
		if diff := cmp.Diff(want, got, given); diff != "" || err != nil {
			t.Errorf("created: %v %s", err, diff)
		}
		changed := filled(t)
		_, err = s.Change(t.Context(), want.ID, func(i *imagedb.Image) error {
			name := "another"
			changed.Name, changed.Owner, changed.Status, changed.Visibility = &name, name, name, name
			changed.DiskFormat, changed.ContainerFormat = nil, nil
			changed.MinDisk, changed.MinRAM, changed.Protected, changed.Hidden = 90, 91, false, false
			changed.Properties, changed.Tags = map[string]string{"three": "3"}, []string{"c"}
			*i = changed
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err = s.Image(t.Context(), want.ID)
		if diff := cmp.Diff(changed, got, given); diff != "" || err != nil {
			t.Errorf("changed: %v %s", err, diff)
		}
	})
}

func TestChange_KeepsNothingAfterAnError(t *testing.T) {
	each(t, func(t *testing.T, s *imagedb.Store) {
		want, err := s.Create(t.Context(), filled(t))
		if err != nil {
			t.Fatal(err)
		}
		refusal := nova.Errorf(nova.Forbidden, "No.")
		_, err = s.Change(t.Context(), want.ID, func(i *imagedb.Image) error {
			i.Owner, i.Tags = "thief", nil
			return refusal
		})
		got, _ := s.Image(t.Context(), want.ID)
		if !nova.Is(err, nova.Forbidden) || got.Owner != want.Owner || !slices.Equal(got.Tags, want.Tags) {
			t.Errorf("%v left %+v", err, got)
		}
		if _, err := s.Change(t.Context(), "nobody", func(*imagedb.Image) error { return nil }); !nova.Is(err, nova.NotFound) {
			t.Errorf("changed what isn't there: %v", err)
		}
	})
}
