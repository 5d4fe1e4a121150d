package goferprocess

import (
	"reflect"
	"unsafe"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/lisafs"
	"gvisor.dev/gvisor/pkg/unet"
)

// Mount makes a gVisor client of a socket. The socket is owned by it from then on.
func Mount(socket int) (*lisafs.Client, lisafs.Inode, error) {
	s, err := unet.NewSocket(socket)
	if err != nil {
		unix.Close(socket)
		return nil, lisafs.Inode{}, err
	}
	return lisafs.NewClient(s)
}

// UseSocketOnly makes the client send every further RPC over its socket. This
// gVisor has no option for that: it always creates channels and prefers any that
// is available, so its list of available ones is emptied here.
func UseSocketOnly(c *lisafs.Client) {
	idle := reflect.ValueOf(c).Elem().FieldByName("availableChannels")
	list := reflect.NewAt(idle.Type(), unsafe.Pointer(idle.UnsafeAddr())).Elem()
	list.SetLen(0)
}
