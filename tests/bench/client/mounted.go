package main

import (
	"fmt"

	"goferd/tests/interop/gofer_process"
	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/abi/linux"
	"gvisor.dev/gvisor/pkg/context"
	"gvisor.dev/gvisor/pkg/lisafs"
)

// mounted is a client with the FDs that the operations use.
type mounted struct {
	ctx    context.Context
	client *lisafs.Client
	root   lisafs.ClientFD
	file   lisafs.ClientFD // control FD of "data"
	data   lisafs.ClientFD // open FD of "data"
	many   lisafs.ClientFD // open FD of the large directory
	stat   linux.Statx
	buffer []byte

	name, otherName string // of the file that Rename moves
}

func mount(p *goferprocess.Process, socketOnly bool) (*mounted, error) {
	client, root, err := goferprocess.Mount(p.TakeSocket(0))
	if err != nil {
		return nil, fmt.Errorf("mount: %w", err)
	}
	if socketOnly {
		goferprocess.UseSocketOnly(client)
	}
	m := &mounted{
		ctx: context.Background(), client: client, root: client.NewFD(root.ControlFD),
		buffer: make([]byte, largeSize), name: "moving", otherName: "moved",
	}
	if err := m.prepare(); err != nil {
		client.Close()
		return nil, err
	}
	return m, nil
}

func (m *mounted) prepare() error {
	file, err := m.root.Walk(m.ctx, "data")
	if err != nil {
		return fmt.Errorf("walk to data: %w", err)
	}
	m.file = m.client.NewFD(file.ControlFD)
	if m.data, err = m.open(unix.O_RDWR); err != nil {
		return fmt.Errorf("open data: %w", err)
	}
	many, err := m.root.Walk(m.ctx, "many")
	if err != nil {
		return fmt.Errorf("walk to many: %w", err)
	}
	dir := m.client.NewFD(many.ControlFD)
	id, host, err := dir.OpenAt(m.ctx, unix.O_RDONLY)
	if err != nil {
		return fmt.Errorf("open many: %w", err)
	}
	closeHost(host)
	m.many = m.client.NewFD(id)
	return nil
}

// settle undoes an odd number of renames, so that the tree can be used again.
func (m *mounted) settle() error {
	if m.name == "moving" {
		return nil
	}
	return m.root.RenameAt(m.ctx, m.name, m.root.ID(), m.otherName)
}
