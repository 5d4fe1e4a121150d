package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
)

// derivedRecords are the messages that this gVisor does not have. The bytes are
// put together here, field by field, as the protocol describes them.
func derivedRecords() []record {
	var out []record
	type connect struct {
		name     string
		fd       uint64
		sockType uint32
		uid, gid uint32
	}
	for _, c := range []connect{
		{"zero", 0, 0, 0, 0},
		{"max", math.MaxUint64, math.MaxUint32, math.MaxUint32, math.MaxUint32},
		{"distinct", 0x0807060504030201, 0x0c0b0a09, 0x100f0e0d, 0x14131211},
		{"stream_with_ids", 6, 1, 1000, 1001},
	} {
		b := newBuilder("ConnectWithCredsReq", c.name)
		b.integer("fd", c.fd)
		b.integer("sock_type", c.sockType)
		b.padding(4)
		b.integer("uid", c.uid)
		b.integer("gid", c.gid)
		out = append(out, b.record())
	}
	type rename struct {
		name             string
		oldDir, newDir   uint64
		oldName, newName string
		flags            uint32
	}
	for _, r := range []rename{
		{"zero", 0, 0, "", "", 0},
		{"max", math.MaxUint64, math.MaxUint64, "\xff\xff", "\xff", math.MaxUint32},
		{"distinct", 0x0807060504030201, 0x100f0e0d0c0b0a09, "a", "bc", 0x14131211},
		{"exchange", 1, 2, "a", "bc", 2},
		{"noreplace", 3, 3, "one", "other", 1},
		{"nul_and_ff", 4, 5, "a\x00\xff", "\x00", 4},
		{"long", 6, 7, strings.Repeat("n", 300), strings.Repeat("m", math.MaxUint16), 2},
	} {
		b := newBuilder("RenameAt2Req", r.name)
		b.integer("old_dir_fd", r.oldDir)
		b.integer("new_dir_fd", r.newDir)
		b.text("old_name", r.oldName)
		b.text("new_name", r.newName)
		b.integer("flags", r.flags)
		out = append(out, b.record())
	}
	return out
}

// builder writes fields and bytes side by side.
type builder struct {
	r   record
	buf bytes.Buffer
}

func newBuilder(message, name string) *builder {
	return &builder{r: record{message: message, name: name, derived: true}}
}

// integer appends a fixed-width value.
func (b *builder) integer(name string, value interface{}) {
	b.append(value)
	b.r.fields = append(b.r.fields, field{name, fmt.Sprint(value)})
}

func (b *builder) text(name, value string) {
	b.append(uint16(len(value)))
	b.buf.WriteString(value)
	b.r.fields = append(b.r.fields, field{name, byteString([]byte(value))})
}

func (b *builder) padding(n int) { b.buf.Write(make([]byte, n)) }

func (b *builder) append(value interface{}) {
	if err := binary.Write(&b.buf, binary.LittleEndian, value); err != nil {
		fail("%s: %v", b.r.message, err)
	}
}

func (b *builder) record() record {
	b.r.bytes = b.buf.Bytes()
	return b.r
}
