// Program runsc is gVisor's runtime as of July 2024.
package main

import "gvisor.dev/gvisor/runsc/cli"

func main() {
	cli.Main()
}
