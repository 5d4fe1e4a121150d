package main

import (
	"strings"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/abi/linux"
	"gvisor.dev/gvisor/pkg/lisafs"
)

func socketCases() []testCase {
	const all = "--host-uds=all"
	return []testCase{
		viaClient("row157_connect_to_fifo", func(s *trial) {
			s.connectTo(s.lookup("fifo"), unix.SOCK_STREAM)
			s.connectTo(s.lookup("f"), unix.SOCK_STREAM)
			s.connectTo(s.root, unix.SOCK_STREAM)
			s.connectTo(s.fd(9999), unix.SOCK_STREAM)
		}, all, "--host-fifo=open"),
		viaClient("row158_connect_types", func(s *trial) {
			l := s.listener("listening", unix.SOCK_STREAM)
			defer unix.Close(l)
			f := s.lookup("listening")
			s.connectTo(f, 0)
			s.connectTo(f, unix.SOCK_STREAM|unix.SOCK_NONBLOCK)
			s.connectTo(f, unix.SOCK_DGRAM)
			s.connectTo(f, unix.SOCK_RAW)
			s.connectTo(f, unix.SOCK_SEQPACKET)
			s.connectTo(f, unix.SOCK_STREAM)
			s.connectTo(s.lookup("sock"), unix.SOCK_STREAM)
		}, all),
		viaClient("row158_connect_carries_data", func(s *trial) {
			s.connectAndRead("stream", unix.SOCK_STREAM)
			s.connectAndRead("packets", unix.SOCK_SEQPACKET)
		}, all),
		viaClient("row159_sockets_not_allowed", func(s *trial) {
			s.bind(s.root, unix.SOCK_STREAM, "new")
			s.walk(s.root, "new")
		}),
		viaClient("row159_connect_not_allowed", func(s *trial) {
			_, inodes, err := s.root.WalkMultiple(s.ctx, []string{"sock"})
			s.observe("Walk", "%s", errnoName(err))
			if err == nil {
				s.connectTo(s.fd(inodes[0].ControlFD), unix.SOCK_STREAM)
			}
		}, "--host-uds=create"),
		viaClient("row159_bind_not_allowed", func(s *trial) {
			s.bind(s.root, unix.SOCK_STREAM, "new")
		}, "--host-uds=open"),
		viaClient("row160_bind_refused", func(s *trial) {
			s.bind(s.root, unix.SOCK_STREAM, strings.Repeat("p", 107))
			s.bind(s.root, unix.SOCK_STREAM, strings.Repeat("p", 120))
			s.bind(s.root, unix.SOCK_STREAM, "f")
			s.bind(s.root, unix.SOCK_STREAM, "sock")
			s.bind(s.root, 0, "new")
			s.bind(s.root, unix.SOCK_RAW, "new")
			s.bind(s.root, unix.SOCK_STREAM, "..")
			s.bind(s.root, unix.SOCK_STREAM, "a\x00b")
			s.bind(s.lookup("f"), unix.SOCK_STREAM, "x")
			s.bind(s.fd(9999), unix.SOCK_STREAM, "x")
			s.walk(s.root, "new")
		}, all),
		viaClient("row160_bind_longest_name", func(s *trial) {
			s.bind(s.root, unix.SOCK_STREAM, strings.Repeat("p", 106))
		}, all),
		viaClient("row161_bind_then_stat", func(s *trial) {
			f, bound, _ := s.bind(s.root, unix.SOCK_STREAM, "new")
			s.requireBound(bound)
			s.fstat(f)
		}, all),
		viaClient("row161_bind_then_walk", func(s *trial) {
			_, bound, _ := s.bind(s.root, unix.SOCK_STREAM, "new")
			s.requireBound(bound)
			s.walk(s.root, "new")
		}, all),
		viaClient("row162_accept", func(s *trial) {
			_, bound, _ := s.bind(s.root, unix.SOCK_STREAM, "new")
			s.requireBound(bound)
			s.accept(bound)
			s.listen(bound, 16)
			s.accept(bound)
			peer := s.dial("new", unix.SOCK_STREAM)
			defer unix.Close(peer)
			s.accept(bound)
			s.accept(bound)
			s.listen(bound, -1)
			s.listen(bound, 0)
		}, all),
		viaClient("row162_connect_to_bound", func(s *trial) {
			_, bound, _ := s.bind(s.root, unix.SOCK_SEQPACKET, "new")
			s.requireBound(bound)
			s.listen(bound, 16)
			s.connectTo(s.lookup("new"), unix.SOCK_SEQPACKET)
			s.accept(bound)
		}, all),
		viaClient("row163_datagram", func(s *trial) {
			_, bound, _ := s.bind(s.root, unix.SOCK_DGRAM, "new")
			s.requireBound(bound)
			s.listen(bound, 16)
			s.accept(bound)
			s.connectTo(s.lookup("new"), unix.SOCK_DGRAM)
		}, all),
		viaFrames("row164_stat_bound_fd", func(s *trial, r *rawConnection) {
			root := r.mount()
			_, body := r.call("BindAt", lisafs.BindAt, pay().createCommon(root, 0755).u32(unix.SOCK_STREAM).str("new"))
			if len(body) != 160 {
				return
			}
			bound := root + 2
			r.call("FStat", lisafs.FStat, pay().u64(bound))
			r.call("SetStat", lisafs.SetStat, pay().u64(bound).u64(0).u64(0).u64(0).u64(0).u64(0).u64(0).u64(0))
			r.call("OpenAt", lisafs.OpenAt, pay().u64(bound).u32(0).u32(0))
			r.call("PRead", lisafs.PRead, pay().u64(0).u64(bound).u32(1).u32(0))
			r.alive(root)
		}, all),
		viaFrames("row165_socket_unlinked", func(s *trial, r *rawConnection) {
			root := r.mount()
			_, body := r.call("BindAt", lisafs.BindAt, pay().createCommon(root, 0755).u32(unix.SOCK_STREAM).str("new"))
			if len(body) != 160 {
				return
			}
			r.call("UnlinkAt", lisafs.UnlinkAt, pay().u64(root).u32(0).str("new"))
			r.call("Listen", lisafs.Listen, pay().u64(root+2).u32(1).u32(0))
			r.call("Accept", lisafs.Accept, pay().u64(root+2))
			r.call("Connect", lisafs.Connect, pay().u64(root+1).u32(unix.SOCK_STREAM).u32(0))
		}, all),
		viaFrames("row166_listen_on_wrong_fd", func(s *trial, r *rawConnection) {
			root := r.mount()
			r.call("Listen control FD", lisafs.Listen, pay().u64(root).u32(1).u32(0))
			r.call("Accept control FD", lisafs.Accept, pay().u64(root))
			r.call("Listen unknown FDID", lisafs.Listen, pay().u64(9999).u32(1).u32(0))
			r.call("Accept unknown FDID", lisafs.Accept, pay().u64(9999))
		}, all),
	}
}

