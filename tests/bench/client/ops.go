package main

import (
	"fmt"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/lisafs"
)

// op is one measured operation.
type op struct {
	name string
	// rpcs is how many requests one call makes; 0 if it varies.
	rpcs int
	run  func(m *mounted) error
}

func ops() []op {
	return []op{
		{"FStat", 1, func(m *mounted) error { return m.file.StatTo(m.ctx, &m.stat) }},
		{"Walk1", 0, func(m *mounted) error { return m.walk("a") }},
		{"Walk3", 0, func(m *mounted) error { return m.walk("a", "b", "c") }},
		{"WalkStat3", 1, func(m *mounted) error {
			stats, err := m.root.WalkStat(m.ctx, []string{"a", "b", "c"})
			return expect(err, len(stats), 3)
		}},
		{"OpenClose", 2, func(m *mounted) error {
			open, err := m.open(unix.O_RDONLY)
			open.Close(m.ctx, true)
			return err
		}},
		{"PRead4K", 1, func(m *mounted) error { return m.read(4096) }},
		{"PRead1M", 1, func(m *mounted) error { return m.read(largeSize) }},
		{"PWrite4K", 1, func(m *mounted) error { return m.write(4096) }},
		{"PWrite1M", 1, func(m *mounted) error { return m.write(largeSize) }},
		{"ReadDir1000", 0, func(m *mounted) error { return m.list() }},
		{"CreateUnlink", 0, func(m *mounted) error {
			inode, id, host, err := m.root.OpenCreateAt(m.ctx, "new", unix.O_RDWR, 0644, 0, 0)
			if err != nil {
				return err
			}
			closeHost(host)
			m.client.CloseFD(m.ctx, id, false)
			m.client.CloseFD(m.ctx, inode.ControlFD, false)
			return m.root.UnlinkAt(m.ctx, "new", 0)
		}},
		{"MkdirRmdir", 0, func(m *mounted) error {
			inode, err := m.root.MkdirAt(m.ctx, "dir", 0755, 0, 0)
			if err != nil {
				return err
			}
			m.client.CloseFD(m.ctx, inode.ControlFD, false)
			return m.root.UnlinkAt(m.ctx, "dir", unix.AT_REMOVEDIR)
		}},
		{"Rename", 1, func(m *mounted) error {
			from, to := m.name, m.otherName
			m.name, m.otherName = to, from
			return m.root.RenameAt(m.ctx, from, m.root.ID(), to)
		}},
	}
}

// walk walks and lets go of the result as the sentry does: in batches.
func (m *mounted) walk(names ...string) error {
	_, inodes, err := m.root.WalkMultiple(m.ctx, names)
	for _, i := range inodes {
		m.client.CloseFD(m.ctx, i.ControlFD, false)
	}
	return expect(err, len(inodes), len(names))
}

// open opens the data file and gives the donated FD back: the benchmark is
// about I/O through the server.
func (m *mounted) open(flags uint32) (lisafs.ClientFD, error) {
	id, host, err := m.file.OpenAt(m.ctx, flags)
	if err == nil {
		closeHost(host)
	}
	return m.client.NewFD(id), err
}

func (m *mounted) read(size int) error {
	n, err := m.data.Read(m.ctx, m.buffer[:size], 0)
	return expect(err, int(n), size)
}

func (m *mounted) write(size int) error {
	n, err := m.data.Write(m.ctx, m.buffer[:size], 0)
	return expect(err, int(n), size)
}

// list reads all entries from the start, in steps of the sentry's size.
func (m *mounted) list() error {
	entries := 0
	for count := int32(-65536); ; count = 65536 {
		got, err := m.many.Getdents64(m.ctx, count)
		if err != nil {
			return err
		}
		if len(got) == 0 {
			return expect(nil, entries, manyFiles)
		}
		entries += len(got)
	}
}

func closeHost(fd int) {
	if fd >= 0 {
		unix.Close(fd)
	}
}

func expect(err error, got, want int) error {
	if err == nil && got != want {
		err = fmt.Errorf("got %d, want %d", got, want)
	}
	return err
}
