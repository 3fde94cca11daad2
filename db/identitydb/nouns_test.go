package identitydb_test

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/nova"
)

// TestTable_KeepsEveryField writes things with a value in every field, reads
// them back, changes every field, and reads them again.
func TestTable_KeepsEveryField(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *identitydb.Store, _ identitydb.User) {
		keepsEveryField(t, s.Domains, func(*identitydb.Domain) {})
		inDomain := func(p *identitydb.Project) { p.DomainID, p.ParentID = "default", new("project") }
		if err := s.Projects.Create(t.Context(), identitydb.Project{ID: "project", DomainID: "default"}); err != nil {
			t.Fatal(err)
		}
		keepsEveryField(t, s.Projects, inDomain)
		keepsEveryField(t, s.Users, func(u *identitydb.User) { u.DomainID, u.DefaultProjectID = "default", new("project") })
		keepsEveryField(t, s.Roles, func(*identitydb.Role) {})
		if err := s.Regions.Create(t.Context(), identitydb.Region{ID: "region"}); err != nil {
			t.Fatal(err)
		}
		keepsEveryField(t, s.Regions, func(r *identitydb.Region) { r.ParentID = new("region") })
		if err := s.Services.Create(t.Context(), identitydb.Service{ID: "service"}); err != nil {
			t.Fatal(err)
		}
		keepsEveryField(t, s.Services, func(*identitydb.Service) {})
		keepsEveryField(t, s.Endpoints, func(e *identitydb.Endpoint) { e.ServiceID, e.RegionID = "service", new("region") })
	})
}

// keepsEveryField tests one table. refer points a thing to others that exist.
func keepsEveryField[T any](t *testing.T, table identitydb.Table[T], refer func(*T)) {
	t.Helper()
	var first, second T
	fill(t, reflect.ValueOf(&first).Elem(), "one")
	fill(t, reflect.ValueOf(&second).Elem(), "two")
	refer(&first)
	refer(&second)
	if err := table.Create(t.Context(), first); err != nil {
		t.Fatalf("%T: %v", first, err)
	}
	id := reflect.ValueOf(first).FieldByName("ID").String()
	reflect.ValueOf(&second).Elem().FieldByName("ID").SetString(id)
	for _, want := range []T{first, second} {
		if _, err := table.Change(t.Context(), id, func(_ *identitydb.Store, v *T) error {
			*v = want
			return nil
		}); err != nil {
			t.Fatalf("%T: %v", want, err)
		}
		got, err := table.Get(t.Context(), id)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%T: %v %s", want, err, diff)
		}
	}
	if err := table.Delete(t.Context(), id); err != nil {
		t.Errorf("delete %T: %v", first, err)
	}
	if _, err := table.Get(t.Context(), id); !nova.Is(err, nova.NotFound) {
		t.Errorf("%T after it was deleted: %v", first, err)
	}
}

// fill gives a value and all its fields a value that is not zero.
func fill(t *testing.T, v reflect.Value, text string) {
	t.Helper()
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem(), text)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(t, v.Index(0), text)
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]any{text: text}))
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i), v.Type().Field(i).Name+" "+text)
		}
	default:
		t.Fatalf("fill knows no %s", v.Type())
	}
}
