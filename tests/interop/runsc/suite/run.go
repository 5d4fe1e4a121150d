// Package testsuite is gVisor's suite of this name, with a RunTest of our own that
// runs it against a gofer process.
package testsuite

import (
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/context"
	"gvisor.dev/gvisor/pkg/lisafs"
	"gvisor.dev/gvisor/pkg/unet"
)

// gofer is the Tester; what is left out of it belongs to servers in this process.
type gofer struct {
	Tester
}

func (gofer) LinkSupported() bool           { return true }
func (gofer) SetUserGroupIDSupported() bool { return true }
func (gofer) BindSupported() bool           { return true }

// TestGofer runs all of the suite.
func TestGofer(t *testing.T) {
	RunAllLocalFSTests(t, gofer{})
}

func start(t *testing.T, mountPath string) (*exec.Cmd, *unet.Socket) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatalf("socketpair: %v", err)
	}
	theirs := os.NewFile(uintptr(fds[0]), "socket")
	defer theirs.Close()
	process := exec.Command(os.Getenv("GOFER"), "serve", "--root="+mountPath,
		"--io-fds=3", "--host-uds=all", "--protocol="+os.Getenv("PROTOCOL"))
	process.ExtraFiles = []*os.File{theirs}
	process.Stderr = os.Stderr
	if err := process.Start(); err != nil {
		t.Fatalf("the gofer does not start: %v", err)
	}
	ours, err := unet.NewSocket(fds[1])
	if err != nil {
		t.Fatalf("socket: %v", err)
	}
	return process, ours
}

// RunTest runs one test of the suite against a gofer that serves `mountPath`.
func RunTest(t *testing.T, tester Tester, testName string, testFn TestFunc, mountPath string) {
	unix.Umask(0)
	process, socket := start(t, mountPath)
	client, root, _, err := lisafs.NewClient(socket)
	if err != nil {
		t.Fatalf("mount: %v", err)
	}
	if err := client.StartChannels(); err != nil {
		t.Fatalf("channels: %v", err)
	}
	rootFile := client.NewFD(root.ControlFD)
	t.Run(testName, func(t *testing.T) {
		testFn(context.Background(), t, tester, rootFile)
	})
	rootFile.Close(context.Background(), true)
	client.Close()
	if err := process.Wait(); err != nil {
		t.Errorf("%s: the gofer ends with %v", testName, err)
	}
}
