package main

import (
	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/lisafs"
)

func readonlyCases() []testCase {
	return []testCase{
		viaFrames("row170_changes_refused", func(s *trial, r *rawConnection) {
			root := r.mount()
			for _, m := range []struct {
				name string
				mid  lisafs.MID
			}{
				{"SetStat", lisafs.SetStat}, {"OpenCreateAt", lisafs.OpenCreateAt}, {"PWrite", lisafs.PWrite},
				{"MkdirAt", lisafs.MkdirAt}, {"MknodAt", lisafs.MknodAt}, {"SymlinkAt", lisafs.SymlinkAt},
				{"LinkAt", lisafs.LinkAt}, {"FAllocate", lisafs.FAllocate}, {"UnlinkAt", lisafs.UnlinkAt},
				{"RenameAt", lisafs.RenameAt}, {"FSetXattr", lisafs.FSetXattr}, {"FRemoveXattr", lisafs.FRemoveXattr},
			} {
				garbage := pay()
				garbage.WriteString("xyz")
				r.call(m.name, m.mid, garbage)
			}
			r.alive(root)
		}, "--readonly"),
		viaFrames("row171_open", func(s *trial, r *rawConnection) {
			root := r.mount()
			r.call("RDWR unknown", lisafs.OpenAt, pay().u64(9999).u32(unix.O_RDWR).u32(0))
			r.call("TRUNC unknown", lisafs.OpenAt, pay().u64(9999).u32(unix.O_TRUNC).u32(0))
			r.call("RDONLY unknown", lisafs.OpenAt, pay().u64(9999).u32(unix.O_RDONLY).u32(0))
			r.call("short", lisafs.OpenAt, pay().u32(unix.O_RDWR))
			f := r.walk(root, "f")
			r.call("RDWR", lisafs.OpenAt, pay().u64(f).u32(unix.O_RDWR).u32(0))
			r.call("mode 3", lisafs.OpenAt, pay().u64(f).u32(3).u32(0))
			r.call("RDONLY", lisafs.OpenAt, pay().u64(f).u32(unix.O_RDONLY).u32(0))
		}, "--readonly"),
		viaClient("row171_reading_works", func(s *trial) {
			open := s.open(s.lookup("f"), unix.O_RDONLY)
			s.read(open, 20, 0)
			s.readlink(s.lookup("ln"))
			s.statFS(s.root)
			s.getdents(s.open(s.lookup("ten"), unix.O_RDONLY), -65536)
			s.walkStat(s.root, "d1", "d2")
			s.write(open, []byte("x"), 0)
			s.mkdir(s.root, "new", 0755)
			s.unlink(s.root, "f", 0)
			s.rename(s.root, "f", s.root, "f")
		}, "--readonly"),
		viaClient("row172_bind", func(s *trial) {
			s.bind(s.root, unix.SOCK_STREAM, "new")
			s.walk(s.root, "new")
		}, "--readonly", "--host-uds=all"),
	}
}
