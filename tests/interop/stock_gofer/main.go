// Command stock-gofer serves inherited LISAFS sockets with gVisor's own host
// gofer. It takes the same arguments as `gofer serve`, so that a test can put
// one in the place of the other.
package main

import (
	"flag"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/unet"
	"gvisor.dev/gvisor/runsc/config"
	"gvisor.dev/gvisor/runsc/fsgofer"
)

type intList []int

func (l *intList) String() string { return fmt.Sprint(*l) }

func (l *intList) Set(s string) error {
	n, err := strconv.Atoi(s)
	*l = append(*l, n)
	return err
}

type stringList []string

func (l *stringList) String() string { return fmt.Sprint(*l) }

func (l *stringList) Set(s string) error {
	*l = append(*l, s)
	return nil
}

func main() {
	var (
		ioFDs      intList
		mountPaths stringList
		hostUDS    config.HostUDS
		hostFifo   config.HostFifo
	)
	root := flag.String("root", "", "directory to serve")
	readonly := flag.Bool("readonly", false, "refuse every change")
	flag.Var(&ioFDs, "io-fds", "inherited socket, once per connection")
	flag.Var(&mountPaths, "mount-path", "mount path of the connection at the same position (default /)")
	flag.Var(&hostUDS, "host-uds", "none, open, create or all")
	flag.Var(&hostFifo, "host-fifo", "none or open")
	flag.Parse()
	if *root == "" || len(ioFDs) == 0 || len(mountPaths) > len(ioFDs) || flag.NArg() != 0 {
		flag.Usage()
		os.Exit(2)
	}

	unix.Umask(0)
	check("opening /proc/self/fd", fsgofer.OpenProcSelfFD())
	check("chroot", unix.Chroot(*root))
	check("chdir", unix.Chdir("/"))

	server := fsgofer.NewLisafsServer(fsgofer.Config{HostUDS: hostUDS, HostFifo: hostFifo})
	for i, fd := range ioFDs {
		unix.CloseOnExec(fd)
		socket, err := unet.NewSocket(fd)
		check(fmt.Sprintf("socket %d", fd), err)
		path := "/"
		if i < len(mountPaths) {
			path = mountPaths[i]
		}
		connection, err := server.CreateConnection(socket, path, *readonly)
		check(fmt.Sprintf("connection on %s", path), err)
		server.StartConnection(connection)
	}
	server.Wait()
	server.Destroy()
}

func check(step string, err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "stock-gofer: %s: %v\n", step, err)
		os.Exit(1)
	}
}
