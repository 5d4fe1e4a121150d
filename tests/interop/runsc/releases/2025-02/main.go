// Program runsc is gVisor's runtime as of February 2025.
package main

import "gvisor.dev/gvisor/runsc/cli"

func main() {
	cli.Main()
}
