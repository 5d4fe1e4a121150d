package main

import (
	"fmt"
	"math"
	"os"
	"strings"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/lisafs"
)

func direntCases() []testCase {
	return []testCase{
		viaClient("row151_one_entry_per_call", func(s *trial) {
			open := s.open(s.lookup("ten"), unix.O_RDONLY)
			for s.getdents(open, 40) > 0 {
			}
		}),
		viaClient("row151_every_kind", func(s *trial) {
			open := s.open(s.root, unix.O_RDONLY)
			s.getdents(open, -65536)
			s.getdents(open, 65536)
		}),
		viaClient("row152_restart", func(s *trial) {
			open := s.open(s.lookup("ten"), unix.O_RDONLY)
			s.getdents(open, 100)
			s.getdents(open, -40)
			s.getdents(open, 65536)
			s.getdents(open, 65536)
			s.getdents(open, -65536)
		}),
		viaClient("row153_count_too_small", func(s *trial) {
			open := s.open(s.lookup("ten"), unix.O_RDONLY)
			for _, count := range []int32{0, 1, 23, 24, -23, -1} {
				s.getdents(open, count)
			}
		}),
		viaClient("row154_count_minimum", func(s *trial) {
			open := s.open(s.lookup("ten"), unix.O_RDONLY)
			s.getdents(open, math.MinInt32)
			s.getdents(open, math.MaxInt32)
			s.getdents(open, -math.MaxInt32)
		}),
		viaClient("row155_wrong_fd", func(s *trial) {
			s.getdents(s.root, 100)
			s.getdents(s.open(s.lookup("f"), unix.O_RDONLY), 100)
			s.getdents(s.fd(9999), 100)
		}),
		viaFrames("row156_9500_long_names", func(s *trial, r *rawConnection) {
			s.must(os.Mkdir(s.path("many"), 0755))
			for i := 0; i < 9500; i++ {
				name := fmt.Sprintf("%05d", i) + strings.Repeat("x", 250)
				s.must(os.WriteFile(s.path("many/"+name), nil, 0644))
			}
			root := r.mount()
			open := r.open(r.walk(root, "many"), unix.O_RDONLY)
			s.must(r.send(frame(lisafs.Getdents64, pay().u64(open).u32(1<<31+1).u32(0).Bytes())))
			mid, body, _, err := r.receive()
			s.must(err)
			s.observe("all at once", "MID %d, response fits: %t", mid, len(body) <= maxPayload)
			r.alive(root)
		}),
		viaClient("getdents_1000_entries", func(s *trial) {
			s.must(os.Mkdir(s.path("many"), 0755))
			for i := 0; i < 1000; i++ {
				s.must(os.WriteFile(s.path(fmt.Sprintf("many/entry%d", i)), nil, 0644))
			}
			open := s.open(s.lookup("many"), unix.O_RDONLY)
			names := map[string]bool{}
			for count := int32(-65536); ; count = 65536 {
				entries, err := open.Getdents64(s.ctx, count)
				s.observe("Getdents64", "%d entries %s", len(entries), errnoName(err))
				for _, e := range entries {
					names[string(e.Name)] = true
				}
				if len(entries) == 0 {
					break
				}
			}
			s.observe("distinct names", "%d", len(names))
		}),
		viaClient("getdents_sees_changes", func(s *trial) {
			d := s.lookup("empty")
			open := s.open(d, unix.O_RDONLY)
			s.getdents(open, -65536)
			s.create(d, "one", unix.O_RDONLY, 0600, 0, 0)
			s.getdents(open, -65536)
			s.unlink(d, "one", 0)
			s.getdents(open, -65536)
		}),
	}
}
