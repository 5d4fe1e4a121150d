package main

import (
	"fmt"
	"io"

	"gvisor.dev/gvisor/pkg/abi/linux"
	"gvisor.dev/gvisor/pkg/lisafs"
)

// message is what gVisor's hand-written and generated message types share.
type message interface {
	SizeBytes() int
	MarshalBytes([]byte) []byte
}

// rpc is one row of the protocol's message table.
type rpc struct {
	mid      lisafs.MID
	name     string
	request  message // nil where the protocol has none
	response message
}

var rpcs = []rpc{
	{lisafs.Error, "Error", nil, &lisafs.ErrorResp{}},
	{lisafs.Mount, "Mount", &lisafs.MountReq{}, &lisafs.MountResp{}},
	{lisafs.Channel, "Channel", &lisafs.ChannelReq{}, &lisafs.ChannelResp{}},
	{lisafs.FStat, "FStat", &lisafs.StatReq{}, &linux.Statx{}},
	{lisafs.SetStat, "SetStat", &lisafs.SetStatReq{}, &lisafs.SetStatResp{}},
	{lisafs.Walk, "Walk", &lisafs.WalkReq{}, &lisafs.WalkResp{}},
	{lisafs.WalkStat, "WalkStat", &lisafs.WalkReq{}, &lisafs.WalkStatResp{}},
	{lisafs.OpenAt, "OpenAt", &lisafs.OpenAtReq{}, &lisafs.OpenAtResp{}},
	{lisafs.OpenCreateAt, "OpenCreateAt", &lisafs.OpenCreateAtReq{}, &lisafs.OpenCreateAtResp{}},
	{lisafs.Close, "Close", &lisafs.CloseReq{}, &lisafs.CloseResp{}},
	{lisafs.FSync, "FSync", &lisafs.FsyncReq{}, &lisafs.FsyncResp{}},
	{lisafs.PWrite, "PWrite", &lisafs.PWriteReq{}, &lisafs.PWriteResp{}},
	{lisafs.PRead, "PRead", &lisafs.PReadReq{}, &lisafs.PReadResp{}},
	{lisafs.MkdirAt, "MkdirAt", &lisafs.MkdirAtReq{}, &lisafs.MkdirAtResp{}},
	{lisafs.MknodAt, "MknodAt", &lisafs.MknodAtReq{}, &lisafs.MknodAtResp{}},
	{lisafs.SymlinkAt, "SymlinkAt", &lisafs.SymlinkAtReq{}, &lisafs.SymlinkAtResp{}},
	{lisafs.LinkAt, "LinkAt", &lisafs.LinkAtReq{}, &lisafs.LinkAtResp{}},
	{lisafs.FStatFS, "FStatFS", &lisafs.FStatFSReq{}, &lisafs.StatFS{}},
	{lisafs.FAllocate, "FAllocate", &lisafs.FAllocateReq{}, &lisafs.FAllocateResp{}},
	{lisafs.ReadLinkAt, "ReadLinkAt", &lisafs.ReadLinkAtReq{}, &lisafs.ReadLinkAtResp{}},
	{lisafs.Flush, "Flush", &lisafs.FlushReq{}, &lisafs.FlushResp{}},
	{lisafs.Connect, "Connect", &lisafs.ConnectReq{}, &lisafs.ConnectResp{}},
	{lisafs.UnlinkAt, "UnlinkAt", &lisafs.UnlinkAtReq{}, &lisafs.UnlinkAtResp{}},
	{lisafs.RenameAt, "RenameAt", &lisafs.RenameAtReq{}, &lisafs.RenameAtResp{}},
	{lisafs.Getdents64, "Getdents64", &lisafs.Getdents64Req{}, &lisafs.Getdents64Resp{}},
	{lisafs.FGetXattr, "FGetXattr", &lisafs.FGetXattrReq{}, &lisafs.FGetXattrResp{}},
	{lisafs.FSetXattr, "FSetXattr", &lisafs.FSetXattrReq{}, &lisafs.FSetXattrResp{}},
	{lisafs.FListXattr, "FListXattr", &lisafs.FListXattrReq{}, &lisafs.FListXattrResp{}},
	{lisafs.FRemoveXattr, "FRemoveXattr", &lisafs.FRemoveXattrReq{}, &lisafs.FRemoveXattrResp{}},
	{lisafs.BindAt, "BindAt", &lisafs.BindAtReq{}, &lisafs.BindAtResp{}},
	{lisafs.Listen, "Listen", &lisafs.ListenReq{}, &lisafs.ListenResp{}},
	{lisafs.Accept, "Accept", &lisafs.AcceptReq{}, &lisafs.AcceptResp{}},
}

// parts are the structures that occur only inside other messages.
var parts = []message{&lisafs.Inode{}, &lisafs.Dirent64{}}

func writeMessageTable(out io.Writer) {
	fmt.Fprintln(out, "# mid <number> name=<RPC> request=<struct> response=<struct>")
	for _, r := range rpcs {
		request := "-"
		if r.request != nil {
			request = structName(r.request)
		}
		fmt.Fprintf(out, "mid %d name=%s request=%s response=%s\n", r.mid, r.name, request, structName(r.response))
	}
	fmt.Fprintln(out)
}

// eachStruct calls visit once for every distinct message structure.
func eachStruct(visit func(message)) {
	seen := map[string]bool{}
	once := func(m message) {
		if m != nil && !seen[structName(m)] {
			seen[structName(m)] = true
			visit(m)
		}
	}
	for _, m := range parts {
		once(m)
	}
	for _, r := range rpcs {
		once(r.request)
		once(r.response)
	}
}
