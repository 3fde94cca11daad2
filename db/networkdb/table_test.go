package networkdb_test

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/networkdb"
	"github.com/nova-api/nova-api/internal/nova"
)

var began = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// filled makes a value with something in every field that a column holds, each
// something else. Fields without a column stay empty.
func filled[T any](seed string) T {
	var v T
	setAll(reflect.ValueOf(&v).Elem(), seed)
	return v
}

func setAll(v reflect.Value, name string) {
	switch v.Interface().(type) {
	case netip.Addr:
		v.Set(reflect.ValueOf(netip.AddrFrom4([4]byte{10, 0, 0, byte(len(name))})))
		return
	case time.Time: // given by the store
		return
	case map[string]any:
		v.Set(reflect.ValueOf(map[string]any{name: "v"}))
		return
	case map[string]string:
		v.Set(reflect.ValueOf(map[string]string{name: "v"}))
		return
	}
	switch v.Kind() { //nolint:exhaustive // the others are in no row
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.Tag.Get("db") != "-" && field.Name != "Serial" {
				setAll(v.Field(i), name+"."+field.Name)
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		setAll(v.Elem(), name)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		setAll(v.Index(0), name)
	case reflect.String:
		v.SetString(name)
	case reflect.Int64:
		v.SetInt(int64(len(name)))
	case reflect.Bool:
		v.SetBool(true)
	}
}

// keeps writes a thing with all its fields, changes it and reads it.
func keeps[T any](t *testing.T, table networkdb.Table[T], v T, common func(*T) *networkdb.Record) {
	t.Helper()
	created, err := table.Create(t.Context(), v)
	if err != nil {
		t.Errorf("create %T: %v", v, err)
		return
	}
	id := common(&v).ID
	common(&v).CreatedAt, common(&v).UpdatedAt = began, began
	same := func(what string, want, got T) {
		t.Helper()
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(networkdb.Record{}, "Serial"), cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.Addr{})); diff != "" {
			t.Errorf("%s %T: %s", what, v, diff)
		}
	}
	same("created", v, created)
	got, err := table.Get(t.Context(), "", id)
	if err != nil {
		t.Errorf("get %T: %v", v, err)
	}
	same("read", v, got)
	changed, err := table.Change(t.Context(), id, func(_ *networkdb.Store, v *T) error {
		common(v).Description = "changed"
		return nil
	})
	if err != nil {
		t.Errorf("change %T: %v", v, err)
	}
	common(&v).Description = "changed"
	common(&v).Revision++
	same("changed", v, changed)
	if _, err := table.Create(t.Context(), v); !nova.Is(err, nova.Conflict) {
		t.Errorf("created %T twice: %v", v, err)
	}
	if n, err := table.Count(t.Context(), common(&v).ProjectID); err != nil || n != 1 {
		t.Errorf("count of %T: %d, %v", v, n, err)
	}
	for _, err := range []error{table.Delete(t.Context(), "none"), func() error { _, err := table.Lock(t.Context(), "none"); return err }()} {
		if !nova.Is(err, nova.NotFound) {
			t.Errorf("%T that isn't there: %v", v, err)
		}
	}
}

// TestTables fills every field of every kind of thing, writes it and reads it:
// no column is forgotten or takes another one's place.
func TestTables(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		s := networkdb.New(dbtest.Open(t, connection, dbtest.Frozen(began)).DB)
		network := filled[networkdb.Network]("net")
		keeps(t, s.Networks, network, (*networkdb.Network).Common)
		subnet := filled[networkdb.Subnet]("subnet")
		subnet.NetworkID = network.ID
		keeps(t, s.Subnets, subnet, (*networkdb.Subnet).Common)
		port := filled[networkdb.Port]("port")
		port.NetworkID = network.ID
		keeps(t, s.Ports, port, (*networkdb.Port).Common)
		group := filled[networkdb.SecurityGroup]("group")
		keeps(t, s.Groups, group, (*networkdb.SecurityGroup).Common)
		rule := filled[networkdb.SecurityGroupRule]("rule")
		rule.GroupID, rule.RemoteGroupID = group.ID, &group.ID
		keeps(t, s.Rules, rule, (*networkdb.SecurityGroupRule).Common)
		router := filled[networkdb.Router]("router")
		router.GatewayNetworkID, router.GatewayPortID = &network.ID, &port.ID
		keeps(t, s.Routers, router, (*networkdb.Router).Common)
		floating := filled[networkdb.FloatingIP]("floating")
		floating.NetworkID, floating.OwnPortID, floating.PortID, floating.RouterID = network.ID, port.ID, &port.ID, &router.ID
		keeps(t, s.FloatingIPs, floating, (*networkdb.FloatingIP).Common)
	})
}

// TestList_Columns refuses conditions on what is no column: their names stand
// in the query as they are.
func TestList_Columns(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.Store) {
		s := networkdb.New(d.DB)
		_, err := s.Ports.List(t.Context(), networkdb.Filter{Match: map[string][]any{"1 = 1 --": {1}}})
		if err == nil || !strings.Contains(err.Error(), "has no column") {
			t.Errorf("a condition on no column: %v", err)
		}
	})
}

// TestLimits gives a project as many things as it may have, to however many ask.
func TestLimits(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.Store) {
		s := networkdb.New(d.DB)
		create := func(name string) error {
			return s.Tx(t.Context(), func(tx *networkdb.Store) error {
				if err := tx.Routers.Within(t.Context(), "p", "router", 3); err != nil {
					return err
				}
				router := networkdb.Router{Name: name}
				router.ID, router.ProjectID = name, "p"
				_, err := tx.Routers.Create(t.Context(), router)
				return err
			})
		}
		try := func(want, of int) {
			t.Helper()
			errs := make(chan error, of)
			for i := range of {
				go func() { errs <- create(fmt.Sprintf("r%d-%d", want, i)) }()
			}
			created := 0
			for range of {
				switch err := <-errs; {
				case err == nil:
					created++
				case !nova.Is(err, nova.OverQuota):
					t.Errorf("create: %v", err)
				}
			}
			if created != want {
				t.Errorf("created %d of %d, want %d", created, of, want)
			}
		}
		try(3, 8)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(s.SetLimits(t.Context(), "p", map[string]int64{"router": 5, "port": -1}))
		try(2, 8)
		limits, err := s.Limits(t.Context(), "p")
		must(err)
		if diff := cmp.Diff(map[string]int64{"router": 5, "port": -1}, limits); diff != "" {
			t.Error(diff)
		}
		must(s.DeleteLimits(t.Context(), "p"))
		if err := s.DeleteLimits(t.Context(), "p"); !nova.Is(err, nova.NotFound) {
			t.Errorf("deleted limits twice: %v", err)
		}
	})
}
