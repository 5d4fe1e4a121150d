// Command bench measures our gofer against gVisor's own, with gVisor's client.
// See ../README.md.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"gvisor.dev/gvisor/pkg/log"
)

// plan says how much is measured.
type plan struct {
	pairs       int
	perTurn     time.Duration // how long one op runs on one server in one pair
	spawns      int
	tracedCalls int // calls of one run under strace
	traces      int // such runs
}

func main() {
	gofer := flag.String("gofer", "", "command of our gofer, e.g. \"build/release/gofer serve\"")
	stock := flag.String("stock", "", "command of the stock gofer")
	pairs := flag.Int("pairs", 31, "how often both servers are measured with every operation, one right after the other")
	quick := flag.Bool("quick", false, "a smoke run of a few seconds; its numbers mean nothing")
	jsonFile := flag.String("json", "", "also write the results to this file")
	check := flag.Bool("check", false, "compare with the limits and fail if one is exceeded")
	limitsFile := flag.String("limits", "", "file with the limits, for --check")
	scratch := flag.String("scratch", "", "where scratch trees are made (default: a temporary directory)")
	flag.Parse()
	if *gofer == "" || *stock == "" || *pairs < 1 || flag.NArg() != 0 || *check && *limitsFile == "" {
		flag.Usage()
		os.Exit(2)
	}
	log.SetTarget(&log.GoogleEmitter{Writer: &log.Writer{Next: io.Discard}})

	p := plan{pairs: *pairs, perTurn: 25 * time.Millisecond, spawns: 21, tracedCalls: 400, traces: 3}
	if *quick {
		p = plan{pairs: 1, perTurn: 5 * time.Millisecond, spawns: 3, tracedCalls: 50, traces: 1}
	}
	b := &bench{plan: p, servers: [2]server{
		{name: "ours", command: strings.Fields(*gofer)},
		{name: "stock", command: strings.Fields(*stock)},
	}}
	err := b.run(*scratch)
	if err == nil {
		b.printTable(os.Stdout)
		err = b.writeJSON(*jsonFile)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	if *check && !b.withinLimits(*limitsFile, os.Stdout) {
		os.Exit(1)
	}
}
