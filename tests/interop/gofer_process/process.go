// Package goferprocess starts a gofer (ours or the stock one) on sockets that
// it inherits, and sees to it that it ends.
package goferprocess

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Options say which server to start and what it serves.
type Options struct {
	Command    []string // program and leading arguments, e.g. {"gofer", "serve"}
	Root       string
	MountPaths []string // one connection each; empty means one on "/"
	Flags      []string // further arguments, the same for every server
	Wrapper    []string // e.g. strace and its options; the server is then its child
	Stderr     *os.File
}

// Process is a running server. Sockets holds the client ends; whoever uses one
// takes it out with TakeSocket and then owns it.
type Process struct {
	cmd     *exec.Cmd
	sockets []int
	done    chan struct{}
	state   *os.ProcessState
}

// Start runs the server; its sockets are FDs 3, 4, ...
func Start(o Options) (*Process, error) {
	paths := o.MountPaths
	if len(paths) == 0 {
		paths = []string{"/"}
	}
	p := &Process{done: make(chan struct{})}
	args := append(append([]string{}, o.Wrapper...), o.Command...)
	args = append(args, "--root="+o.Root)
	var inherited []*os.File
	defer func() {
		for _, f := range inherited {
			f.Close()
		}
	}()
	for i, path := range paths {
		pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			p.closeSockets()
			return nil, fmt.Errorf("socketpair: %w", err)
		}
		p.sockets = append(p.sockets, pair[0])
		inherited = append(inherited, os.NewFile(uintptr(pair[1]), "gofer socket"))
		args = append(args, fmt.Sprintf("--io-fds=%d", 3+i))
		if len(o.MountPaths) > 0 {
			args = append(args, "--mount-path="+path)
		}
	}
	args = append(args, o.Flags...)
	p.cmd = exec.Command(args[0], args[1:]...)
	p.cmd.ExtraFiles = inherited
	p.cmd.Stderr = o.Stderr
	if err := p.cmd.Start(); err != nil {
		p.closeSockets()
		return nil, fmt.Errorf("starting %s: %w", strings.Join(args, " "), err)
	}
	go func() {
		p.cmd.Wait() // a failure shows in the state
		p.state = p.cmd.ProcessState
		close(p.done)
	}()
	return p, nil
}

// Pid is the process ID of the server, or of its wrapper.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// TakeSocket hands out the client end of connection i.
func (p *Process) TakeSocket(i int) int {
	fd := p.sockets[i]
	p.sockets[i] = -1
	return fd
}

// Kill ends the server at once.
func (p *Process) Kill() { p.cmd.Process.Kill() }

// Stop closes the sockets still held, gives the server the time to end by
// itself, then kills it. It returns how the server ended.
func (p *Process) Stop(patience time.Duration) string {
	p.closeSockets()
	select {
	case <-p.done:
		return ending(p.state)
	case <-time.After(patience):
		p.Kill()
		<-p.done
		return fmt.Sprintf("still running after the last connection closed, %s", ending(p.state))
	}
}

func ending(state *os.ProcessState) string {
	status := state.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		return fmt.Sprintf("killed by signal %d", int(status.Signal()))
	}
	return fmt.Sprintf("exit %d", state.ExitCode())
}

func (p *Process) closeSockets() {
	for i, fd := range p.sockets {
		if fd >= 0 {
			unix.Close(fd)
			p.sockets[i] = -1
		}
	}
}
