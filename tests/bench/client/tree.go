package main

import (
	"fmt"
	"os"
	"path/filepath"
)

const (
	largeSize  = 1 << 20
	manyFiles  = 1000
	deepFolder = "a/b/c"
)

// makeTree makes the files that the operations use.
func makeTree(dir string) error {
	for _, d := range []string{deepFolder, "many"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0755); err != nil {
			return err
		}
	}
	for _, f := range []string{"data", "moving"} {
		if err := os.WriteFile(filepath.Join(dir, f), make([]byte, largeSize), 0644); err != nil {
			return err
		}
	}
	for i := 0; i < manyFiles; i++ {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("many/file%04d", i)), nil, 0644); err != nil {
			return err
		}
	}
	return nil
}
