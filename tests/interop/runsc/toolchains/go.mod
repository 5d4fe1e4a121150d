// The Go toolchains that build the releases; go.sum pins what they hold.
module goferd/tests/interop/runsc/toolchains

go 1.19
