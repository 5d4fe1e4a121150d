package main

// differences are all the places where our gofer is meant to answer otherwise
// than the packaged one. Q numbers: see the quirks in server/lisafs/README.md.
var differences = concat(
	[]difference{
		{name: "row012_payload_length_wraps", label: serverProcess, stock: "exit 2", ours: "exit 0",
			why: "Q4: the length wraps in 32 bits and crashes the whole process; ours ends that connection"},
		{name: "row037_client_sends_fd", label: "FStat",
			stock: "dataLen 148, numFDs 1...", ours: "dataLen 148, numFDs 0...",
			why: "Q5: FDs that a client pushes are echoed; ours lets it push none"},
		{name: "row084_walk_14000_components", label: "Walk",
			stock: "dataLen 8, numFDs 0, padding 0, MID 0, 4 bytes: EREMOTEIO...", ours: "dataLen 8, numFDs 0, padding 0, MID 0, 4 bytes: EIO...",
			why: "Q6: the worst case does not fit the window and panics; ours checks it first, as gVisor does since 2026"},
		{name: "row084_walk_14000_components_on_socket", label: "Walk", stock: "MID 5...", ours: "MID 0, 4 bytes: EIO",
			why: "Q6: one answer on both transports, that of gVisor since 2026"},
		{name: "row084_walk_14000_components_on_socket", label: "still alive", stock: "MID 3, 144 bytes: inode#2...", ours: "MID 3, 144 bytes: inode#1...",
			why: "the walk before it named no inode"},
		{name: "row171_open", label: "RDONLY", stock: "MID 7, 8 bytes: 03 00 00 00 00 00 00 00; FD of a regular file...",
			ours: "MID 7, 8 bytes: 03 00 00 00 00 00 00 00", why: readOnlyDonation},
		{name: "row171_reading_works", label: "OpenAt 2 flags 0", stock: "FDID 3, FD of a regular file...", ours: "FDID 3, no FD",
			why: readOnlyDonation},
		{name: "row171_reading_works", label: "Getdents64 6 count -65536", stock: `10 entries ok; "b" type 8 inode#2...`,
			ours: `10 entries ok; "b" type 8 inode#1...`, why: "the donated FD before it named an inode"},
		{name: "row171_reading_works", label: `WalkStat 1 ["d1" "d2"]`, stock: "2 stats; inode#12...", ours: "2 stats; inode#11...",
			why: "the donated FD before it named an inode"},
		{name: "row172_bind", label: `BindAt 1 "new" type 1`, stock: "FDID 2...", ours: "EROFS",
			why: "a socket file is a change; gVisor refuses it too since 2026"},
		{name: "row172_bind", label: `Walk 1 ["new"]`, stock: "status 0...", ours: "status 1, 0 inodes",
			why: "nothing was bound"},
		{name: "row105_read_count_wraps", label: "PRead 0xfffffff8", stock: "MID 0, 4 bytes: EREMOTEIO", ours: "MID 0, 4 bytes: ENOBUFS",
			why: "Q8: the size wraps in 32 bits and panics"},
		{name: "row105_read_count_wraps", label: "PRead 0xffffffff", stock: "MID 0, 4 bytes: EREMOTEIO", ours: "MID 0, 4 bytes: ENOBUFS",
			why: "Q8: the size wraps in 32 bits and panics"},
		{name: "row144_node_of_reused_name", label: `MkdirAt 3 "x" mode 755`, stock: "ENOENT", ours: "EINVAL",
			why: "Q1: a dying node erases the entry of a newer one, whose removal then goes unnoticed"},
		{name: "row156_9500_long_names", label: "all at once", stock: "MID 0, response fits: true", ours: "MID 24, response fits: true",
			why: "Q6: the result is too long and lost; ours stops before the limit"},
		{name: "row161_bind_then_stat", label: "FStat 2", stock: "inode#2...", ours: "inode#1...",
			why: "Q12: the control FD stands for the socket, not for its file"},
	},
	withoutPermission("row074_walk_fifo_not_allowed", "fifo"),
	withoutPermission("row074_walk_socket_not_allowed", "sock"),
	refusedAtUse("row094_open_fifo_not_allowed", "OpenAt 2 flags 0"),
	refusedAtUse("row096_open_socket_not_allowed", "OpenAt 2 flags 0"),
	refusedAtUse("row159_connect_not_allowed", "Connect 2 type 0x1"),
	fifoWithoutWriter("row095_open_fifo_without_writer"),
	fdSocketNeverDrained("row056_fd_socket_never_drained"),
	nulBeforeFD("row129_name_before_fd"),
)