// connectAndRead connects through the server and receives from this process.
func (s *trial) connectAndRead(name string, kind int) {
	l := s.listener(name, kind)
	defer unix.Close(l)
	f := s.lookup(name)
	fd, err := f.Connect(s.ctx, linux.SockType(kind))
	s.observe("Connect "+name, "%s", errnoName(err))
	if err != nil {
		return
	}
	accepted, _, err := unix.Accept(l)
	s.must(err)
	defer unix.Close(accepted)
	_, err = unix.Write(accepted, []byte("through"))
	s.must(err)
	buf := make([]byte, 20)
	n, err := unix.Read(fd, buf)
	s.observe("data "+name, "%q %s", buf[:n], errnoName(err))
	s.observe("FD "+name, "%s", s.donated(fd))
}

// requireBound ends the case if binding failed, which has then been observed.
func (s *trial) requireBound(b *lisafs.ClientBoundSocketFD) {
	if b == nil {
		panic(aborted{"not bound"})
	}
}

// listener makes a listening socket in the tree.
func (s *trial) listener(name string, kind int) int {
	fd, err := unix.Socket(unix.AF_UNIX, kind|unix.SOCK_CLOEXEC, 0)
	s.must(err)
	s.must(unix.Bind(fd, s.address(name)))
	s.must(unix.Listen(fd, 16))
	return fd
}

// dial connects to a socket file of the tree.
func (s *trial) dial(name string, kind int) int {
	fd, err := unix.Socket(unix.AF_UNIX, kind|unix.SOCK_CLOEXEC, 0)
	s.must(err)
	s.must(unix.Connect(fd, s.address(name)))
	return fd
}

func (s *trial) address(name string) unix.Sockaddr {
	return &unix.SockaddrUnix{Name: s.path(name)}
}
