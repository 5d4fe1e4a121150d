package main

import (
	"time"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/lisafs"
)

func openCases() []testCase {
	return []testCase{
		viaClient("row085_open_drops_other_flags", func(s *trial) {
			f := s.lookup("f")
			open := s.open(f, unix.O_RDWR|unix.O_APPEND|unix.O_CREAT|unix.O_EXCL|unix.O_NONBLOCK)
			s.write(open, []byte("J"), 0)
			s.read(open, 11, 0)
			s.open(f, unix.O_RDONLY|unix.O_DIRECTORY)
			s.open(f, unix.O_PATH)
		}),
		viaClient("row086_open_mode_3", func(s *trial) {
			open := s.open(s.lookup("f"), 3)
			s.read(open, 4, 0)
			s.write(open, []byte("x"), 0)
			s.fstat(open)
		}),
		viaClient("row087_open_dir_for_writing", func(s *trial) {
			d := s.lookup("d1")
			for _, flags := range []uint32{unix.O_WRONLY, unix.O_RDWR, unix.O_TRUNC, 3} {
				s.open(d, flags)
			}
		}),
		viaClient("row088_open_symlink", func(s *trial) {
			s.open(s.lookup("ln"), unix.O_RDONLY)
			s.open(s.lookup("ln"), unix.O_RDWR)
		}),
		viaClient("row089_open_wrong_fd", func(s *trial) {
			open := s.open(s.lookup("f"), unix.O_RDONLY)
			s.open(open, unix.O_RDONLY)
			s.open(s.fd(9999), unix.O_RDONLY)
		}),
		viaClient("row090_open_donates_file", func(s *trial) {
			f := s.lookup("f")
			for _, flags := range []uint32{unix.O_RDONLY, unix.O_WRONLY, unix.O_RDWR, unix.O_RDWR | unix.O_TRUNC} {
				s.open(f, flags)
			}
			s.fstat(f)
			s.open(s.lookup("unreadable"), unix.O_RDONLY)
		}),
		viaClient("row091_open_dir", func(s *trial) {
			s.open(s.lookup("d1"), unix.O_RDONLY)
			s.open(s.root, unix.O_RDONLY)
		}),
		viaClient("row093_open_char_device", func(s *trial) {
			c := s.lookup("chr")
			open := s.open(c, unix.O_RDWR)
			s.write(open, []byte("gone"), 0)
			s.read(open, 4, 0)
		}),
		viaClient("row094_open_fifo_not_allowed", func(s *trial) {
			_, inodes, err := s.root.WalkMultiple(s.ctx, []string{"fifo"})
			s.observe("Walk", "%s", errnoName(err))
			if err == nil {
				s.open(s.fd(inodes[0].ControlFD), unix.O_RDONLY)
			}
		}),
		{name: "row095_open_fifo_without_writer", transports: both, timeout: 3 * time.Second,
			flags: []string{"--host-fifo=open"}, run: func(s *trial) {
				s.open(s.lookup("fifo"), unix.O_RDONLY)
			}},
		viaClient("row095_open_fifo_other_modes", func(s *trial) {
			f := s.lookup("fifo")
			s.open(f, unix.O_RDWR)
			s.open(f, unix.O_WRONLY)
		}, "--host-fifo=open"),
		viaClient("row096_open_socket", func(s *trial) {
			s.open(s.lookup("sock"), unix.O_RDONLY)
			s.open(s.lookup("sock"), unix.O_RDWR)
		}, "--host-uds=all"),
		viaClient("row096_open_socket_not_allowed", func(s *trial) {
			_, inodes, err := s.root.WalkMultiple(s.ctx, []string{"sock"})
			s.observe("Walk", "%s", errnoName(err))
			if err == nil {
				s.open(s.fd(inodes[0].ControlFD), unix.O_RDONLY)
			}
		}, "--host-uds=create"),
		viaClient("row097_create_existing", func(s *trial) {
			for _, n := range []string{"f", "d1", "ln", "dangling"} {
				s.create(s.root, n, unix.O_RDWR, 0644, 0, 0)
			}
		}),
		viaClient("row097_create", func(s *trial) {
			f, open := s.create(s.root, "new", unix.O_RDWR, 0640, 1000, 1001)
			s.write(open, []byte("fresh"), 0)
			s.fstat(f)
			s.fstat(open)
			s.read(open, 10, 0)
			s.create(s.root, "wr", unix.O_WRONLY, 0600, 0, 0)
			s.create(s.root, "rd", unix.O_RDONLY|unix.O_TRUNC, 0600, 0, 0)
			s.create(s.root, "unwritable", unix.O_RDWR, 0, 0, 0)
		}),
		viaClient("row098_create_type_bits", func(s *trial) {
			s.create(s.root, "new", unix.O_RDWR, unix.S_IFDIR|0600, 0, 0)
		}),
		viaClient("row099_create_setuid", func(s *trial) {
			s.create(s.root, "new", unix.O_RDWR, 06755, 0, 0)
			s.create(s.root, "sticky", unix.O_RDWR, 01777, 0, 0)
		}),
		viaClient("row100_create_without_owner", func(s *trial) {
			s.create(s.root, "new", unix.O_RDWR, 0644, lisafs.NoUID, lisafs.NoGID)
			s.create(s.root, "half", unix.O_RDWR, 0644, 77, lisafs.NoGID)
		}),
		viaClient("row129_create_bad_name_or_dir", func(s *trial) {
			for _, n := range []string{"", ".", "..", "a/b", "a\x00b", longName} {
				s.create(s.root, n, unix.O_RDWR, 0644, 0, 0)
			}
			s.create(s.lookup("f"), "x", unix.O_RDWR, 0644, 0, 0)
			s.create(s.fd(9999), "x", unix.O_RDWR, 0644, 0, 0)
			s.create(s.fd(9999), "..", unix.O_RDWR, 0644, 0, 0)
		}),
	}
}
