package main

import (
	"strings"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/abi/linux"
	"gvisor.dev/gvisor/pkg/lisafs"
)

var longName = strings.Repeat("n", 256)

func walkCases() []testCase {
	return []testCase{
		viaClient("row058_walk_nothing", func(s *trial) { s.walk(s.root) }),
		viaClient("row059_walk_nothing_from_file", func(s *trial) { s.walk(s.lookup("f")) }),
		viaClient("row060_walk_unsafe_names", func(s *trial) {
			for _, n := range []string{"", ".", "..", "a/b", "/", "f/"} {
				s.walk(s.root, n)
			}
			s.walk(s.root, "d1")
		}),
		viaClient("row061_walk_name_with_nul", func(s *trial) {
			s.walk(s.root, "d1\x00x")
			s.walk(s.root, "..\x00x")
			s.walkStat(s.root, "d1\x00x")
		}),
		viaClient("row062_walk_deep", func(s *trial) {
			names := []string{}
			dir := s.root
			for i := 0; i < 10; i++ {
				names = append(names, "n")
				dir = s.mkdir(dir, "n", 0755)
			}
			s.walk(s.root, append(names, "a", "b", "c")...)
			s.walkStat(s.root, append(names, "a", "b", "c")...)
		}),
		viaClient("row063_walk_missing", func(s *trial) {
			s.walk(s.root, "d1", "nope", "x")
			s.walk(s.root, "nope")
			s.walk(s.root, "d1", "d2", "d3")
		}),
		viaClient("row064_walk_symlink_last", func(s *trial) {
			s.walk(s.root, "ln")
			s.walk(s.root, "dangling")
		}),
		viaClient("row065_walk_through_symlink", func(s *trial) {
			s.walk(s.root, "ln", "d2")
			s.walk(s.root, "dangling", "x")
		}),
		viaClient("row066_walk_through_file", func(s *trial) { s.walk(s.root, "f", "x") }),
		viaClient("row067_walk_256_char_name", func(s *trial) {
			s.walk(s.root, "d1", longName)
			s.walk(s.root, "d1")
		}),
		viaClient("row068_walk_missing_then_dotdot", func(s *trial) { s.walk(s.root, "missing", "..") }),
		viaClient("row069_walk_bad_name_later", func(s *trial) {
			s.walk(s.root, "ln", "..")
			s.walk(s.root, "d1", "..")
			s.walk(s.root, "d1", "d2", "a/b")
			s.walk(s.root, "d1")
		}),
		viaClient("row070_walk_unknown_fd", func(s *trial) {
			s.walk(s.fd(9999), "f")
			s.walk(s.fd(0), "f")
			s.walkStat(s.fd(9999), "f")
		}),
		viaClient("row070_walk_open_fd", func(s *trial) {
			open := s.open(s.lookup("d1"), unix.O_RDONLY)
			s.walk(open, "d2")
			s.walkStat(open, "d2")
		}),
		viaClient("row071_walk_from_symlink", func(s *trial) { s.walk(s.lookup("ln"), "x") }),
		viaClient("row072_walk_from_deleted", func(s *trial) {
			dir := s.mkdir(s.root, "gone", 0755)
			s.unlink(s.root, "gone", unix.AT_REMOVEDIR)
			s.walk(dir, "x")
			s.walkStat(dir, "x")
			s.walkStat(dir, "")
			s.fstat(dir)
		}),
		viaClient("row073_walk_block_device", func(s *trial) {
			s.walk(s.root, "blk")
			s.walkStat(s.root, "blk")
			s.walk(s.root, "d1")
		}),
		viaClient("row074_walk_fifo_not_allowed", func(s *trial) {
			s.walk(s.root, "fifo")
			s.walkStat(s.root, "fifo")
		}),
		viaClient("row074_walk_socket_not_allowed", func(s *trial) {
			s.walk(s.root, "sock")
			s.walkStat(s.root, "sock")
		}),
		viaClient("row074_walk_fifo_and_socket_allowed", func(s *trial) {
			s.walk(s.root, "fifo")
			s.walk(s.root, "sock")
			s.walk(s.root, "sock", "x")
			s.walkStat(s.root, "fifo")
			s.walkStat(s.root, "sock")
		}, "--host-uds=all", "--host-fifo=open"),
		viaClient("row075_walkstat_self", func(s *trial) {
			for _, n := range []string{"d1", "f", "ln", "chr", "unreadable"} {
				s.walkStat(s.lookup(n), "")
			}
		}),
		viaClient("row076_walkstat_nothing", func(s *trial) {
			s.walkStat(s.root)
			s.walkStat(s.lookup("f"))
		}),
		viaClient("row077_walkstat_self_and_more", func(s *trial) {
			s.walkStat(s.root, "", "d1")
			s.walkStat(s.root, "", "d1", "d2", "d3")
		}),
		viaClient("row078_walkstat_unsafe_names", func(s *trial) {
			s.walkStat(s.root, "d1", "")
			s.walkStat(s.root, "", "")
			s.walkStat(s.root, "missing", "..")
			s.walkStat(s.root, ".")
			s.walkStat(s.root, "a/b")
		}),
		viaClient("row079_walkstat_from_file", func(s *trial) {
			f := s.lookup("f")
			s.walkStat(f, "x")
			s.walkStat(f, "", "x")
			s.walkStat(s.lookup("ln"), "x")
		}),
		viaClient("row080_walkstat_missing", func(s *trial) { s.walkStat(s.root, "d1", "d2", "zz", "y") }),
		viaClient("row081_walkstat_symlink", func(s *trial) {
			s.walkStat(s.root, "ln", "d2")
			s.walkStat(s.root, "d1", "nope", "x")
		}),
		viaClient("row082_walkstat_through_file", func(s *trial) {
			s.walkStat(s.root, "f", "x")
			s.walkStat(s.root, "d1", longName)
		}),
		viaClient("row083_same_identity_everywhere", func(s *trial) {
			f := s.lookup("f")
			st := s.fstat(f)
			s.observe("local identity", "%s", s.localInode("f"))
			s.observe("remote identity", "%s", s.inode(st.Ino, st.DevMajor, st.DevMinor))
			s.walk(s.root, "f")
			s.walkStat(s.root, "f")
			s.fstat(s.open(f, unix.O_RDONLY))
			s.getdents(s.open(s.lookup("d1"), unix.O_RDONLY), -65536)
			s.walk(s.root, "d1", "g")
		}),
		viaClient("row083_statx_source", func(s *trial) {
			var st linux.Statx
			f := s.lookup("f")
			s.must(f.StatTo(s.ctx, &st))
			s.observe("birth time", "present: %t, in mask: %t", st.Btime.Sec != 0, st.Mask&unix.STATX_BTIME != 0)
			s.observe("attributes", "%#x of %#x", st.Attributes, st.AttributesMask)
		}),
		viaClient("row083_stat_every_kind", func(s *trial) {
			for _, n := range []string{"f", "d1", "ln", "chr", "big", "owned", "unreadable"} {
				s.fstat(s.lookup(n))
			}
		}),
		viaFrames("row084_walk_14000_components_on_socket", func(s *trial, r *rawConnection) {
			root := r.mount()
			p := pay().u64(root).u16(14000)
			for i := 0; i < 14000; i++ {
				p.str("d1")
			}
			r.call("Walk", lisafs.Walk, p)
			r.alive(root)
		}),
	}
}

// localInode is the identity of a file of the tree as this process sees it.
func (s *trial) localInode(name string) string {
	var st unix.Stat_t
	s.must(unix.Lstat(s.path(name), &st))
	return s.inode(st.Ino, unix.Major(uint64(st.Dev)), unix.Minor(uint64(st.Dev)))
}
