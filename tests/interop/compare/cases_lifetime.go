package main

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/abi/linux"
	"gvisor.dev/gvisor/pkg/lisafs"
)

// lifetimeCases cover what closing an FD, a connection or a mount point does.
func lifetimeCases() []testCase {
	return []testCase{
		viaFrames("row167_close_ignores_unknown", func(s *trial, r *rawConnection) {
			root := r.mount()
			f := r.walk(root, "f")
			r.call("Close", lisafs.Close, pay().u16(4).u64(9999).u64(9999).u64(0).u64(f))
			r.call("FStat closed", lisafs.FStat, pay().u64(f))
			r.call("Close again", lisafs.Close, pay().u16(1).u64(f))
			r.call("Close nothing", lisafs.Close, pay().u16(0))
			r.call("Walk takes a new FDID", lisafs.Walk, pay().u64(root).strs("f"))
		}),
		viaFrames("row168_close_short_closes_nothing", func(s *trial, r *rawConnection) {
			root := r.mount()
			f := r.walk(root, "f")
			r.call("Close", lisafs.Close, pay().u16(5).u64(f))
			r.call("FStat", lisafs.FStat, pay().u64(f))
		}),
		viaClient("row169_control_closed_open_alive", func(s *trial) {
			f := s.lookup("f")
			open := s.open(f, unix.O_RDWR)
			id := f.ID()
			s.close(f)
			s.fstat(open)
			s.read(open, 20, 0)
			s.write(open, []byte("x"), 0)
			s.fstat(s.fd(id))
			s.observe("FSync", "%s", errnoName(open.Sync(s.ctx)))
		}),
		viaClient("row169_dir_closed_open_alive", func(s *trial) {
			d := s.lookup("ten")
			open := s.open(d, unix.O_RDONLY)
			s.close(d)
			s.getdents(open, -65536)
		}),
		{name: "row173_mount_points", transports: rawOnly, mountPaths: []string{"/f", "/ln", "/missing", "/d1/d2"}, run: func(s *trial) {
			for i := 0; i < 4; i++ {
				r := s.raw
				if i > 0 {
					r = &rawConnection{s: s, fd: s.process.TakeSocket(i)}
				}
				mid, body, fds, err := func() (lisafs.MID, []byte, []int, error) {
					s.must(r.send(frame(lisafs.Mount, nil)))
					return r.receive()
				}()
				s.must(err)
				closeAll(fds)
				if mid == lisafs.Mount {
					body = body[:152] // the supported messages are compared in row001
				}
				s.observe("Mount", "%s", s.response(mid, body))
				if i > 0 {
					unix.Close(r.fd)
				}
			}
		}},
		{name: "row173_mount_path_cleaned", transports: rawOnly, mountPaths: []string{"/d1/../d1//d2/."}, run: func(s *trial) {
			r := s.raw
			root := r.mount()
			r.call("FStat", lisafs.FStat, pay().u64(root))
			r.call("Walk d3", lisafs.Walk, pay().u64(root).strs("d3"))
		}},
		viaFrames("row174_last_close_ends_server", func(s *trial, r *rawConnection) { r.mount() }),
		viaClient("row175_closing_everything_frees_everything", func(s *trial) {
			before := s.settledFDs()
			var fds []lisafs.ClientFD
			for i := 0; i < 20; i++ {
				f := s.lookup("f")
				open, host, err := f.OpenAt(s.ctx, unix.O_RDWR)
				s.must(err)
				unix.Close(host)
				fds = append(fds, f, s.fd(open), s.lookup("d1"), s.lookup("ln"))
			}
			s.observe("while open", "more FDs: %t", s.serverFDs() > before)
			s.close(fds...)
			s.observe("after closing", "%d more FDs", s.settledFDs()-before)
		}),
		viaFrames("row023_connection_end_frees_everything", func(s *trial, r *rawConnection) {
			root := r.mount()
			for i := 0; i < 10; i++ {
				r.open(r.walk(root, "f"), unix.O_RDONLY)
			}
			s.must(unix.Shutdown(r.fd, unix.SHUT_RDWR))
		}),
		viaClient("row055_concurrent_requests", func(s *trial) {
			f := s.lookup("f")
			id, host, err := f.OpenAt(s.ctx, unix.O_RDONLY)
			s.must(err)
			unix.Close(host)
			const workers, rounds = 8, 500
			results := make(chan string, workers)
			for w := 0; w < workers; w++ {
				open := s.fd(id)
				go func() { results <- s.hammer(f, open, rounds) }()
			}
			for w := 0; w < workers; w++ {
				s.observe("worker", "%s", <-results)
			}
		}),
		viaClient("serves_changes_made_outside", func(s *trial) {
			s.walk(s.root, "late")
			s.must(os.WriteFile(s.path("late"), []byte("came late"), 0600))
			s.walk(s.root, "late")
			s.must(os.Remove(s.path("late")))
			s.walk(s.root, "late")
		}),
	}
}

// hammer mixes requests and tells the first wrong answer.
func (s *trial) hammer(file, open lisafs.ClientFD, rounds int) string {
	buf := make([]byte, 11)
	for i := 0; i < rounds; i++ {
		var st linux.Statx
		if err := file.StatTo(s.ctx, &st); err != nil || st.Size != uint64(len(buf)) {
			return fmt.Sprintf("FStat: size %d %s", st.Size, errnoName(err))
		}
		if n, err := open.Read(s.ctx, buf, 0); err != nil || string(buf[:n]) != "hello world" {
			return fmt.Sprintf("PRead: %q %s", buf[:n], errnoName(err))
		}
		_, inodes, err := s.root.WalkMultiple(s.ctx, []string{"d1", "d2"})
		if err != nil || len(inodes) != 2 {
			return fmt.Sprintf("Walk: %d inodes %s", len(inodes), errnoName(err))
		}
		for _, inode := range inodes {
			s.client.CloseFD(s.ctx, inode.ControlFD, false)
		}
	}
	return "all answers right"
}
