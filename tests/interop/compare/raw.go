package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/abi/linux"
	"gvisor.dev/gvisor/pkg/lisafs"
)

// rawConnection speaks frames, so that it can send what the client library cannot.
type rawConnection struct {
	s  *trial
	fd int
}

const headerSize = 8

// payload puts a request together.
type payload struct{ bytes.Buffer }

func pay() *payload { return &payload{} }

func (p *payload) u16(v uint16) *payload { return p.put(v) }
func (p *payload) u32(v uint32) *payload { return p.put(v) }
func (p *payload) u64(v uint64) *payload { return p.put(v) }

func (p *payload) put(v interface{}) *payload {
	binary.Write(&p.Buffer, binary.LittleEndian, v) // a buffer does not fail
	return p
}

func (p *payload) str(v string) *payload {
	p.u16(uint16(len(v)))
	p.WriteString(v)
	return p
}

func (p *payload) strs(vs ...string) *payload {
	p.u16(uint16(len(vs)))
	for _, v := range vs {
		p.str(v)
	}
	return p
}

// createCommon starts MkdirAt, MknodAt, OpenCreateAt and BindAt requests.
func (p *payload) createCommon(dir uint64, mode uint16) *payload {
	return p.u64(dir).u32(0).u32(0).u16(mode).u16(0).u32(0)
}

func frame(mid lisafs.MID, p []byte) []byte {
	f := pay().u32(uint32(len(p))).u16(uint16(mid)).u16(0)
	f.Write(p)
	return f.Bytes()
}

// send writes all bytes, with FDs on the first of them.
func (r *rawConnection) send(b []byte, fds ...int) error {
	var control []byte
	if len(fds) > 0 {
		control = unix.UnixRights(fds...)
	}
	for len(b) > 0 {
		n, err := unix.SendmsgN(r.fd, b, control, nil, unix.MSG_NOSIGNAL)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		b, control = b[n:], nil
	}
	return nil
}

// receive reads one frame and every FD that comes with it.
func (r *rawConnection) receive() (lisafs.MID, []byte, []int, error) {
	header, fds, err := r.readFull(headerSize)
	if err != nil {
		return 0, nil, fds, err
	}
	body, more, err := r.readFull(int(binary.LittleEndian.Uint32(header)))
	return lisafs.MID(binary.LittleEndian.Uint16(header[4:])), body, append(fds, more...), err
}

func (r *rawConnection) readFull(n int) ([]byte, []int, error) {
	buf := make([]byte, n)
	var fds []int
	for at := 0; at < n; {
		control := make([]byte, unix.CmsgSpace(4*16))
		got, controlLen, _, _, err := unix.Recvmsg(r.fd, buf[at:], control, unix.MSG_CMSG_CLOEXEC)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, fds, err
		}
		fds = append(fds, rights(control[:controlLen])...)
		if got == 0 {
			if at > 0 {
				return nil, fds, io.ErrUnexpectedEOF
			}
			return nil, fds, io.EOF
		}
		at += got
	}
	return buf, fds, nil
}

func rights(control []byte) []int {
	var fds []int
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return nil
	}
	for i := range messages {
		if got, err := unix.ParseUnixRights(&messages[i]); err == nil {
			fds = append(fds, got...)
		}
	}
	return fds
}

// expect receives one frame and observes it.
func (r *rawConnection) expect(label string) (lisafs.MID, []byte) {
	mid, body, fds, err := r.receive()
	value := ""
	if err != nil {
		value = "connection: " + errnoName(err)
	} else {
		value = r.s.response(mid, body)
	}
	for _, fd := range fds {
		value += "; " + r.s.donated(fd)
	}
	r.s.observe(label, "%s", value)
	return mid, body
}

// call sends one request and observes the answer.
func (r *rawConnection) call(label string, mid lisafs.MID, p *payload) (lisafs.MID, []byte) {
	if err := r.send(frame(mid, p.Bytes())); err != nil {
		r.s.observe(label, "sending: %s", errnoName(err))
		return 0, nil
	}
	return r.expect(label)
}

// mount mounts without observing and returns the root's FDID.
func (r *rawConnection) mount() uint64 {
	if err := r.send(frame(lisafs.Mount, nil)); err != nil {
		r.s.must(err)
	}
	mid, body, fds, err := r.receive()
	closeAll(fds)
	if err == nil && mid != lisafs.Mount {
		err = fmt.Errorf("mount answered by MID %d", mid)
	}
	r.s.must(err)
	return binary.LittleEndian.Uint64(body)
}

// walk walks to a file that must exist, unobserved, and returns its FDID.
func (r *rawConnection) walk(from uint64, names ...string) uint64 {
	r.s.must(r.send(frame(lisafs.Walk, pay().u64(from).strs(names...).Bytes())))
	mid, body, _, err := r.receive()
	if err == nil && (mid != lisafs.Walk || len(body) != 3+152*len(names)) {
		err = fmt.Errorf("walk to %v failed", names)
	}
	r.s.must(err)
	return binary.LittleEndian.Uint64(body[3+152*(len(names)-1):])
}

// open opens a file, unobserved, and returns the open FDID.
func (r *rawConnection) open(file uint64, flags uint32) uint64 {
	r.s.must(r.send(frame(lisafs.OpenAt, pay().u64(file).u32(flags).u32(0).Bytes())))
	mid, body, fds, err := r.receive()
	closeAll(fds)
	if err == nil && mid != lisafs.OpenAt {
		err = fmt.Errorf("open failed")
	}
	r.s.must(err)
	return binary.LittleEndian.Uint64(body)
}

// alive shows that the connection still answers.
func (r *rawConnection) alive(file uint64) { r.call("still alive", lisafs.FStat, pay().u64(file)) }

func closeAll(fds []int) {
	for _, fd := range fds {
		unix.Close(fd)
	}
}

// response describes a response's bytes; stats in it are normalised.
func (s *trial) response(mid lisafs.MID, body []byte) string {
	out := fmt.Sprintf("MID %d, %d bytes", mid, len(body))
	statAt := func(at int) string {
		var st linux.Statx
		st.UnmarshalBytes(body[at : at+st.SizeBytes()])
		return s.stat(&st)
	}
	inodeAt := func(at int) string {
		return fmt.Sprintf("FDID %d %s", binary.LittleEndian.Uint64(body[at:]), statAt(at+8))
	}
	switch {
	case mid == lisafs.Error && len(body) == 4:
		return out + ": " + errnoName(unix.Errno(binary.LittleEndian.Uint32(body)))
	case mid == lisafs.FStat && len(body) == 144:
		return out + ": " + statAt(0)
	case mid == lisafs.Walk && len(body) >= 155:
		return out + fmt.Sprintf(": % x first ", body[:3]) + inodeAt(3)
	case mid == lisafs.WalkStat && len(body) >= 146:
		return out + fmt.Sprintf(": % x first ", body[:2]) + statAt(2)
	case (mid == lisafs.Mount || mid == lisafs.OpenCreateAt || mid == lisafs.MkdirAt || mid == lisafs.MknodAt ||
		mid == lisafs.SymlinkAt || mid == lisafs.LinkAt || mid == lisafs.BindAt) && len(body) >= 152:
		return out + ": " + inodeAt(0) + fmt.Sprintf(" rest % x", body[152:])
	}
	return out + ": " + digest(body)
}

// digest shows short byte strings as they are, long ones by checksum.
func digest(b []byte) string {
	if len(b) <= 64 {
		return fmt.Sprintf("% x", b)
	}
	return fmt.Sprintf("% x... crc %08x", b[:16], crc32.ChecksumIEEE(b))
}
