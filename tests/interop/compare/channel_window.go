package main

import (
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/lisafs"
)

// window is a channel used by hand: its shared memory and its FD socket.
type window struct {
	s      *trial
	memory []byte
	data   int
	socket int
}

const (
	clientActive = 0
	serverActive = 1
	shutDown     = 2

	dataStart    = 16 // behind the packet header
	payloadStart = 20 // behind the channel header
)

// channel makes the Channel RPC on the socket and maps the window.
func (r *rawConnection) channel(label string) *window {
	r.s.must(r.send(frame(lisafs.Channel, nil)))
	mid, body, fds, err := r.receive()
	if err != nil || mid != lisafs.Channel || len(fds) != 2 {
		closeAll(fds)
		value := errnoName(err)
		if err == nil {
			value = r.s.response(mid, body)
		}
		r.s.observe(label, "%s, %d FDs", value, len(fds))
		return nil
	}
	return r.s.newWindow(label, body, fds)
}

func (s *trial) newWindow(label string, body []byte, fds []int) *window {
	offset := int64(binary.LittleEndian.Uint64(body))
	length := int(binary.LittleEndian.Uint64(body[8:]))
	w := &window{s: s, data: fds[0], socket: fds[1]}
	var st unix.Stat_t
	s.must(unix.Fstat(w.data, &st))
	seals, sealsErr := unix.FcntlInt(uintptr(w.data), unix.F_GET_SEALS, 0)
	kind, kindErr := unix.GetsockoptInt(w.socket, unix.SOL_SOCKET, unix.SO_TYPE)
	s.observe(label, "window %d+%d, file size %d, seals %#x %s, socket type %d %s", offset, length, st.Size,
		seals, errnoName(sealsErr), kind, errnoName(kindErr))
	memory, err := unix.Mmap(w.data, offset, length, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	s.must(err)
	w.memory = memory
	return w
}

// drop gives back what the window holds on this side.
func (w *window) drop() {
	unix.Munmap(w.memory)
	unix.Close(w.data)
	unix.Close(w.socket)
}

func (w *window) word() *uint32 { return (*uint32)(unsafe.Pointer(&w.memory[0])) }

func (w *window) state() uint32 { return atomic.LoadUint32(w.word()) }

// handOver publishes a datagram of n bytes to the server.
func (w *window) handOver(n uint32) {
	binary.LittleEndian.PutUint32(w.memory[4:], n)
	if !atomic.CompareAndSwapUint32(w.word(), clientActive, serverActive) {
		w.s.observe("hand over", "impossible in state %d", w.state())
		return
	}
	w.wake()
}

func (w *window) wake() {
	const futexWake = 1
	unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(w.word())), futexWake, 1, 0, 0, 0)
}

// await blocks until the state is no longer the given one, or the watchdog has
// killed the server.
func (w *window) await(not uint32) uint32 {
	const futexWait = 0
	for !w.s.hung.Load() {
		if got := w.state(); got != not {
			return got
		}
		// The time limit is there only for the watchdog to be noticed.
		limit := unix.NsecToTimespec(int64(100 * time.Millisecond))
		unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(w.word())), futexWait, uintptr(not),
			uintptr(unsafe.Pointer(&limit)), 0, 0)
	}
	return w.state()
}

// handshake sends a greeting; it observes the reply if one is due.
func (w *window) handshake(greeting string, replyDue bool) {
	n := copy(w.memory[dataStart:], greeting)
	w.handOver(uint32(n))
	if !replyDue {
		return
	}
	state := w.await(serverActive)
	n = int(binary.LittleEndian.Uint32(w.memory[4:]))
	w.s.observe("handshake "+short(greeting), "state %d, %d bytes %q", state, n, w.memory[dataStart:dataStart+n])
}

// request writes a request into the window.
func (w *window) request(mid lisafs.MID, numFDs uint8, p *payload) {
	binary.LittleEndian.PutUint16(w.memory[dataStart:], uint16(mid))
	w.memory[dataStart+2], w.memory[dataStart+3] = numFDs, 0
	copy(w.memory[payloadStart:], p.Bytes())
}

// call sends a request and observes the answer and the FDs that came along.
func (w *window) call(label string, mid lisafs.MID, numFDs uint8, p *payload) ([]byte, []int) {
	w.request(mid, numFDs, p)
	w.handOver(uint32(4 + p.Len()))
	state := w.await(serverActive)
	n := binary.LittleEndian.Uint32(w.memory[4:])
	if state != clientActive || n < 4 || int(n) > len(w.memory)-dataStart {
		w.s.observe(label, "state %d, dataLen %d", state, n)
		return nil, nil
	}
	got := lisafs.MID(binary.LittleEndian.Uint16(w.memory[dataStart:]))
	announced := w.memory[dataStart+2]
	body := append([]byte{}, w.memory[payloadStart:dataStart+n]...)
	fds, extra := w.receiveFDs()
	w.s.observe(label, "dataLen %d, numFDs %d, padding %d, %s, %d FDs received%s", n, announced,
		w.memory[dataStart+3], w.s.response(got, body), len(fds), extra)
	return body, fds
}

// receiveFDs takes what lies on the FD socket without waiting.
func (w *window) receiveFDs() (fds []int, extra string) {
	for {
		control := make([]byte, unix.CmsgSpace(4*8))
		data := make([]byte, 16)
		n, controlLen, _, _, err := unix.Recvmsg(w.socket, data, control, unix.MSG_DONTWAIT|unix.MSG_CMSG_CLOEXEC)
		got := rights(control[:controlLen])
		if err != nil || len(got) == 0 {
			if err != nil && err != unix.EAGAIN {
				extra = ", then " + errnoName(err)
			}
			return fds, extra
		}
		if n != 0 || len(got) != 1 {
			extra = fmt.Sprintf(", a message of %d bytes and %d FDs", n, len(got))
		}
		fds = append(fds, got...)
	}
}
