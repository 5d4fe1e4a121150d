package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"goferd/tests/interop/gofer_process"
)

// server is one side of the comparison.
type server struct {
	name    string
	command []string
}

const (
	ours  = 0
	stock = 1
)

// metric is one measured quantity for both servers; smaller is better.
type metric struct {
	Name   string       `json:"name"`
	Unit   string       `json:"unit"`
	Ours   float64      `json:"ours"`
	Stock  float64      `json:"stock"`
	Ratio  float64      `json:"ratio"`  // median of the pairs' ratios
	Rounds [2][]float64 `json:"rounds"` // ours, stock
}

type bench struct {
	plan    plan
	servers [2]server
	dir     string
	stderr  *os.File
	metrics []metric
}

func (b *bench) run(scratch string) (err error) {
	if b.dir, err = os.MkdirTemp(scratch, "gofer-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	if b.stderr, err = os.Create(filepath.Join(b.dir, "stderr")); err != nil {
		return err
	}
	defer b.stderr.Close()
	for _, step := range []func() error{b.timeOps, b.timeSpawn, b.weighMemory, b.countSyscalls} {
		if err := step(); err != nil {
			text, _ := os.ReadFile(b.stderr.Name()) // may be empty
			return fmt.Errorf("%w\n%s", err, text)
		}
	}
	return nil
}

// start runs a server on a tree of its own.
func (b *bench) start(which int, wrapper ...string) (*goferprocess.Process, error) {
	tree := filepath.Join(b.dir, b.servers[which].name)
	if _, err := os.Stat(tree); err != nil {
		if err := makeTree(tree); err != nil {
			return nil, err
		}
	}
	return goferprocess.Start(goferprocess.Options{
		Command: b.servers[which].command, Root: tree, Wrapper: wrapper, Stderr: b.stderr,
	})
}

// stop ends a server, which must have served to the end.
func (b *bench) stop(which int, p *goferprocess.Process) error {
	const patience = 10 * time.Second
	if end := p.Stop(patience); end != "exit 0" {
		return fmt.Errorf("%s gofer: %s", b.servers[which].name, end)
	}
	return nil
}

// add computes the medians of a metric and keeps it.
func (b *bench) add(name, unit string, rounds [2][]float64) {
	ratios := make([]float64, len(rounds[ours]))
	for pair := range ratios {
		ratios[pair] = rounds[ours][pair] / rounds[stock][pair]
	}
	b.metrics = append(b.metrics, metric{
		Name: name, Unit: unit, Rounds: rounds,
		Ours: median(rounds[ours]), Stock: median(rounds[stock]), Ratio: median(ratios),
	})
}
