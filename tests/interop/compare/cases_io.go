package main

import (
	"bytes"
	"math"
	"strconv"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/lisafs"
)

func ioCases() []testCase {
	return []testCase{
		viaClient("row101_write_to_readonly_fd", func(s *trial) {
			open := s.open(s.lookup("f"), unix.O_RDONLY)
			s.write(open, []byte("x"), 0)
			s.allocate(open, 0, 0, 100)
			writeOnly := s.open(s.lookup("f"), unix.O_WRONLY)
			s.read(writeOnly, 1, 0)
		}),
		viaClient("row102_io_on_control_fd", func(s *trial) {
			f := s.lookup("f")
			s.read(f, 1, 0)
			s.write(f, []byte("x"), 0)
			s.allocate(f, 0, 0, 1)
			s.observe("FSync", "%s", errnoName(f.Sync(s.ctx)))
			s.read(s.fd(9999), 1, 0)
			s.write(s.fd(9999), []byte("x"), 0)
		}),
		viaFrames("row102_flush", func(s *trial, r *rawConnection) {
			root := r.mount()
			f := r.walk(root, "f")
			open := r.open(f, unix.O_RDONLY)
			r.call("Flush control FD", lisafs.Flush, pay().u64(f))
			r.call("Flush unknown FDID", lisafs.Flush, pay().u64(9999))
			r.call("Flush open FD", lisafs.Flush, pay().u64(open))
		}),
		viaClient("row103_two_megabytes", func(s *trial) {
			data := make([]byte, 2<<20+777)
			for i := range data {
				data[i] = byte(i * 7 >> 3)
			}
			_, open := s.create(s.root, "new", unix.O_RDWR, 0644, 0, 0)
			s.write(open, data, 0)
			s.read(open, len(data), 0)
			s.read(open, len(data), 50)
			s.fstat(open)
			_, fd, err := s.reopen("new").OpenAt(s.ctx, unix.O_RDONLY)
			s.must(err)
			defer unix.Close(fd)
			got := make([]byte, len(data))
			n, err := unix.Pread(fd, got, 0)
			s.observe("through the donated FD", "%s, same bytes: %t", errnoName(err), n == len(data) && bytes.Equal(got, data))
		}),
		viaFrames("row104_largest_read", func(s *trial, r *rawConnection) {
			root := r.mount()
			open := r.open(r.walk(root, "big"), unix.O_RDONLY)
			for _, count := range []uint32{2093048, 2093049, maxPayload, 1 << 31} {
				r.call("PRead "+strconv.Itoa(int(count)), lisafs.PRead, pay().u64(0).u64(open).u32(count).u32(0))
			}
		}),
		viaFrames("row105_read_count_wraps", func(s *trial, r *rawConnection) {
			root := r.mount()
			open := r.open(r.walk(root, "f"), unix.O_RDONLY)
			r.call("PRead 0xfffffff8", lisafs.PRead, pay().u64(0).u64(open).u32(0xfffffff8).u32(0))
			r.call("PRead 0xffffffff", lisafs.PRead, pay().u64(0).u64(open).u32(math.MaxUint32).u32(0))
			r.alive(root)
		}),
		viaFrames("row106_read_nothing", func(s *trial, r *rawConnection) {
			root := r.mount()
			open := r.open(r.walk(root, "f"), unix.O_RDONLY)
			r.call("beyond the end", lisafs.PRead, pay().u64(1000).u64(open).u32(5).u32(0))
			r.call("count 0", lisafs.PRead, pay().u64(0).u64(open).u32(0).u32(0))
			r.call("across the end", lisafs.PRead, pay().u64(6).u64(open).u32(100).u32(0))
			r.call("padding set", lisafs.PRead, pay().u64(6).u64(open).u32(5).u32(math.MaxUint32))
		}),
		viaClient("row107_offset_out_of_range", func(s *trial) {
			open := s.open(s.lookup("f"), unix.O_RDWR)
			for _, offset := range []uint64{1 << 63, math.MaxUint64, math.MaxInt64} {
				s.read(open, 4, offset)
				s.write(open, []byte("x"), offset)
			}
		}),
		viaClient("row108_read_dir", func(s *trial) {
			open := s.open(s.lookup("d1"), unix.O_RDONLY)
			s.read(open, 4, 0)
			s.write(open, []byte("x"), 0)
			s.allocate(open, 0, 0, 1)
		}),
		viaFrames("row109_110_111_write_sizes", func(s *trial, r *rawConnection) {
			root := r.mount()
			f := r.walk(root, "f")
			open := r.open(f, unix.O_RDWR)
			write := func(count uint32, data string) *payload {
				p := pay().u64(0).u64(open).u32(count)
				p.WriteString(data)
				return p
			}
			r.call("more announced than sent", lisafs.PWrite, write(4, "abc"))
			r.call("far more announced", lisafs.PWrite, write(math.MaxUint32, "abc"))
			r.call("less announced than sent", lisafs.PWrite, write(2, "XYZ"))
			r.call("nothing", lisafs.PWrite, write(0, ""))
			r.call("read back", lisafs.PRead, pay().u64(0).u64(open).u32(20).u32(0))
		}),
		viaClient("row112_allocate", func(s *trial) {
			f, open := s.create(s.root, "new", unix.O_RDWR, 0644, 0, 0)
			s.allocate(open, 0, 0, 40)
			s.fstat(f)
			s.allocate(open, 0, 20, 100)
			s.fstat(f)
		}),
		viaClient("row113_allocate_nothing", func(s *trial) {
			open := s.open(s.lookup("f"), unix.O_RDWR)
			s.allocate(open, 0, 0, 0)
			s.allocate(open, 0, 1<<63, 1)
			s.allocate(open, 0, 0, math.MaxUint64)
			s.allocate(s.fd(9999), 0, 0, 1)
		}),
		viaClient("row114_sync_several", func(s *trial) {
			f := s.lookup("f")
			a, b := s.open(f, unix.O_RDWR), s.open(f, unix.O_RDONLY)
			sync := func(label string, fds ...lisafs.FDID) {
				s.observe(label, "%s", errnoName(s.client.SyncFDs(s.ctx, fds)))
			}
			sync("good", a.ID(), b.ID())
			sync("good unknown control good", a.ID(), 9999, f.ID(), b.ID())
			sync("control unknown", f.ID(), 9999)
			dir := s.open(s.lookup("d1"), unix.O_RDONLY)
			sync("directory", dir.ID())
		}),
		viaFrames("row115_sync_nothing", func(s *trial, r *rawConnection) {
			r.mount()
			r.call("FSync", lisafs.FSync, pay().u16(0))
		}),
		viaClient("row116_statfs", func(s *trial) {
			s.statFS(s.root)
			s.statFS(s.lookup("f"))
			s.statFS(s.lookup("ln"))
			s.statFS(s.open(s.lookup("f"), unix.O_RDONLY))
			s.statFS(s.fd(9999))
		}),
	}
}

// reopen walks to a file anew.
func (s *trial) reopen(name string) *lisafs.ClientFD {
	f := s.lookup(name)
	return &f
}
