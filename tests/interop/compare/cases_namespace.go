package main

import (
	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/abi/linux"
)

func namespaceCases() []testCase {
	badNames := []string{"", ".", "..", "a/b", "a\x00b"}
	return []testCase{
		viaClient("row129_name_before_fd", func(s *trial) {
			nowhere := s.fd(9999)
			for _, n := range badNames {
				s.mkdir(nowhere, n, 0755)
				s.mknod(nowhere, n, unix.S_IFREG|0644)
				s.symlink(nowhere, n, "t")
				s.link(nowhere, nowhere, n)
				s.unlink(nowhere, n, 0)
				s.rename(nowhere, n, nowhere, "x")
				s.rename(nowhere, "x", nowhere, n)
			}
			s.mkdir(nowhere, "x", 0755)
			s.unlink(nowhere, "x", 0)
			s.rename(nowhere, "x", s.root, "y")
			s.rename(s.root, "x", nowhere, "y")
		}),
		viaClient("row130_file_as_dir", func(s *trial) {
			for _, n := range []string{"f", "ln"} {
				f := s.lookup(n)
				s.mkdir(f, "x", 0755)
				s.mknod(f, "x", unix.S_IFREG|0644)
				s.symlink(f, "x", "t")
				s.link(f, s.lookup("f"), "x")
				s.unlink(f, "x", 0)
				s.rename(f, "x", s.root, "y")
			}
		}),
		viaClient("row130_open_fd_as_dir", func(s *trial) {
			open := s.open(s.lookup("d1"), unix.O_RDONLY)
			s.mkdir(open, "x", 0755)
			s.unlink(open, "g", 0)
			s.rename(open, "g", s.root, "x")
		}),
		viaClient("row131_mkdir", func(s *trial) {
			s.mkdir(s.root, "d1", 0755)
			s.mkdir(s.root, "ln", 0755)
			s.mkdir(s.root, longName, 0755)
			s.mkdir(s.root, "a\x00b", 0755)
			s.mkdir(s.root, "new", 02777)
			s.mkdir(s.root, "typed", unix.S_IFREG|0700)
			dir, err := s.root.MkdirAt(s.ctx, "owned dir", 0711, 1000, 1001)
			s.observe("MkdirAt with owner", "%s", s.inodeText(err, dir))
			s.mkdir(s.fd(dir.ControlFD), "below", 0)
		}),
		viaClient("row132_mknod", func(s *trial) {
			for _, mode := range []linux.FileMode{unix.S_IFIFO | 0644, 0644, unix.S_IFSOCK | 0644, unix.S_IFCHR | 0600,
				unix.S_IFBLK | 0600, unix.S_IFDIR | 0755, unix.S_IFREG | 06711} {
				s.mknod(s.root, "new", mode)
			}
			s.mknod(s.root, "new", unix.S_IFREG|0644)
			s.mknod(s.root, longName, unix.S_IFREG|0644)
		}),
		viaClient("row132_mknod_device_numbers", func(s *trial) {
			i, err := s.root.MknodAt(s.ctx, "new", unix.S_IFREG|0600, 1000, 1001, 5, 6)
			s.observe("MknodAt regular with numbers", "%s", s.inodeText(err, i))
			i, err = s.root.MknodAt(s.ctx, "null", unix.S_IFCHR|0666, 0, 0, 3, 1)
			s.observe("MknodAt device 1:3", "%s", s.inodeText(err, i))
		}),
		viaClient("row133_symlink", func(s *trial) {
			s.symlink(s.root, "new", "")
			s.symlink(s.root, "new", "a\x00b")
			s.symlink(s.root, "new", "../../anything goes")
			s.symlink(s.root, "new", "x")
			s.symlink(s.root, "long", longName)
			s.readlink(s.lookup("new"))
		}),
		viaClient("row134_readlink", func(s *trial) {
			s.readlink(s.lookup("ln"))
			s.readlink(s.lookup("dangling"))
			s.readlink(s.lookup("f"))
			s.readlink(s.lookup("d1"))
			s.readlink(s.fd(9999))
			s.readlink(s.open(s.lookup("f"), unix.O_RDONLY))
		}),
		viaClient("row134_readlink_long", func(s *trial) {
			target := ""
			for len(target) < 4000 {
				target += "0123456789/"
			}
			s.readlink(s.symlink(s.root, "new", target))
		}),
		viaClient("row135_link_refused", func(s *trial) {
			f := s.lookup("f")
			s.link(s.root, s.lookup("d1"), "new")
			s.link(s.root, s.fd(9999), "new")
			s.link(s.root, f, "owned")
			s.link(s.root, f, longName)
			s.link(s.root, s.open(f, unix.O_RDONLY), "new")
			s.link(s.root, s.root, "new")
		}),
		viaClient("row136_link", func(s *trial) {
			f := s.lookup("f")
			l := s.link(s.lookup("d1"), f, "hard")
			s.fstat(f)
			s.fstat(l)
			s.link(s.root, s.lookup("ln"), "link to link")
			s.walk(s.root, "link to link", "d2")
			s.link(s.root, s.lookup("unreadable"), "hidden")
		}),
		viaClient("row137_unlink_errors", func(s *trial) {
			s.unlink(s.root, "missing", 0)
			s.unlink(s.root, "d1", 0)
			s.unlink(s.root, "f", unix.AT_REMOVEDIR)
			s.unlink(s.root, "d1", unix.AT_REMOVEDIR)
			s.unlink(s.root, "f", 1)
			s.unlink(s.root, longName, 0)
			s.unlink(s.root, "f", 0)
			s.unlink(s.root, "f", 0)
			s.unlink(s.root, "ln", 0)
			s.unlink(s.root, "empty", unix.AT_REMOVEDIR)
			s.walkStat(s.root, "d1")
		}),
		viaClient("row138_unlink_then_walk", func(s *trial) {
			f := s.lookup("f")
			s.unlink(s.root, "f", 0)
			s.walk(s.root, "f")
			s.create(s.root, "f", unix.O_RDWR, 0600, 0, 0)
			s.walk(s.root, "f")
			s.fstat(f)
		}),
		viaClient("row139_rename_onto_itself", func(s *trial) {
			s.rename(s.root, "missing", s.root, "missing")
			s.rename(s.root, "f", s.root, "f")
			s.rename(s.root, "missing", s.lookup("d1"), "missing")
		}),
		viaClient("row140_rename_errors", func(s *trial) {
			d1 := s.lookup("d1")
			s.rename(s.root, "missing", s.root, "x")
			s.rename(s.root, "f", s.lookup("owned"), "x")
			s.rename(s.root, "d1", s.lookup("d1", "d2"), "x")
			s.rename(s.root, "f", s.root, "d1")
			s.rename(s.root, "empty", s.root, "f")
			s.rename(s.root, "empty", s.root, "d1")
			s.rename(s.root, "f", d1, longName)
			s.walk(s.root, "f")
		}),
		viaClient("row141_rename", func(s *trial) {
			f := s.lookup("f")
			open := s.open(f, unix.O_RDWR)
			d2 := s.lookup("d1", "d2")
			s.rename(s.root, "f", d2, "moved")
			s.walkStat(s.root, "d1", "d2", "moved")
			s.walk(s.root, "f")
			s.fstat(f)
			s.read(open, 20, 0)
			s.link(s.root, f, "after the move")
			s.open(f, unix.O_RDONLY)
			s.rename(d2, "moved", s.root, "f")
			s.walk(s.root, "f")
		}),
		viaClient("row141_rename_dir_with_open_children", func(s *trial) {
			d1 := s.lookup("d1")
			d3 := s.lookup("d1", "d2", "d3")
			g := s.lookup("d1", "g")
			s.rename(s.root, "d1", s.lookup("empty"), "in")
			s.mkdir(d3, "deep", 0755)
			s.link(d1, g, "g2")
			s.create(d1, "file", unix.O_RDWR, 0600, 0, 0)
			s.walk(s.root, "empty", "in", "d2", "d3", "deep")
			s.symlink(d3, "l", "t")
		}),
		{name: "row142_rename_across_mounts", transports: both, mountPaths: []string{"/", "/d1"}, run: func(s *trial) {
			client, root := s.mount(1)
			defer client.Close()
			s.fstat(root)
			g := s.lookupFrom(root, "g")
			s.rename(s.root, "d1", s.root, "elsewhere")
			i, err := root.MkdirAt(s.ctx, "made by b", 0755, 0, 0)
			s.observe("second mount MkdirAt", "%s", s.inodeText(err, i))
			i, _, fd, err := root.OpenCreateAt(s.ctx, "file by b", unix.O_RDWR, 0600, 0, 0)
			s.observe("second mount OpenCreateAt", "%s", s.inodeText(err, i))
			if err == nil {
				s.observe("donated", "%s", s.donated(fd))
			}
			i, err = root.LinkAt(s.ctx, g.ID(), "link by b")
			s.observe("second mount LinkAt", "%s", s.inodeText(err, i))
			s.walk(s.root, "elsewhere", "made by b")
			s.walk(s.root, "elsewhere", "link by b")
			s.walk(s.root, "d1")
		}},
	}
}
