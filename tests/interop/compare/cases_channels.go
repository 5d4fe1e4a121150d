package main

import (
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/lisafs"
)

// greeting opens a channel.
const greeting = "{}\n"

// mountedWindow is a mounted connection with a connected channel.
func mountedWindow(r *rawConnection) (uint64, *window) {
	root := r.mount()
	w := r.channel("Channel")
	if w == nil {
		panic(aborted{"no channel"})
	}
	w.handshake(greeting, true)
	return root, w
}

// viaWindow is a case on one connected channel. Afterwards the socket must
// still work, and the window must be shut down when the connection ends.
func viaWindow(name string, run func(s *trial, root uint64, w *window)) testCase {
	return viaFrames(name, func(s *trial, r *rawConnection) {
		root, w := mountedWindow(r)
		defer w.drop()
		run(s, root, w)
		r.alive(root)
		s.must(unix.Shutdown(r.fd, unix.SHUT_RDWR))
		for state := w.state(); state != shutDown && !s.hung.Load(); {
			state = w.await(state)
		}
		s.observe("window after the end", "state %d", w.state())
	})
}

func windowCases() []testCase {
	return []testCase{
		viaFrames("row025_026_027_channel_limit_and_windows", func(s *trial, r *rawConnection) {
			r.mount()
			limit := runtime.NumCPU()
			if limit < 2 {
				limit = 2
			} else if limit > 4 {
				limit = 4
			}
			for i := 0; i < limit; i++ {
				if w := r.channel("Channel within the limit"); w != nil {
					w.drop()
				}
			}
			r.channel("Channel above the limit")
			r.channel("Channel above the limit again")
		}),
		viaFrames("row028_data_fd", func(s *trial, r *rawConnection) {
			_, w := mountedWindow(r)
			defer w.drop()
			name, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(w.data))
			s.must(err)
			s.observe("data FD", "%s", name)
			flags, err := unix.FcntlInt(uintptr(w.data), unix.F_GETFL, 0)
			s.observe("data FD flags", "%#o %s", flags, errnoName(err))
			flags, err = unix.FcntlInt(uintptr(w.socket), unix.F_GETFL, 0)
			s.observe("FD socket flags", "%#o %s", flags, errnoName(err))
		}),
		viaFrames("row030_bad_greeting", func(s *trial, r *rawConnection) {
			root := r.mount()
			w := r.channel("Channel")
			defer w.drop()
			w.handshake("nonsense", false)
			r.alive(root)
		}),
		viaFrames("row029_lenient_greeting", func(s *trial, r *rawConnection) {
			r.mount()
			w := r.channel("Channel")
			defer w.drop()
			w.handshake("  { \"a\" : 1 }garbage", true)
		}),
		viaWindow("row031_fstat", func(s *trial, root uint64, w *window) {
			w.call("FStat", lisafs.FStat, 0, pay().u64(root))
		}),
		viaWindow("row032_open_donates", func(s *trial, root uint64, w *window) {
			w.call("Walk", lisafs.Walk, 0, pay().u64(root).strs("f"))
			_, fds := w.call("OpenAt", lisafs.OpenAt, 0, pay().u64(root+1).u32(0).u32(0))
			for _, fd := range fds {
				s.observe("donated", "%s", s.donated(fd))
			}
		}),
		viaWindow("row033_close", func(s *trial, root uint64, w *window) {
			w.call("Close", lisafs.Close, 0, pay().u16(1).u64(99))
		}),
		viaWindow("row034_unknown_mid", func(s *trial, root uint64, w *window) {
			w.call("MID 200", 200, 0, pay())
			w.call("MID 0", 0, 0, pay())
			w.call("FStat short", lisafs.FStat, 0, pay().u32(1))
		}),
		viaWindow("row035_channel_on_channel", func(s *trial, root uint64, w *window) {
			body, fds := w.call("Channel", lisafs.Channel, 0, pay())
			if len(fds) != 2 {
				closeAll(fds)
				return
			}
			second := s.newWindow("second window", body, fds)
			defer second.drop()
			second.handshake(greeting, true)
			second.call("FStat on it", lisafs.FStat, 0, pay().u64(root))
		}),
		viaWindow("row036_announced_fds_missing", func(s *trial, root uint64, w *window) {
			w.call("FStat", lisafs.FStat, 3, pay().u64(root))
		}),
		viaWindow("row037_client_sends_fd", func(s *trial, root uint64, w *window) {
			null, err := os.Open("/dev/null")
			s.must(err)
			defer null.Close()
			// Ours refuses it: what lies there unread could keep the client's own
			// socket open.
			err = unix.Sendmsg(w.socket, nil, unix.UnixRights(int(null.Fd())), nil, 0)
			if err != unix.EPIPE {
				s.must(err)
			}
			_, fds := w.call("FStat", lisafs.FStat, 1, pay().u64(root))
			closeAll(fds)
		}),
		viaWindow("row038_datagram_too_short", func(s *trial, root uint64, w *window) { w.handOver(3) }),
		viaWindow("row039_datagram_empty", func(s *trial, root uint64, w *window) { w.handOver(0) }),
		viaWindow("row040_datagram_too_long", func(s *trial, root uint64, w *window) {
			w.handOver(uint32(len(w.memory) - dataStart + 1))
		}),
		viaWindow("row041_state_junk", func(s *trial, root uint64, w *window) {
			atomic.StoreUint32(w.word(), 7)
			w.wake()
		}),
		viaFrames("row042_dead_channels_count", func(s *trial, r *rawConnection) {
			r.mount()
			for i := 0; i < 5; i++ {
				w := r.channel("Channel " + strconv.Itoa(i))
				if w == nil {
					continue
				}
				defer w.drop()
				w.handshake(greeting, true)
				w.handOver(3)
			}
		}),
		viaWindow("row043_server_closes", func(s *trial, root uint64, w *window) {}),
		{name: "row056_fd_socket_never_drained", transports: rawOnly, timeout: 5 * time.Second, run: func(s *trial) {
			root, w := mountedWindow(s.raw)
			defer w.drop()
			f := s.raw.walk(root, "f")
			const opens = 2000
			answered := 0
			for ; answered < opens && !s.hung.Load(); answered++ {
				w.request(lisafs.OpenAt, 0, pay().u64(f).u32(0).u32(0))
				w.handOver(payloadStart - dataStart + 16)
				w.await(serverActive)
			}
			s.observe("opens answered", "%d", answered)
			s.raw.alive(root)
		}},
		viaWindow("row084_walk_14000_components", func(s *trial, root uint64, w *window) {
			p := pay().u64(root).u16(14000)
			for i := 0; i < 14000; i++ {
				p.str("d1")
			}
			w.call("Walk", lisafs.Walk, 0, p)
			w.call("FStat", lisafs.FStat, 0, pay().u64(root))
		}),
	}
}
