package main

import (
	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/abi/linux"
)

func at(sec int64, nsec uint32) linux.StatxTimestamp {
	return linux.StatxTimestamp{Sec: sec, Nsec: nsec}
}

func setStatCases() []testCase {
	const times = unix.STATX_ATIME | unix.STATX_MTIME
	return []testCase{
		viaClient("row117_nothing", func(s *trial) {
			f := s.lookup("f")
			s.setStat(f, linux.Statx{})
			s.fstat(f)
		}),
		viaClient("row118_forbidden_mask", func(s *trial) {
			f := s.lookup("f")
			for _, mask := range []uint32{unix.STATX_TYPE, unix.STATX_NLINK, unix.STATX_INO, unix.STATX_CTIME,
				unix.STATX_BLOCKS, unix.STATX_BTIME, 1 << 31, unix.STATX_TYPE | unix.STATX_MODE} {
				s.setStat(f, linux.Statx{Mask: mask, Mode: 0600})
			}
			s.fstat(f)
		}),
		viaClient("row119_unknown_fd", func(s *trial) {
			s.setStat(s.fd(9999), linux.Statx{Mask: unix.STATX_TYPE})
			s.setStat(s.fd(9999), linux.Statx{})
		}),
		viaClient("row120_open_fd", func(s *trial) {
			s.setStat(s.open(s.lookup("f"), unix.O_RDWR), linux.Statx{Mask: unix.STATX_MODE, Mode: 0600})
		}),
		viaClient("row121_everything_together", func(s *trial) {
			f, _ := s.create(s.root, "new", unix.O_RDWR, 0644, 0, 0)
			s.setStat(f, linux.Statx{Mask: 0x27a, Mode: 0760, Size: 50, UID: 1000, GID: 1001,
				Atime: at(1234567, 1), Mtime: at(7654321, 999999999)})
			s.fstat(f)
		}),
		viaClient("row122_size_of_other_kinds", func(s *trial) {
			for _, n := range []string{"d1", "chr", "ln", "sock", "fifo"} {
				f := s.lookup(n)
				s.setStat(f, linux.Statx{Mask: unix.STATX_SIZE, Size: 3})
			}
			f := s.lookup("f")
			s.setStat(f, linux.Statx{Mask: unix.STATX_SIZE, Size: 3})
			s.fstat(f)
			s.setStat(f, linux.Statx{Mask: unix.STATX_SIZE, Size: 1 << 20})
			s.fstat(f)
		}, "--host-uds=all", "--host-fifo=open"),
		viaClient("row123_mode_of_other_kinds", func(s *trial) {
			for _, n := range []string{"ln", "d1", "chr", "fifo", "unreadable"} {
				f := s.lookup(n)
				s.setStat(f, linux.Statx{Mask: unix.STATX_MODE, Mode: 0741})
				s.fstat(f)
			}
		}, "--host-fifo=open"),
		viaClient("row124_times_of_symlink", func(s *trial) {
			l := s.lookup("ln")
			s.setStat(l, linux.Statx{Mask: times, Atime: at(11, 12), Mtime: at(13, 14)})
			s.fstat(l)
			s.fstat(s.lookup("d1"))
			s.setStat(l, linux.Statx{Mask: unix.STATX_UID | unix.STATX_GID, UID: 5, GID: 6})
			s.fstat(l)
		}),
		viaClient("row125_socket_file", func(s *trial) {
			f := s.lookup("sock")
			s.setStat(f, linux.Statx{Mask: unix.STATX_MODE, Mode: 0701})
			s.setStat(f, linux.Statx{Mask: times, Atime: at(11, 12), Mtime: at(13, 14)})
			s.setStat(f, linux.Statx{Mask: unix.STATX_UID, UID: 7})
			s.fstat(f)
		}, "--host-uds=all"),
		viaClient("row126_mode_and_owner", func(s *trial) {
			f := s.lookup("f")
			s.setStat(f, linux.Statx{Mask: unix.STATX_MODE | unix.STATX_UID, Mode: 04755, UID: 1000})
			s.fstat(f)
			s.setStat(f, linux.Statx{Mask: unix.STATX_MODE, Mode: 06755})
			s.fstat(f)
			s.setStat(f, linux.Statx{Mask: unix.STATX_GID, GID: 1001})
			s.fstat(f)
			s.setStat(f, linux.Statx{Mask: unix.STATX_MODE, Mode: unix.S_IFDIR | 0700})
			s.fstat(f)
		}),
		viaClient("row127_size_out_of_range", func(s *trial) {
			f := s.lookup("f")
			s.setStat(f, linux.Statx{Mask: unix.STATX_SIZE, Size: 1 << 63})
			s.setStat(f, linux.Statx{Mask: unix.STATX_SIZE, Size: 1<<63 - 1})
			s.setStat(f, linux.Statx{Mask: unix.STATX_SIZE | unix.STATX_MODE, Size: 1 << 63, Mode: 0600})
			s.fstat(f)
		}),
		viaClient("row128_now_and_omit", func(s *trial) {
			f := s.lookup("f")
			s.setStat(f, linux.Statx{Mask: times, Atime: at(0, unix.UTIME_NOW), Mtime: at(0, unix.UTIME_OMIT)})
			s.fstat(f)
			s.setStat(f, linux.Statx{Mask: unix.STATX_MTIME, Mtime: at(-5, 0)})
			s.fstat(f)
			s.setStat(f, linux.Statx{Mask: unix.STATX_MTIME, Mtime: at(5, 1000000000)})
			s.fstat(f)
			d := s.lookup("d1")
			s.setStat(d, linux.Statx{Mask: times, Atime: at(21, 22), Mtime: at(23, 24)})
			s.fstat(d)
		}),
	}
}
