package main

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"unsafe"
)

// record is one golden case: a message as field values and as wire bytes.
type record struct {
	message string
	name    string
	derived bool
	fields  []field
	bytes   []byte
}

type field struct{ name, value string }

func (r record) write(out io.Writer) {
	fmt.Fprintf(out, "message=%s case=%s", r.message, r.name)
	if r.derived {
		fmt.Fprint(out, " derived=1")
	}
	fmt.Fprintln(out)
	for _, f := range r.fields {
		fmt.Fprintf(out, "field %s=%s\n", f.name, f.value)
	}
	if len(r.bytes) == 0 {
		fmt.Fprint(out, "bytes -\n\n")
		return
	}
	fmt.Fprintf(out, "bytes %x\n\n", r.bytes)
}

// newRecord marshals m and makes sure that gVisor itself reads the same back.
func newRecord(name string, m message) record {
	encoded := make([]byte, m.SizeBytes())
	if rest := m.MarshalBytes(encoded); len(rest) != 0 {
		fail("%s %s: %d bytes left unmarshalled", structName(m), name, len(rest))
	}
	decoded := decode(m, encoded, name)
	fields := flatten(m)
	if got := flatten(decoded); !reflect.DeepEqual(fields, got) {
		fail("%s %s: decodes to other values: %v, want %v", structName(m), name, got, fields)
	}
	return record{message: structName(m), name: name, fields: fields, bytes: encoded}
}

func decode(m message, encoded []byte, name string) message {
	fresh := reflect.New(reflect.TypeOf(m).Elem())
	// PReadResp is decoded into a buffer that its user has provided.
	if buf := fresh.Elem().FieldByName("Buf"); buf.IsValid() {
		buf.SetBytes(make([]byte, len(encoded)))
	}
	switch d := fresh.Interface().(type) {
	case interface {
		CheckedUnmarshal([]byte) ([]byte, bool)
	}:
		if rest, ok := d.CheckedUnmarshal(encoded); !ok || len(rest) != 0 {
			fail("%s %s: gVisor does not decode its own bytes", structName(m), name)
		}
	case interface{ UnmarshalBytes([]byte) []byte }:
		if rest := d.UnmarshalBytes(encoded); len(rest) != 0 {
			fail("%s %s: %d bytes left undecoded", structName(m), name, len(rest))
		}
	default:
		fail("%s cannot be decoded", structName(m))
	}
	return fresh.Interface().(message)
}

func structName(m message) string { return reflect.TypeOf(m).Elem().Name() }

// flatten lists the fields of a message in wire order, nested ones with dotted names.
func flatten(m message) []field {
	var fields []field
	v := reflect.ValueOf(m).Elem()
	flattenInto(&fields, "", v.Type().Name(), v)
	return fields
}

func flattenInto(fields *[]field, path, owner string, v reflect.Value) {
	add := func(value string) { *fields = append(*fields, field{path, value}) }
	switch v.Kind() {
	case reflect.Struct:
		for i := 0; i < v.NumField(); i++ {
			f := v.Type().Field(i)
			switch {
			case f.Name == "_":
			case f.Anonymous:
				flattenInto(fields, path, owner, v.Field(i))
			default:
				flattenInto(fields, join(path, fieldName(owner, f.Name)), f.Type.Name(), v.Field(i))
			}
		}
	case reflect.String:
		add(byteString([]byte(v.String())))
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			add(byteString(v.Bytes()))
			return
		}
		*fields = append(*fields, field{path + ".count", fmt.Sprint(v.Len())})
		for i := 0; i < v.Len(); i++ {
			flattenInto(fields, fmt.Sprintf("%s.%d", path, i), v.Type().Elem().Name(), v.Index(i))
		}
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		add(fmt.Sprint(v.Int()))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		add(fmt.Sprint(v.Uint()))
	default:
		fail("%s: unexpected kind %v", path, v.Kind())
	}
}

// writable makes also unexported fields assignable (ErrorResp and ChannelResp have them).
func writable(v reflect.Value) reflect.Value {
	return reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem()
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// byteString keeps long runs of one byte short, everything else is plain hex.
func byteString(b []byte) string {
	const worthShortening = 64
	if len(b) >= worthShortening && len(bytes.TrimLeft(b, string(b[:1]))) == 0 && b[0] < 0x80 {
		return fmt.Sprintf("repeat:%02x*%d", b[0], len(b))
	}
	return fmt.Sprintf("x:%x", b)
}
