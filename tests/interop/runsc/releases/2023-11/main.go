// Program runsc is gVisor's runtime as of November 2023.
package main

import "gvisor.dev/gvisor/runsc/cli"

func main() {
	cli.Main()
}
