// Program runsc is gVisor's runtime as of February 2026.
package main

import "gvisor.dev/gvisor/runsc/cli/maincli"

func main() {
	maincli.Main()
}
