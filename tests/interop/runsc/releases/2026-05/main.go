// Program runsc is gVisor's runtime as of May 2026.
package main

import "gvisor.dev/gvisor/runsc/cli/maincli"

func main() {
	maincli.Main()
}
