package dbtest

import (
	"fmt"
	"reflect"
	"time"
)

// Filled gives a value of which no part is zero, and no two fields of a struct
// are equal: what writes it and reads it again must not lose or swap a field.
// It panics at a type that it doesn't know.
func Filled[T any]() T {
	var value T
	number := 0
	fill(reflect.ValueOf(&value).Elem(), &number)
	return value
}

// fill sets a value and all that is in it, each time to another number.
func fill(v reflect.Value, number *int) {
	*number++
	if v.Type() == reflect.TypeFor[time.Time]() {
		// In UTC and whole microseconds: more than that no database keeps.
		v.Set(reflect.ValueOf(time.Date(2026, 1, 1, 0, 0, *number, 123456000, time.UTC)))
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*number))
	case reflect.Float64:
		v.SetFloat(float64(*number) + 0.5) // a column of integers would lose the half
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d", *number))
	case reflect.Pointer: // nil is zero
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), number)
	case reflect.Slice: // two, so that their order shows
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), number)
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, number)
		fill(value, number)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(field, number)
		}
	case reflect.Interface:
		v.Set(reflect.ValueOf(fmt.Sprintf("text %d", *number)))
	default:
		panic("don't know how to fill " + v.Type().String()) //nolint:forbidigo // a test's mistake
	}
}
