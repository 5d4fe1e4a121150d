package main

import (
	"bytes"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// treeTime is the time stamp of every file of a scratch tree, so that a changed
// time stamp can be told from an untouched one.
const treeTime = 1000000000

// makeTree fills dir with the files that the cases assume.
func makeTree(dir string) error {
	old := unix.Umask(0)
	defer unix.Umask(old)
	in := func(name string) string { return filepath.Join(dir, name) }
	steps := []func() error{
		func() error { return os.MkdirAll(in("d1/d2/d3"), 0755) },
		func() error { return os.Mkdir(in("empty"), 0755) },
		func() error { return os.WriteFile(in("f"), []byte("hello world"), 0644) },
		func() error { return os.WriteFile(in("unreadable"), []byte("secret"), 0) },
		func() error { return os.WriteFile(in("owned"), []byte("mine"), 0640) },
		func() error { return os.Chown(in("owned"), 1000, 1001) },
		func() error { return os.WriteFile(in("d1/g"), []byte("in d1"), 0600) },
		func() error { return os.WriteFile(in("big"), bytes.Repeat([]byte("0123456789abcdef"), 192<<10), 0644) },
		func() error { return os.Symlink("d1", in("ln")) },
		func() error { return os.Symlink("/no/such/target", in("dangling")) },
		func() error { return unix.Mkfifo(in("fifo"), 0644) },
		func() error { return unix.Mknod(in("chr"), unix.S_IFCHR|0666, int(unix.Mkdev(1, 3))) },
		func() error { return unix.Mknod(in("blk"), unix.S_IFBLK|0600, int(unix.Mkdev(7, 200))) },
		func() error { return bindAndForget(in("sock")) },
		func() error { return os.Mkdir(in("ten"), 0755) },
		func() error {
			for _, n := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"} {
				if err := os.WriteFile(in("ten/"+n), nil, 0644); err != nil {
					return err
				}
			}
			return nil
		},
		func() error { return filepath.Walk(dir, stamp) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func stamp(path string, _ os.FileInfo, err error) error {
	if err != nil {
		return err
	}
	ts := []unix.Timespec{{Sec: treeTime}, {Sec: treeTime}}
	return unix.UtimesNanoAt(unix.AT_FDCWD, path, ts, unix.AT_SYMLINK_NOFOLLOW)
}

// bindAndForget leaves a socket file that nobody listens on.
func bindAndForget(path string) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Bind(fd, &unix.SockaddrUnix{Name: path})
}
