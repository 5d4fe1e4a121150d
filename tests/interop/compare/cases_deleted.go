package main

import (
	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/abi/linux"
	"gvisor.dev/gvisor/pkg/lisafs"
)

// deletedCases cover files that were unlinked or replaced while FDs were open.
func deletedCases() []testCase {
	return []testCase{
		viaClient("row143_dir_replaced_by_rename", func(s *trial) {
			victim := s.mkdir(s.root, "victim", 0755)
			s.rename(s.root, "empty", s.root, "victim")
			s.mkdir(victim, "x", 0755)
			s.fstat(victim)
			s.mkdir(s.lookup("victim"), "x", 0755)
		}),
		viaClient("row144_node_of_reused_name", func(s *trial) {
			first := s.mkdir(s.root, "a", 0755)
			s.unlink(s.root, "a", unix.AT_REMOVEDIR)
			second := s.mkdir(s.root, "a", 0755)
			s.close(first)
			s.walk(s.root, "a")
			s.unlink(s.root, "a", unix.AT_REMOVEDIR)
			s.mkdir(second, "x", 0755)
		}),
		viaClient("row146_unlinked_file", func(s *trial) {
			f := s.lookup("f")
			open := s.open(f, unix.O_RDWR)
			s.unlink(s.root, "f", 0)
			s.fstat(f)
			s.fstat(open)
			s.read(open, 20, 0)
			s.write(open, []byte("HELLO"), 0)
			s.allocate(open, 0, 0, 30)
			s.statFS(f)
			s.setStat(f, linux.Statx{Mask: unix.STATX_MODE | unix.STATX_SIZE, Mode: 0600, Size: 7})
			s.setStat(f, linux.Statx{Mask: unix.STATX_MTIME | unix.STATX_UID, Mtime: at(3, 4), UID: 9})
			s.fstat(f)
			s.walkStat(f, "")
			s.observe("FSync", "%s", errnoName(open.Sync(s.ctx)))
		}),
		viaClient("row147_open_unlinked", func(s *trial) {
			f := s.lookup("f")
			s.unlink(s.root, "f", 0)
			s.open(f, unix.O_RDWR)
		}),
		viaClient("row148_link_unlinked", func(s *trial) {
			f := s.lookup("f")
			s.unlink(s.root, "f", 0)
			s.link(s.root, f, "again")
			_, err := f.GetXattr(s.ctx, "user.a", 64)
			s.observe("FGetXattr", "%s", errnoName(err))
			s.observe("FSetXattr", "%s", errnoName(f.SetXattr(s.ctx, "user.a", "v", 0)))
		}),
		viaFrames("row149_readlink_and_list_unlinked", func(s *trial, r *rawConnection) {
			root := r.mount()
			l, f := r.walk(root, "ln"), r.walk(root, "f")
			r.call("unlink ln", lisafs.UnlinkAt, pay().u64(root).u32(0).str("ln"))
			r.call("unlink f", lisafs.UnlinkAt, pay().u64(root).u32(0).str("f"))
			r.call("ReadLinkAt", lisafs.ReadLinkAt, pay().u64(l))
			r.call("FListXattr", lisafs.FListXattr, pay().u64(f).u64(0))
			r.call("FRemoveXattr", lisafs.FRemoveXattr, pay().u64(f).str("user.a"))
		}),
		viaClient("row150_removed_dir", func(s *trial) {
			d := s.lookup("empty")
			open := s.open(d, unix.O_RDONLY)
			f := s.lookup("f")
			s.unlink(s.root, "empty", unix.AT_REMOVEDIR)
			s.mkdir(d, "x", 0755)
			s.mknod(d, "x", unix.S_IFREG|0644)
			s.symlink(d, "x", "t")
			s.link(d, f, "x")
			s.create(d, "x", unix.O_RDWR, 0644, 0, 0)
			s.unlink(d, "x", 0)
			s.getdents(open, -65536)
			s.rename(d, "x", s.root, "y")
			s.rename(s.root, "f", d, "y")
			s.rename(d, "x", d, "x")
			s.open(d, unix.O_RDONLY)
			s.fstat(d)
			s.setStat(d, linux.Statx{Mask: unix.STATX_MODE, Mode: 0700})
		}),
		viaClient("row150_replaced_file", func(s *trial) {
			f := s.lookup("f")
			open := s.open(f, unix.O_RDWR)
			s.rename(s.root, "owned", s.root, "f")
			s.read(open, 20, 0)
			s.open(f, unix.O_RDONLY)
			s.link(s.root, f, "again")
			s.fstat(f)
			s.walk(s.root, "f")
		}),
		viaClient("xattrs_of_a_file", func(s *trial) {
			f := s.lookup("f")
			s.observe("set", "%s", errnoName(f.SetXattr(s.ctx, "user.a", "value", 0)))
			value, err := f.GetXattr(s.ctx, "user.a", 64)
			s.observe("get", "%q %s", value, errnoName(err))
			names, err := f.ListXattr(s.ctx, 256)
			s.observe("list", "%q %s", names, errnoName(err))
			s.observe("remove", "%s", errnoName(f.RemoveXattr(s.ctx, "user.a")))
			unknown := s.fd(9999)
			_, err = unknown.GetXattr(s.ctx, "user.a", 64)
			s.observe("get of unknown FDID", "%s", errnoName(err))
		}),
	}
}
