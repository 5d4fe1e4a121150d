package main

import (
	"math"
	"reflect"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/abi/linux"
	"gvisor.dev/gvisor/pkg/lisafs"
)

// packageRecords are all cases of the messages that the package has: the
// systematic ones for every structure, then typical ones.
func packageRecords() []record {
	var out []record
	eachStruct(func(m message) {
		for _, f := range fillers() {
			fresh := reflect.New(reflect.TypeOf(m).Elem()).Interface().(message)
			if f.applies(fresh) {
				fill(fresh, f)
				out = append(out, newRecord(f.name, fresh))
			}
		}
	})
	for _, t := range typical() {
		out = append(out, newRecord(t.name, t.message))
	}
	return out
}

type typicalCase struct {
	name    string
	message message
}

func sampleStat() linux.Statx {
	return linux.Statx{
		Mask: 0x7ff, Blksize: 4096, Nlink: 2, UID: 1000, GID: 1001, Mode: unix.S_IFREG | 0644,
		Ino: 0x1122334455667788, Size: 50, Blocks: 8,
		Atime:    linux.StatxTimestamp{Sec: 0x65000001, Nsec: 1},
		Ctime:    linux.StatxTimestamp{Sec: 0x65000003, Nsec: 3},
		Mtime:    linux.StatxTimestamp{Sec: 0x65000004, Nsec: 4},
		DevMajor: 8, DevMinor: 1,
	}
}

func sampleInode() lisafs.Inode { return lisafs.Inode{ControlFD: 2, Stat: sampleStat()} }

