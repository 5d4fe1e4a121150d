package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"goferd/tests/interop/gofer_process"
	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/context"
	"gvisor.dev/gvisor/pkg/lisafs"
)

// transport is how the requests of a case travel.
type transport string

const (
	overSocket   transport = "socket"
	overChannels transport = "channels"
	overRaw      transport = "raw" // frames put together by hand
)

// testCase observes one row of rows.md: operations and their outcomes.
type testCase struct {
	name       string
	transports []transport
	flags      []string // of the server
	mountPaths []string
	timeout    time.Duration // 0: the default
	run        func(s *trial)
}

const (
	preparation   = "preparation"    // observed only if it failed
	serverProcess = "server process" // how it ended; always the last observation
	noAnswer      = "(no answer)"    // until the watchdog killed the server
)

// observation is one comparable outcome.
type observation struct{ label, value string }

// trial is one run of a case against one server.
type trial struct {
	ctx       context.Context
	transport transport
	tree      string // the scratch tree as seen by this process
	process   *goferprocess.Process
	client    *lisafs.Client
	root      lisafs.ClientFD
	raw       *rawConnection

	started      time.Time
	observations []observation
	labels       map[string]int
	inodes       map[[3]uint64]int
	devices      map[[2]uint32]int
	hung         atomic.Bool // true once the watchdog has killed the server
}

// aborted is the panic that ends a case early.
type aborted struct{ why string }

// runCase runs c against one server in a fresh tree and returns what was
// observed, and the path of the server's standard error.
func runCase(c testCase, tr transport, server []string, scratch string, patience time.Duration) ([]observation, string, error) {
	dir, err := os.MkdirTemp(scratch, "case-")
	if err != nil {
		return nil, "", err
	}
	s := &trial{
		ctx: context.Background(), transport: tr, tree: filepath.Join(dir, "t"), started: time.Now(),
		labels: map[string]int{}, inodes: map[[3]uint64]int{}, devices: map[[2]uint32]int{},
	}
	if err := os.Mkdir(s.tree, 0755); err != nil {
		return nil, "", err
	}
	if err := makeTree(s.tree); err != nil {
		return nil, "", fmt.Errorf("scratch tree: %w", err)
	}
	stderr, err := os.Create(filepath.Join(dir, "stderr"))
	if err != nil {
		return nil, "", err
	}
	defer stderr.Close()
	s.process, err = goferprocess.Start(goferprocess.Options{
		Command: server, Root: s.tree, MountPaths: c.mountPaths, Flags: c.flags, Stderr: stderr,
	})
	if err != nil {
		return nil, stderr.Name(), err
	}

	if c.timeout != 0 {
		patience = c.timeout
	}
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		defer func() {
			if a, ok := recover().(aborted); ok {
				s.observations = append(s.observations, observation{"case ended early", a.why})
			}
		}()
		s.connect()
		c.run(s)
	}()
	select {
	case <-finished:
	case <-time.After(patience):
		s.hung.Store(true)
		s.process.Kill()
		select {
		case <-finished:
		case <-time.After(patience):
			return nil, stderr.Name(), fmt.Errorf("client still blocked after its server was killed")
		}
	}
	s.disconnect()
	s.observe(serverProcess, s.process.Stop(patience))
	return s.observations, stderr.Name(), nil
}

func (s *trial) connect() {
	if s.transport == overRaw {
		s.raw = &rawConnection{s: s, fd: s.process.TakeSocket(0)}
		return
	}
	s.client, s.root = s.mount(0)
}

// mount makes a client of connection i.
func (s *trial) mount(i int) (*lisafs.Client, lisafs.ClientFD) {
	client, root, err := goferprocess.Mount(s.process.TakeSocket(i))
	if err != nil {
		s.observe(fmt.Sprintf("mount connection %d", i), errnoName(err))
		panic(aborted{"mount failed"})
	}
	if s.transport == overSocket {
		goferprocess.UseSocketOnly(client)
	}
	return client, client.NewFD(root.ControlFD)
}

func (s *trial) disconnect() {
	if s.client != nil {
		s.client.Close()
	}
	if s.raw != nil {
		unix.Close(s.raw.fd)
	}
}

// observe records an outcome. Labels are made unique by counting.
func (s *trial) observe(label, format string, args ...interface{}) {
	value := format
	if len(args) > 0 {
		value = fmt.Sprintf(format, args...)
	}
	if s.hung.Load() && label != serverProcess {
		s.observations = append(s.observations, observation{label, noAnswer})
		panic(aborted{"watchdog killed the server"})
	}
	s.labels[label]++
	if n := s.labels[label]; n > 1 {
		label = fmt.Sprintf("%s (%d)", label, n)
	}
	s.observations = append(s.observations, observation{label, value})
}

// must stops the case when preparing it failed on this side.
func (s *trial) must(err error) {
	if err != nil {
		s.observe(preparation, "%v", err)
		panic(aborted{"preparation failed"})
	}
}

// procPath is a file of the server in /proc.
func (s *trial) procPath(name string) string {
	return filepath.Join("/proc", strconv.Itoa(s.process.Pid()), name)
}

// path is the place of a file of the tree in this process.
func (s *trial) path(name string) string { return filepath.Join(s.tree, name) }
