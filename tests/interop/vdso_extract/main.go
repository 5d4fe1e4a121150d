// Command vdso_extract finds gVisor's vDSO image in a runsc binary, where it is
// embedded as a complete ELF shared object, and writes it as the Go source of
// the package that holds it (a //go:embed cannot be redirected to another file).
//
// usage: vdso_extract RUNSC OUTPUT.go
package main

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
)

// wanted are the symbols without which the image is not gVisor's vDSO.
var wanted = map[elf.Machine][]string{
	elf.EM_X86_64:  {"__vdso_clock_gettime", "__vdso_gettimeofday", "__kernel_rt_sigreturn"},
	elf.EM_AARCH64: {"__kernel_clock_gettime", "__kernel_gettimeofday", "__kernel_rt_sigreturn"},
}

func main() {
	if len(os.Args) != 3 {
		fail("usage: vdso_extract RUNSC OUTPUT.go")
	}
	image, err := os.ReadFile(os.Args[1])
	if err != nil {
		fail("%v", err)
	}
	host, err := elf.NewFile(bytes.NewReader(image))
	if err != nil {
		fail("%s: %v", os.Args[1], err)
	}
	for at := 1; ; {
		i := bytes.Index(image[at:], []byte(elf.ELFMAG))
		if i < 0 {
			fail("%s: no embedded vDSO found", os.Args[1])
		}
		at += i
		if vdso := vdsoAt(image[at:], host.Machine); vdso != nil {
			source := fmt.Sprintf("package vdsodata\n\nvar Binary = []byte(%q)\n", vdso)
			if err := os.WriteFile(os.Args[2], []byte(source), 0644); err != nil {
				fail("%v", err)
			}
			return
		}
		at++
	}
}

// vdsoAt returns the ELF image at the start of data if it is the vDSO.
func vdsoAt(data []byte, machine elf.Machine) []byte {
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil || f.Type != elf.ET_DYN || f.Machine != machine || f.Class != elf.ELFCLASS64 {
		return nil
	}
	have := map[string]bool{}
	dynamic, _ := f.DynamicSymbols()
	static, _ := f.Symbols()
	for _, s := range append(dynamic, static...) {
		have[s.Name] = s.Section != elf.SHN_UNDEF
	}
	for _, name := range wanted[machine] {
		if !have[name] {
			return nil
		}
	}
	var header elf.Header64
	if err := binary.Read(bytes.NewReader(data), f.ByteOrder, &header); err != nil {
		return nil
	}
	// The section table closes a linked image unless a section lies behind it.
	end := header.Shoff + uint64(header.Shnum)*uint64(header.Shentsize)
	for _, s := range f.Sections {
		if s.Type != elf.SHT_NOBITS && s.Offset+s.FileSize > end {
			end = s.Offset + s.FileSize
		}
	}
	if len(wanted[machine]) == 0 || end > uint64(len(data)) {
		return nil
	}
	return data[:end]
}

func fail(format string, args ...interface{}) {
	fmt.Fprintf(os.Stderr, "vdso_extract: "+format+"\n", args...)
	os.Exit(1)
}
