package main

import (
	"strings"
	"unicode"
)

// renamed lists the fields whose documented name is not gVisor's name in snake_case.
var renamed = map[string]string{
	"MountResp.SupportedMs":    "supported",
	"OpenCreateAtResp.NewFD":   "new_open_fd",
	"PReadResp.Buf":            "data",
	"PWriteReq.Buf":            "data",
	"MkdirAtResp.ChildDir":     "child",
	"SymlinkAtResp.Symlink":    "child",
	"LinkAtResp.Link":          "child",
	"LinkAtReq.Target":         "target_fd",
	"FListXattrResp.Xattrs":    "names",
	"SetStatResp.FailureErrNo": "failure_errno",
	"RenameAtReq.OldDir":       "old_dir_fd",
	"RenameAtReq.NewDir":       "new_dir_fd",
	"CloseReq.FDs":             "fds",
	"FsyncReq.FDs":             "fds",
}

func fieldName(owner, name string) string {
	if n, ok := renamed[owner+"."+name]; ok {
		return n
	}
	return snakeCase(name)
}

// snakeCase turns DirFD into dir_fd: a run of capitals is one word.
func snakeCase(name string) string {
	var out strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		startsWord := unicode.IsUpper(r) && i > 0 &&
			(!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		if startsWord {
			out.WriteByte('_')
		}
		out.WriteRune(unicode.ToLower(r))
	}
	return out.String()
}