// typical are the messages of an ordinary client.
func typical() []typicalCase {
	stat := sampleStat()
	setStat := &lisafs.SetStatReq{
		FD: 7, Mask: unix.STATX_MODE | unix.STATX_SIZE, Mode: 0760, UID: 1000, GID: 1001, Size: 50,
		Atime: linux.Timespec{Sec: 1, Nsec: 2}, Mtime: linux.Timespec{Sec: 3, Nsec: 4},
	}
	touch := &lisafs.SetStatReq{
		FD: 7, Mask: unix.STATX_ATIME | unix.STATX_MTIME, UID: lisafs.NoUID, GID: lisafs.NoGID,
		Atime: linux.Timespec{Nsec: unix.UTIME_NOW}, Mtime: linux.Timespec{Sec: -1, Nsec: unix.UTIME_OMIT},
	}
	openCreate := &lisafs.OpenCreateAtReq{Flags: unix.O_RDWR, Name: "file"}
	openCreate.DirFD, openCreate.UID, openCreate.GID, openCreate.Mode = 1, 1000, 1001, 0644
	mkdir := &lisafs.MkdirAtReq{Name: "dir"}
	mkdir.DirFD, mkdir.Mode = 1, 0755
	mknod := &lisafs.MknodAtReq{Minor: 5, Major: 6, Name: "n"}
	mknod.DirFD, mknod.Mode = 1, unix.S_IFREG|0600
	bind := &lisafs.BindAtReq{SockType: unix.SOCK_STREAM, Name: "s"}
	bind.DirFD, bind.UID, bind.GID, bind.Mode = 1, 1000, 1001, 0777

	var supported []lisafs.MID
	for mid := lisafs.Mount; mid <= lisafs.Accept; mid++ {
		switch mid {
		case lisafs.Flush, lisafs.FListXattr, lisafs.FRemoveXattr:
		default:
			supported = append(supported, mid)
		}
	}
	errno := &lisafs.ErrorResp{}
	errno.UnmarshalBytes([]byte{byte(unix.EINVAL), 0, 0, 0})
	channel := &lisafs.ChannelResp{}
	channel.UnmarshalBytes([]byte{0, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0})

	return []typicalCase{
		{"einval", errno},
		{"host_gofer", &lisafs.MountResp{Root: sampleInode(), MaxMessageSize: 2093056, SupportedMs: supported}},
		{"second_window", channel},
		{"open_fd", &lisafs.StatReq{FD: 7}},
		{"regular_file", &stat},
		{"mode_and_size", setStat},
		{"now_and_omit", touch},
		{"size_failed", &lisafs.SetStatResp{FailureMask: unix.STATX_SIZE, FailureErrNo: uint32(unix.EINVAL)}},
		{"two_components", &lisafs.WalkReq{DirFD: 1, Path: []string{"usr", "lib"}}},
		{"self_first", &lisafs.WalkReq{DirFD: 1, Path: []string{"", "a"}}},
		{"no_components", &lisafs.WalkReq{DirFD: 1}},
		{"missing_after_one", &lisafs.WalkResp{Status: lisafs.WalkComponentDoesNotExist, Inodes: []lisafs.Inode{sampleInode()}}},
		{"symlink", &lisafs.WalkResp{Status: lisafs.WalkComponentSymlink}},
		{"one_stat", &lisafs.WalkStatResp{Stats: []linux.Statx{stat}}},
		{"rdwr_trunc", &lisafs.OpenAtReq{FD: 3, Flags: unix.O_RDWR | unix.O_TRUNC}},
		{"opened", &lisafs.OpenAtResp{OpenFD: 4}},
		{"new_file", openCreate},
		{"created", &lisafs.OpenCreateAtResp{Child: sampleInode(), NewFD: 3}},
		{"two_fds", &lisafs.CloseReq{FDs: []lisafs.FDID{2, 3}}},
		{"batch", &lisafs.CloseReq{FDs: make([]lisafs.FDID, 100)}},
		{"one_fd", &lisafs.FsyncReq{FDs: []lisafs.FDID{4}}},
		{"three_bytes", &lisafs.PWriteReq{Offset: 16, FD: 4, NumBytes: 3, Buf: []byte("abc")}},
		{"three_bytes", &lisafs.PWriteResp{Count: 3}},
		{"page", &lisafs.PReadReq{Offset: 16, FD: 4, Count: 4096}},
		{"negative_offset", &lisafs.PReadReq{Offset: 1 << 63, FD: 4, Count: math.MaxUint32}},
		{"three_bytes", &lisafs.PReadResp{NumBytes: 3, Buf: []byte("abc")}},
		{"new_dir", mkdir},
		{"new_node", mknod},
		{"absolute_target", &lisafs.SymlinkAtReq{DirFD: 1, UID: 2, GID: 3, Name: "ln", Target: "/tgt"}},
		{"hard_link", &lisafs.LinkAtReq{DirFD: 1, Target: 2, Name: "hl"}},
		{"ext4", &lisafs.StatFS{Type: 0xef53, BlockSize: 4096, Blocks: 100, BlocksFree: 50,
			BlocksAvailable: 40, Files: 10, FilesFree: 5, NameLength: 255}},
		{"range", &lisafs.FAllocateReq{FD: 4, Offset: 16, Length: 32}},
		{"symlink_fd", &lisafs.ReadLinkAtReq{FD: 5}},
		{"absolute_target", &lisafs.ReadLinkAtResp{Target: "/tgt"}},
		{"stream", &lisafs.ConnectReq{FD: 6, SockType: unix.SOCK_STREAM}},
		{"stream", bind},
		{"bound", &lisafs.BindAtResp{Child: sampleInode(), BoundSocketFD: 9}},
		{"backlog", &lisafs.ListenReq{FD: 9, Backlog: 16}},
		{"bound_fd", &lisafs.AcceptReq{FD: 9}},
		{"hidden_peer", &lisafs.AcceptResp{}},
		{"remove_dir", &lisafs.UnlinkAtReq{DirFD: 1, Flags: unix.AT_REMOVEDIR, Name: "d"}},
		{"to_other_dir", &lisafs.RenameAtReq{OldDir: 1, NewDir: 2, OldName: "a", NewName: "bc"}},
		{"from_start", &lisafs.Getdents64Req{DirFD: 8, Count: -65536}},
		{"one_entry", &lisafs.Getdents64Resp{Dirents: []lisafs.Dirent64{
			{Ino: 0x11, DevMinor: 1, DevMajor: 8, Off: 3, Type: unix.DT_REG, Name: "f"}}}},
		{"user_attribute", &lisafs.FGetXattrReq{FD: 2, BufSize: 64, Name: "user.a"}},
		{"user_attribute", &lisafs.FGetXattrResp{Value: "val"}},
		{"create_only", &lisafs.FSetXattrReq{FD: 2, Flags: unix.XATTR_CREATE, Name: "user.a", Value: "val"}},
		{"small_buffer", &lisafs.FListXattrReq{FD: 2, Size: 256}},
		{"two_names", &lisafs.FListXattrResp{Xattrs: []string{"user.a", "user.b"}}},
		{"user_attribute", &lisafs.FRemoveXattrReq{FD: 2, Name: "user.a"}},
	}
}