const readOnlyDonation = "through a donated FD a client may be able to change the file's mode or open it for writing; a read-only connection gets one only on a read-only mount"

const sinceNovember2023 = "since November 2023 a file without permission can be walked to and is refused only when it is used"

// withoutPermission: walking to a kind of file that the flags do not allow.
func withoutPermission(name, file string) []difference {
	return []difference{
		{name: name, label: `Walk 1 ["` + file + `"]`, stock: "EPERM", ours: "status 0, 1 inodes...", why: sinceNovember2023},
		{name: name, label: `WalkStat 1 ["` + file + `"]`, stock: "EPERM", ours: "1 stats...", why: sinceNovember2023},
	}
}

// refusedAtUse: the operation that is refused in place of the walk.
func refusedAtUse(name, operation string) []difference {
	return []difference{
		{name: name, label: "Walk", stock: "EPERM", ours: "ok", why: sinceNovember2023},
		{name: name, label: operation, stock: absent, ours: "EPERM", why: sinceNovember2023},
	}
}

// fifoWithoutWriter: the packaged server hangs and has to be killed.
func fifoWithoutWriter(name string) []difference {
	const why = "Q11: a FIFO is opened without O_NONBLOCK and blocks the server with its locks held"
	return []difference{
		{name: name, label: "OpenAt 2 flags 0", stock: noAnswer, ours: "FDID 3, FD of a fifo, flags 0104000", why: why},
		{name: name, label: "case ended early", stock: "watchdog killed the server", ours: absent, why: why},
		{name: name, label: serverProcess, stock: "killed by signal 9", ours: "exit 0", why: why},
	}
}

// fdSocketNeverDrained: the packaged server waits for room on the FD socket.
func fdSocketNeverDrained(name string) []difference {
	const why = "Q18: FDs are sent with a blocking call, so a client that takes none stalls the channel and the teardown"
	return []difference{
		{name: name, label: "opens answered", stock: noAnswer, ours: "2000", why: why},
		{name: name, label: "still alive", stock: absent, ours: "MID 3...", why: why},
		{name: name, label: "case ended early", stock: "watchdog killed the server", ours: absent, why: why},
		{name: name, label: serverProcess, stock: "killed by signal 9", ours: "exit 0", why: why},
	}
}

// nulBeforeFD: a NUL in a name of a directory that does not exist either.
func nulBeforeFD(name string) []difference {
	var out []difference
	for _, label := range []string{
		`MkdirAt 9999 "a\x00b" mode 755`, `MknodAt 9999 "a\x00b" mode 100644`, `SymlinkAt 9999 "a\x00b" to "t"`,
		`LinkAt 9999 target 9999 "a\x00b"`, `UnlinkAt 9999 "a\x00b" flags 0x0`,
		`RenameAt 9999 "a\x00b" to 9999 "x"`, `RenameAt 9999 "x" to 9999 "a\x00b"`,
	} {
		out = append(out, difference{name: name, label: label, stock: "EBADF", ours: "EINVAL",
			why: "a NUL is refused with the other unsafe names, before the FD is looked at; the packaged server finds it in the system call"})
	}
	return out
}

func concat(lists ...[]difference) []difference {
	var out []difference
	for _, l := range lists {
		out = append(out, l...)
	}
	return out
}
