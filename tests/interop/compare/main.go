// Command compare runs the same requests against our gofer and gVisor's own and
// compares every outcome. See ../README.md.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"

	"gvisor.dev/gvisor/pkg/log"
)

func main() {
	ours := flag.String("server-cmd", "", "command of the server under test, e.g. \"build/dev/gofer serve\"")
	stock := flag.String("stock-cmd", "", "command of the reference server (stock-gofer)")
	identical := flag.Bool("identical", false, "allow no difference at all (to compare a server with itself)")
	only := flag.String("run", "", "run only cases whose name matches this regular expression")
	verbose := flag.Bool("v", false, "print every observation")
	patience := flag.Duration("timeout", 20*time.Second, "time limit of a case")
	scratch := flag.String("scratch", "", "where scratch trees are made (default: a temporary directory)")
	markdown := flag.Bool("differences-md", false, "print the table of expected differences and end")
	flag.Parse()
	if *markdown {
		writeDifferences(os.Stdout)
		return
	}
	if *ours == "" || *stock == "" || flag.NArg() != 0 {
		flag.Usage()
		os.Exit(2)
	}
	// The client's own log would repeat every refused request.
	log.SetTarget(&log.GoogleEmitter{Writer: &log.Writer{Next: io.Discard}})

	dir, err := os.MkdirTemp(*scratch, "gofer-interop-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	c := comparison{
		ours: strings.Fields(*ours), stock: strings.Fields(*stock), scratch: dir,
		patience: *patience, verbose: *verbose, identical: *identical,
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-interrupted
		c.interrupted.Store(true) // the running case still ends and cleans up
	}()
	c.runAll(regexp.MustCompile(*only))
	os.RemoveAll(dir)
	fmt.Printf("\n%d passed, %d differ as expected, %d failed\n", c.passed, c.expected, c.failed)
	if c.failed > 0 || c.passed+c.expected == 0 || c.interrupted.Load() {
		os.Exit(1)
	}
}
