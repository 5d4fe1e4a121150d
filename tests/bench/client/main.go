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
	rounds      int
	perRound    time.Duration // how long one op runs on one server in one round
	spawns      int
	tracedCalls int // calls of one run under strace
	traces      int // such runs
}

func main() {
	gofer := flag.String("gofer", "", "command of our gofer, e.g. \"build/release/gofer serve\"")
	stock := flag.String("stock", "", "command of the stock gofer")
	rounds := flag.Int("rounds", 7, "rounds of every operation")
	quick := flag.Bool("quick", false, "a smoke run of a few seconds; its numbers mean nothing")
	jsonFile := flag.String("json", "", "also write the results to this file")
	check := flag.Bool("check", false, "compare with the limits and fail if one is exceeded")
	limitsFile := flag.String("limits", "", "file with the limits, for --check")
	scratch := flag.String("scratch", "", "where scratch trees are made (default: a temporary directory)")
	flag.Parse()
	if *gofer == "" || *stock == "" || *rounds < 1 || flag.NArg() != 0 || *check && *limitsFile == "" {
		flag.Usage()
		os.Exit(2)
	}
	log.SetTarget(&log.GoogleEmitter{Writer: &log.Writer{Next: io.Discard}})

	p := plan{rounds: *rounds, perRound: 200 * time.Millisecond, spawns: 21, tracedCalls: 400, traces: 3}
	if *quick {
		p = plan{rounds: 1, perRound: 5 * time.Millisecond, spawns: 3, tracedCalls: 50, traces: 1}
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
