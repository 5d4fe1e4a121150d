package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

func (b *bench) printTable(out io.Writer) {
	fmt.Fprintf(out, "medians of %d pairs\n\n%-36s %-6s %12s %12s %12s\n", b.plan.pairs, "", "unit", "ours", "stock", "ours/stock")
	for _, m := range b.metrics {
		fmt.Fprintf(out, "%-36s %-6s %12.2f %12.2f %12.2f\n", m.Name, m.Unit, m.Ours, m.Stock, m.Ratio)
	}
}

func (b *bench) writeJSON(path string) error {
	if path == "" {
		return nil
	}
	text, err := json.MarshalIndent(struct {
		Pairs   int      `json:"pairs"`
		Metrics []metric `json:"metrics"`
	}{b.plan.pairs, b.metrics}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0644)
}

// limits are the promises that --check holds us to. A name without a transport
// stands for both.
type limits struct {
	Ratio        map[string]float64 `json:"ratio"`
	DefaultRatio float64            `json:"default_ratio"` // operations without an entry of their own
	Absolute     map[string]float64 `json:"absolute"`      // of our value, in the metric's unit
}

func (b *bench) withinLimits(path string, out io.Writer) bool {
	var l limits
	text, err := os.ReadFile(path)
	if err == nil {
		decoder := json.NewDecoder(strings.NewReader(string(text)))
		decoder.DisallowUnknownFields()
		err = decoder.Decode(&l)
	}
	if err != nil {
		fmt.Fprintf(out, "limits: %v\n", err)
		return false
	}
	good := true
	broken := func(format string, args ...interface{}) {
		good = false
		fmt.Fprintf(out, "limit: "+format+"\n", args...)
	}
	used := map[string]bool{}
	for _, m := range b.metrics {
		name := strings.Split(m.Name, "/")[0]
		if most, ok := l.Absolute[name]; ok {
			used[name] = true
			if m.Ours > most {
				broken("%s is %.2f %s, at most %.2f allowed", m.Name, m.Ours, m.Unit, most)
			}
		}
		if m.Unit != "us" {
			continue
		}
		most, ok := l.Ratio[name]
		if !ok {
			most = l.DefaultRatio
		}
		used[name] = used[name] || ok
		if !(m.Ratio <= most) {
			broken("%s takes %.2f times as long as stock, at most %.2f allowed", m.Name, m.Ratio, most)
		}
	}
	for _, set := range []map[string]float64{l.Ratio, l.Absolute} {
		for name := range set {
			if !used[name] {
				broken("%s is not measured", name)
			}
		}
	}
	if good {
		fmt.Fprintln(out, "all limits hold")
	}
	return good
}
