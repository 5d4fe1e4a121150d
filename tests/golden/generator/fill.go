package main

import (
	"bytes"
	"math"
	"reflect"
	"strings"

	"gvisor.dev/gvisor/pkg/lisafs"
)

// filler fills every field of a message by kind; one filler is one systematic case.
type filler struct {
	name     string
	integer  func(v reflect.Value) // v is settable
	text     func(maxLen int) []byte
	elements int
	applies  func(m message) bool
}

func always(message) bool { return true }

// fillers returns fresh fillers, because the distinct one counts.
func fillers() []filler {
	next := byte(0)
	// Every byte of every integer differs from its neighbours, so that a
	// swapped field or a wrong width cannot pass.
	distinct := func(v reflect.Value) {
		size := int(v.Type().Size())
		var x uint64
		for i := 0; i < size; i++ {
			next++
			x |= uint64(next) << (8 * i)
		}
		setInteger(v, x)
	}
	words := 0
	return []filler{
		{"zero", func(v reflect.Value) { setInteger(v, 0) }, func(int) []byte { return nil }, 0, always},
		{"max", func(v reflect.Value) { setInteger(v, maximum(v)) },
			func(int) []byte { return bytes.Repeat([]byte{0xff}, 3) }, 3, hasFields},
		{"min", func(v reflect.Value) { setInteger(v, minimum(v)) }, func(int) []byte { return nil }, 1, hasSigned},
		{"distinct", distinct, func(int) []byte {
			words++
			return []byte(strings.Repeat(string(rune('a'+words%26)), words))
		}, 2, hasFields},
		{"all_byte_values", func(v reflect.Value) { setInteger(v, 1) }, func(maxLen int) []byte {
			all := make([]byte, 0, 256)
			for i := 0; i < 256 && i < maxLen; i++ {
				all = append(all, byte(i))
			}
			return all
		}, 1, hasText},
		{"nul_and_ff", func(v reflect.Value) { setInteger(v, 2) },
			func(int) []byte { return []byte("a\x00\xff/..\x00") }, 2, hasText},
		{"long", func(v reflect.Value) { setInteger(v, 3) },
			func(maxLen int) []byte { return bytes.Repeat([]byte("n"), maxLen) }, 1, hasText},
		{"many", distinct, func(int) []byte { return []byte("e") }, 17, hasArray},
	}
}

// longest is how long a string of the case "long" gets. The full 65535 stays
// with four messages of different build, to keep the golden file small.
func longest(m message) int {
	switch m.(type) {
	case *lisafs.ReadLinkAtResp, *lisafs.WalkReq, *lisafs.PReadResp, *lisafs.FSetXattrReq:
		return math.MaxUint16
	case *lisafs.Dirent64, *lisafs.Getdents64Resp:
		return 255 // what this gVisor reads back
	}
	return 300
}

// fill sets all fields of m.
func fill(m message, f filler) {
	maxLen := longest(m)
	fillValue(reflect.ValueOf(m).Elem(), f, &maxLen)
	// The byte count is a field of its own in Go, but not a free one.
	v := reflect.ValueOf(m).Elem()
	if buf := v.FieldByName("Buf"); buf.IsValid() {
		v.FieldByName("NumBytes").SetUint(uint64(buf.Len()))
	}
}

func fillValue(v reflect.Value, f filler, maxLen *int) {
	text := func() []byte {
		s := f.text(*maxLen)
		// Only the first string of a message gets the extreme length.
		if *maxLen > 300 {
			*maxLen = 300
		}
		return s
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := 0; i < v.NumField(); i++ {
			if v.Type().Field(i).Name != "_" {
				fillValue(v.Field(i), f, maxLen)
			}
		}
	case reflect.String:
		v.SetString(string(text()))
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes(text())
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), f.elements, f.elements))
		for i := 0; i < f.elements; i++ {
			fillValue(v.Index(i), f, maxLen)
		}
	default:
		f.integer(writable(v))
	}
}

func signed(v reflect.Value) bool {
	return v.Kind() >= reflect.Int && v.Kind() <= reflect.Int64
}

func setInteger(v reflect.Value, x uint64) {
	if signed(v) {
		v.SetInt(int64(x))
	} else {
		v.SetUint(x)
	}
}

func maximum(v reflect.Value) uint64 {
	if signed(v) {
		return 1<<(8*v.Type().Size()-1) - 1
	}
	return math.MaxUint64 >> (64 - 8*v.Type().Size())
}

func minimum(v reflect.Value) uint64 {
	if signed(v) {
		return ^maximum(v) // the sign bit, extended
	}
	return 0
}

func hasFields(m message) bool { return len(flatten(m)) > 0 }
func hasText(m message) bool   { return has(reflect.TypeOf(m).Elem(), isText) }
func hasArray(m message) bool  { return has(reflect.TypeOf(m).Elem(), isArray) }
func hasSigned(m message) bool { return has(reflect.TypeOf(m).Elem(), isSigned) }

func isText(t reflect.Type) bool {
	return t.Kind() == reflect.String || t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
}

func isArray(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8
}

func isSigned(t reflect.Type) bool { return signed(reflect.Zero(t)) }

// has tells whether a field of t, padding aside, satisfies the condition.
func has(t reflect.Type, condition func(reflect.Type) bool) bool {
	if condition(t) {
		return true
	}
	switch t.Kind() {
	case reflect.Slice:
		return has(t.Elem(), condition)
	case reflect.Struct:
		for i := 0; i < t.NumField(); i++ {
			if t.Field(i).Name != "_" && has(t.Field(i).Type, condition) {
				return true
			}
		}
	}
	return false
}
