package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/abi/linux"
)

// errnoName turns an error into something that is the same for both servers.
func errnoName(err error) string {
	var errno unix.Errno
	switch {
	case err == nil:
		return "ok"
	case err == io.EOF:
		return "EOF"
	case errors.As(err, &errno):
		switch errno {
		case 0:
			return "ok"
		case unix.EOPNOTSUPP:
			return "EOPNOTSUPP" // otherwise shown by its other name
		}
		if name := unix.ErrnoName(errno); name != "" {
			return name
		}
		return fmt.Sprintf("errno %d", int(errno))
	}
	return err.Error()
}

// inode names a file by the order in which it was first seen.
func (s *trial) inode(ino uint64, major, minor uint32) string {
	key := [3]uint64{ino, uint64(major), uint64(minor)}
	if _, ok := s.inodes[key]; !ok {
		s.inodes[key] = len(s.inodes) + 1
	}
	return fmt.Sprintf("inode#%d", s.inodes[key])
}

func (s *trial) device(major, minor uint32) string {
	key := [2]uint32{major, minor}
	if _, ok := s.devices[key]; !ok {
		s.devices[key] = len(s.devices) + 1
	}
	return fmt.Sprintf("dev#%d", s.devices[key])
}

// stat describes a Statx. The birth time and the mask bits beyond the basic
// ones depend on the version of gVisor; the case row083_statx_source compares them.
func (s *trial) stat(st *linux.Statx) string {
	return fmt.Sprintf("%s mode=%07o nlink=%d uid=%d gid=%d size=%d blocks=%d blksize=%d %s rdev=%d:%d basic=%#x a=%s m=%s c=%s",
		s.inode(st.Ino, st.DevMajor, st.DevMinor), st.Mode, st.Nlink, int32(st.UID), int32(st.GID), st.Size,
		st.Blocks, st.Blksize, s.device(st.DevMajor, st.DevMinor), st.RdevMajor, st.RdevMinor,
		st.Mask&unix.STATX_BASIC_STATS, s.when(st.Atime), s.when(st.Mtime), s.when(st.Ctime))
}

func (s *trial) when(t linux.StatxTimestamp) string {
	// File systems stamp with the time of the last tick, which may lie a little back.
	const tick = time.Second
	if at := time.Unix(t.Sec, int64(t.Nsec)); !at.Before(s.started.Add(-tick)) && at.Before(time.Now().Add(tick)) {
		return "recent"
	}
	if t.Sec == treeTime && t.Nsec == 0 {
		return "tree"
	}
	return fmt.Sprintf("%d.%09d", t.Sec, t.Nsec)
}

var kinds = map[uint32]string{
	unix.S_IFREG: "regular file", unix.S_IFDIR: "directory", unix.S_IFLNK: "symlink", unix.S_IFIFO: "fifo",
	unix.S_IFCHR: "character device", unix.S_IFBLK: "block device", unix.S_IFSOCK: "socket",
}

// donated describes and closes an FD that the server has sent.
func (s *trial) donated(fd int) string {
	if fd < 0 {
		return "no FD"
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return "FD that cannot be statted: " + errnoName(err)
	}
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil {
		return "FD without flags: " + errnoName(err)
	}
	out := fmt.Sprintf("FD of a %s, flags %#o", kinds[st.Mode&unix.S_IFMT], flags)
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		buf := make([]byte, 16)
		n, err := unix.Pread(fd, buf, 0)
		if err != nil {
			out += ", read " + errnoName(err)
		} else {
			out += fmt.Sprintf(", starts %q", buf[:n])
		}
		if st.Ino != 0 && st.Nlink > 0 {
			out += ", " + s.inode(st.Ino, unix.Major(uint64(st.Dev)), unix.Minor(uint64(st.Dev)))
		}
	case unix.S_IFSOCK:
		kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
		out += fmt.Sprintf(", type %d %s", kind, errnoName(err))
	}
	return out
}
