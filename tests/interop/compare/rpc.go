package main

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/abi/linux"
	"gvisor.dev/gvisor/pkg/lisafs"
)

// The methods of this file make one RPC each with gVisor's client and observe
// its outcome. They return what later operations need; FDIDs of failed ones are 0.

func short(name string) string {
	if len(name) > 20 {
		return fmt.Sprintf("%q... (%d)", name[:8], len(name))
	}
	return fmt.Sprintf("%q", name)
}

func shortAll(names []string) string {
	if len(names) > 6 {
		return fmt.Sprintf("[%d names]", len(names))
	}
	var out []string
	for _, n := range names {
		out = append(out, short(n))
	}
	return "[" + strings.Join(out, " ") + "]"
}

func (s *trial) fd(id lisafs.FDID) lisafs.ClientFD { return s.client.NewFD(id) }

func (s *trial) inodeText(err error, i lisafs.Inode) string {
	if err != nil {
		return errnoName(err)
	}
	return fmt.Sprintf("FDID %d %s", i.ControlFD, s.stat(&i.Stat))
}

func (s *trial) walk(from lisafs.ClientFD, names ...string) []lisafs.Inode {
	status, inodes, err := from.WalkMultiple(s.ctx, names)
	value := errnoName(err)
	if err == nil {
		value = fmt.Sprintf("status %d, %d inodes", status, len(inodes))
		for i := range inodes {
			value += "; " + s.inodeText(nil, inodes[i])
		}
	}
	s.observe(fmt.Sprintf("Walk %d %s", from.ID(), shortAll(names)), "%s", value)
	return inodes
}

// lookup walks to a file that must exist and does not observe anything.
func (s *trial) lookup(names ...string) lisafs.ClientFD {
	return s.lookupFrom(s.root, names...)
}

func (s *trial) lookupFrom(from lisafs.ClientFD, names ...string) lisafs.ClientFD {
	_, inodes, err := from.WalkMultiple(s.ctx, names)
	if err == nil && len(inodes) != len(names) {
		err = unix.ENOENT
	}
	if err != nil {
		s.must(fmt.Errorf("walk to %v: %w", names, err))
	}
	return from.Client().NewFD(inodes[len(inodes)-1].ControlFD)
}

func (s *trial) walkStat(from lisafs.ClientFD, names ...string) {
	stats, err := from.WalkStat(s.ctx, names)
	value := errnoName(err)
	if err == nil {
		value = fmt.Sprintf("%d stats", len(stats))
		for i := range stats {
			value += "; " + s.stat(&stats[i])
		}
	}
	s.observe(fmt.Sprintf("WalkStat %d %s", from.ID(), shortAll(names)), "%s", value)
}

func (s *trial) fstat(f lisafs.ClientFD) linux.Statx {
	var st linux.Statx
	err := f.StatTo(s.ctx, &st)
	value := errnoName(err)
	if err == nil {
		value = s.stat(&st)
	}
	s.observe(fmt.Sprintf("FStat %d", f.ID()), "%s", value)
	return st
}

func (s *trial) open(f lisafs.ClientFD, flags uint32) lisafs.ClientFD {
	id, host, err := f.OpenAt(s.ctx, flags)
	value := errnoName(err)
	if err == nil {
		value = fmt.Sprintf("FDID %d, %s", id, s.donated(host))
	}
	s.observe(fmt.Sprintf("OpenAt %d flags %#o", f.ID(), flags), "%s", value)
	return s.fd(id)
}

func (s *trial) create(dir lisafs.ClientFD, name string, flags uint32, mode linux.FileMode, uid lisafs.UID, gid lisafs.GID) (lisafs.ClientFD, lisafs.ClientFD) {
	i, open, host, err := dir.OpenCreateAt(s.ctx, name, flags, mode, uid, gid)
	value := s.inodeText(err, i)
	if err == nil {
		value += fmt.Sprintf("; open FDID %d, %s", open, s.donated(host))
	}
	s.observe(fmt.Sprintf("OpenCreateAt %d %s %#o mode %o", dir.ID(), short(name), flags, mode), "%s", value)
	return s.fd(i.ControlFD), s.fd(open)
}

func (s *trial) close(fds ...lisafs.ClientFD) {
	for _, f := range fds {
		f.Close(s.ctx, true)
	}
}

func (s *trial) read(f lisafs.ClientFD, count int, offset uint64) {
	buf := make([]byte, count)
	n, err := f.Read(s.ctx, buf, offset)
	s.observe(fmt.Sprintf("PRead %d count %d at %d", f.ID(), count, offset), "%d bytes %s %s", n, digest(buf[:n]), errnoName(err))
}

func (s *trial) write(f lisafs.ClientFD, data []byte, offset uint64) {
	n, err := f.Write(s.ctx, data, offset)
	s.observe(fmt.Sprintf("PWrite %d size %d at %d", f.ID(), len(data), offset), "%d bytes %s", n, errnoName(err))
}

func (s *trial) mkdir(dir lisafs.ClientFD, name string, mode linux.FileMode) lisafs.ClientFD {
	i, err := dir.MkdirAt(s.ctx, name, mode, 0, 0)
	s.observe(fmt.Sprintf("MkdirAt %d %s mode %o", dir.ID(), short(name), mode), "%s", s.inodeText(err, i))
	return s.fd(i.ControlFD)
}

func (s *trial) mknod(dir lisafs.ClientFD, name string, mode linux.FileMode) {
	i, err := dir.MknodAt(s.ctx, name, mode, 0, 0, 0, 0)
	s.observe(fmt.Sprintf("MknodAt %d %s mode %o", dir.ID(), short(name), mode), "%s", s.inodeText(err, i))
}

