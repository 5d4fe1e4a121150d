package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"time"
)

// comparison runs cases against both servers and counts the verdicts.
type comparison struct {
	ours, stock []string
	scratch     string
	patience    time.Duration
	verbose     bool
	identical   bool

	passed, expected, failed int
	interrupted              atomic.Bool
}

func (c *comparison) runAll(only *regexp.Regexp) {
	known := map[string]bool{}
	for _, t := range allCases() {
		if known[t.name] {
			c.fail(t.name, "the name is used twice")
		}
		known[t.name] = true
		for _, tr := range t.transports {
			if only.MatchString(t.name) && !c.interrupted.Load() {
				c.run(t, tr)
			}
		}
	}
	for _, d := range differences {
		if !known[d.name] {
			c.fail(d.name, "expected difference of a case that does not exist")
		}
	}
}

func (c *comparison) run(t testCase, tr transport) {
	name := fmt.Sprintf("%s/%s", t.name, tr)
	stock, stockErr, err := runCase(t, tr, c.stock, c.scratch, c.patience)
	if err != nil {
		c.fail(name, "stock server: "+err.Error(), stockErr)
		return
	}
	ours, oursErr, err := runCase(t, tr, c.ours, c.scratch, c.patience)
	if err != nil {
		c.fail(name, "our server: "+err.Error(), oursErr)
		return
	}
	if why := invalid(stock); why != "" {
		c.fail(name, "stock server: "+why, stockErr)
		return
	}
	if why := invalid(ours); why != "" {
		c.fail(name, "our server: "+why, oursErr)
		return
	}
	if !c.identical && ours[len(ours)-1].value != "exit 0" {
		// Also when the packaged server crashes or hangs in the same way.
		c.fail(name, "our server: "+ours[len(ours)-1].value, oursErr)
		return
	}
	if c.verbose {
		for _, o := range ours {
			fmt.Printf("    %s: %s\n", o.label, o.value)
		}
	}
	found := compare(stock, ours)
	var expected []difference
	if !c.identical {
		expected = expectedFor(t.name, tr)
	}
	unexpected, missing := settle(found, expected)
	switch {
	case len(unexpected)+len(missing) > 0:
		c.fail(name, "", oursErr)
		for _, d := range unexpected {
			fmt.Printf("    %s\n      stock: %s\n      ours:  %s\n", d.label, d.stock, d.ours)
		}
		for _, d := range missing {
			fmt.Printf("    %s\n      expected difference did not occur (stock: %s, ours: %s)\n", d.label, d.stock, d.ours)
		}
	case len(found) > 0:
		c.expected++
		fmt.Printf("DIFF-EXPECTED %s (%d)\n", name, len(found))
	default:
		c.passed++
		fmt.Printf("PASS          %s\n", name)
	}
}

// invalid tells why a run says nothing about the server: what the case needed
// beforehand could not be had.
func invalid(run []observation) string {
	for _, o := range run {
		if strings.HasPrefix(o.label, preparation) && o.value != noAnswer {
			return o.label + ": " + o.value
		}
	}
	return ""
}

func (c *comparison) fail(name, why string, stderr ...string) {
	c.failed++
	fmt.Printf("FAIL          %s %s\n", name, why)
	for _, path := range stderr {
		if text, err := os.ReadFile(path); err == nil && len(text) > 0 {
			const enough = 2000
			if len(text) > enough {
				text = text[:enough]
			}
			fmt.Printf("    server's standard error:\n%s\n", text)
		}
	}
}

// found is a place where the servers do not agree.
type found struct{ label, stock, ours string }

const absent = "(not observed)"

func compare(stock, ours []observation) []found {
	var out []found
	inOurs := map[string]string{}
	for _, o := range ours {
		inOurs[o.label] = o.value
	}
	inStock := map[string]bool{}
	for _, o := range stock {
		inStock[o.label] = true
		if value, ok := inOurs[o.label]; !ok {
			out = append(out, found{o.label, o.value, absent})
		} else if value != o.value {
			out = append(out, found{o.label, o.value, value})
		}
	}
	for _, o := range ours {
		if !inStock[o.label] {
			out = append(out, found{o.label, absent, o.value})
		}
	}
	return out
}

// settle takes the expected differences away. What is left over on either side is a failure.
func settle(all []found, expected []difference) (unexpected []found, missing []difference) {
	used := make([]bool, len(expected))
next:
	for _, f := range all {
		for i, d := range expected {
			if d.matches(f) {
				used[i] = true
				continue next
			}
		}
		unexpected = append(unexpected, f)
	}
	for i, d := range expected {
		if !used[i] {
			missing = append(missing, d)
		}
	}
	return unexpected, missing
}
