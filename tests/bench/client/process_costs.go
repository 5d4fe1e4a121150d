package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// timeSpawn measures from the exec of a server to its Mount response.
func (b *bench) timeSpawn() error {
	var rounds [2][]float64
	for i := 0; i < b.plan.spawns; i++ {
		for which := range b.servers {
			begin := time.Now()
			p, err := b.start(which)
			if err != nil {
				return err
			}
			socket := p.TakeSocket(0)
			err = firstMount(socket)
			took := time.Since(begin)
			unix.Close(socket)
			if err != nil {
				p.Stop(0)
				return fmt.Errorf("%s: first mount: %w", b.servers[which].name, err)
			}
			if err := b.stop(which, p); err != nil {
				return err
			}
			rounds[which] = append(rounds[which], float64(took)/float64(time.Millisecond))
		}
	}
	b.add("SpawnToMounted", "ms", rounds)
	return nil
}

// firstMount sends a bare Mount request and waits for the response to start.
func firstMount(socket int) error {
	const mountID = 1
	if _, err := unix.Write(socket, []byte{0, 0, 0, 0, mountID, 0, 0, 0}); err != nil {
		return err
	}
	header := make([]byte, 8)
	n, err := unix.Read(socket, header)
	if err == nil && (n != len(header) || header[4] != mountID) {
		err = fmt.Errorf("answered % x", header[:n])
	}
	return err
}

// weighMemory measures the private memory of a server that has answered some RPCs.
func (b *bench) weighMemory() error {
	const requests = 1000
	var rounds [2][]float64
	for which := range b.servers {
		p, err := b.start(which)
		if err != nil {
			return err
		}
		m, err := mount(p, false)
		if err != nil {
			p.Stop(0)
			return err
		}
		_, err = repeat(ops()[0], m, requests)
		kilobytes := 0
		if err == nil {
			kilobytes, err = privateMemory(p.Pid())
		}
		m.client.Close()
		if stopErr := b.stop(which, p); err == nil {
			err = stopErr
		}
		if err != nil {
			return err
		}
		rounds[which] = append(rounds[which], float64(kilobytes))
	}
	b.add("PrivateMemory", "kB", rounds)
	return nil
}

func privateMemory(pid int) (kilobytes int, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, err
	}
	lines := 0
	for _, line := range strings.Split(string(text), "\n") {
		fields := strings.Fields(line)
		if len(fields) >= 2 && (fields[0] == "Private_Clean:" || fields[0] == "Private_Dirty:") {
			n, err := strconv.Atoi(fields[1])
			if err != nil {
				return 0, err
			}
			kilobytes += n
			lines++
		}
	}
	if lines != 2 {
		return 0, fmt.Errorf("no private memory in smaps_rollup of %d", pid)
	}
	return kilobytes, nil
}

// countSyscalls counts the server's system calls per RPC.
func (b *bench) countSyscalls() error {
	for _, transport := range []string{"channels", "socket"} {
		for _, o := range ops() {
			if o.rpcs == 0 {
				continue
			}
			var rounds [2][]float64
			for round := 0; round < b.plan.traces; round++ {
				for which := range b.servers {
					perRPC, err := b.syscallsPerRPC(which, transport, o)
					if err != nil {
						return fmt.Errorf("%s under strace: %w", o.name, err)
					}
					rounds[which] = append(rounds[which], perRPC)
				}
			}
			b.add("Syscalls/RPC "+o.name+"/"+transport, "calls", rounds)
		}
	}
	return nil
}

// syscallsPerRPC runs twice, the second time with twice as many calls, so that
// start-up and end cancel out.
func (b *bench) syscallsPerRPC(which int, transport string, o op) (float64, error) {
	once, err := b.traced(which, transport, o, b.plan.tracedCalls)
	if err != nil {
		return 0, err
	}
	twice, err := b.traced(which, transport, o, 2*b.plan.tracedCalls)
	return float64(twice-once) / float64(b.plan.tracedCalls*o.rpcs), err
}

// traced runs calls of o and returns how many system calls the server made.
func (b *bench) traced(which int, transport string, o op, calls int) (int, error) {
	summary := filepath.Join(b.dir, "strace")
	p, err := b.start(which, "strace", "-f", "-c", "-o", summary)
	if err != nil {
		return 0, err
	}
	m, err := mount(p, transport == "socket")
	if err != nil {
		p.Stop(0)
		return 0, err
	}
	_, err = repeat(o, m, calls)
	if err == nil {
		err = m.settle()
	}
	m.client.Close()
	if stopErr := b.stop(which, p); err == nil {
		err = stopErr
	}
	if err != nil {
		return 0, err
	}
	text, err := os.ReadFile(summary)
	if err != nil {
		return 0, err
	}
	for _, line := range strings.Split(string(text), "\n") {
		// % time, seconds, usecs/call, calls, [errors], syscall
		fields := strings.Fields(line)
		if len(fields) >= 5 && fields[len(fields)-1] == "total" {
			return strconv.Atoi(fields[3])
		}
	}
	return 0, fmt.Errorf("no total in strace's summary")
}