func (s *trial) symlink(dir lisafs.ClientFD, name, target string) lisafs.ClientFD {
	i, err := dir.SymlinkAt(s.ctx, name, target, 1000, 1001)
	s.observe(fmt.Sprintf("SymlinkAt %d %s to %s", dir.ID(), short(name), short(target)), "%s", s.inodeText(err, i))
	return s.fd(i.ControlFD)
}

func (s *trial) link(dir, target lisafs.ClientFD, name string) lisafs.ClientFD {
	i, err := dir.LinkAt(s.ctx, target.ID(), name)
	s.observe(fmt.Sprintf("LinkAt %d target %d %s", dir.ID(), target.ID(), short(name)), "%s", s.inodeText(err, i))
	return s.fd(i.ControlFD)
}

func (s *trial) readlink(f lisafs.ClientFD) {
	target, err := f.ReadLinkAt(s.ctx)
	s.observe(fmt.Sprintf("ReadLinkAt %d", f.ID()), "%s %s", short(target), errnoName(err))
}

func (s *trial) unlink(dir lisafs.ClientFD, name string, flags uint32) {
	err := dir.UnlinkAt(s.ctx, name, flags)
	s.observe(fmt.Sprintf("UnlinkAt %d %s flags %#x", dir.ID(), short(name), flags), "%s", errnoName(err))
}

func (s *trial) rename(dir lisafs.ClientFD, name string, newDir lisafs.ClientFD, newName string) {
	err := dir.RenameAt(s.ctx, name, newDir.ID(), newName)
	s.observe(fmt.Sprintf("RenameAt %d %s to %d %s", dir.ID(), short(name), newDir.ID(), short(newName)), "%s", errnoName(err))
}

func (s *trial) setStat(f lisafs.ClientFD, st linux.Statx) {
	mask, failure, err := f.SetStat(s.ctx, &st)
	s.observe(fmt.Sprintf("SetStat %d mask %#x mode %o size %d", f.ID(), st.Mask, st.Mode, st.Size),
		"%s, failed %#x %s", errnoName(err), mask, errnoName(failure))
}

func (s *trial) getdents(dir lisafs.ClientFD, count int32) int {
	entries, err := dir.Getdents64(s.ctx, count)
	value := fmt.Sprintf("%d entries %s", len(entries), errnoName(err))
	for i, e := range entries {
		if i < 12 {
			value += fmt.Sprintf("; %s type %d %s %s", short(string(e.Name)), e.Type,
				s.inode(uint64(e.Ino), uint32(e.DevMajor), uint32(e.DevMinor)), s.device(uint32(e.DevMajor), uint32(e.DevMinor)))
		}
	}
	s.observe(fmt.Sprintf("Getdents64 %d count %d", dir.ID(), count), "%s", value)
	return len(entries)
}

func (s *trial) allocate(f lisafs.ClientFD, mode, offset, length uint64) {
	err := f.Allocate(s.ctx, mode, offset, length)
	s.observe(fmt.Sprintf("FAllocate %d mode %d %d+%d", f.ID(), mode, offset, length), "%s", errnoName(err))
}

// statFS compares with this process's own view, since free space changes.
func (s *trial) statFS(f lisafs.ClientFD) {
	var got lisafs.StatFS
	if err := f.StatFSTo(s.ctx, &got); err != nil {
		s.observe(fmt.Sprintf("FStatFS %d", f.ID()), "%s", errnoName(err))
		return
	}
	var local unix.Statfs_t
	s.must(unix.Statfs(s.tree, &local))
	s.observe(fmt.Sprintf("FStatFS %d", f.ID()), "type %#x block %d names %d; blocks as seen locally: %t, files: %t; free <= all: %t %t",
		got.Type, got.BlockSize, got.NameLength, got.Blocks == local.Blocks, got.Files == local.Files,
		got.BlocksAvailable <= got.BlocksFree && got.BlocksFree <= got.Blocks, got.FilesFree <= got.Files)
}

func (s *trial) connectTo(f lisafs.ClientFD, kind linux.SockType) {
	fd, err := f.Connect(s.ctx, kind)
	value := errnoName(err)
	if err == nil {
		value = s.donated(fd)
	}
	s.observe(fmt.Sprintf("Connect %d type %#x", f.ID(), int(kind)), "%s", value)
}

func (s *trial) bind(dir lisafs.ClientFD, kind linux.SockType, name string) (lisafs.ClientFD, *lisafs.ClientBoundSocketFD, lisafs.Inode) {
	i, bound, err := dir.BindAt(s.ctx, kind, name, 0770, 1000, 1001)
	value := s.inodeText(err, i)
	if err == nil {
		dup, dupErr := unix.FcntlInt(uintptr(bound.NotificationFD()), unix.F_DUPFD_CLOEXEC, 0)
		s.must(dupErr)
		value += "; " + s.donated(dup)
	}
	s.observe(fmt.Sprintf("BindAt %d %s type %d", dir.ID(), short(name), int(kind)), "%s", value)
	return s.fd(i.ControlFD), bound, i
}

func (s *trial) listen(b *lisafs.ClientBoundSocketFD, backlog int32) {
	s.observe("Listen", "%s", errnoName(b.Listen(s.ctx, backlog)))
}

func (s *trial) accept(b *lisafs.ClientBoundSocketFD) {
	fd, err := b.Accept(s.ctx)
	value := errnoName(err)
	if err == nil {
		value = s.donated(fd)
	}
	s.observe("Accept", "%s", value)
}
