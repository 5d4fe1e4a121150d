package main

import (
	"fmt"
	"sort"
	"time"

	"goferd/tests/interop/gofer_process"
)

// timeOps measures every operation over channels and over the socket, with the
// client on the server's CPU and apart from it. Both servers stay alive and take
// short turns, so that a slow moment hits both.
func (b *bench) timeOps() error {
	placements, err := placements()
	if err != nil {
		return err
	}
	for _, transport := range []string{"channels", "socket"} {
		for _, where := range placements {
			if err := b.timeOpsAt(transport, where); err != nil {
				return fmt.Errorf("over %s, CPUs %s: %w", transport, where.name, err)
			}
		}
	}
	return nil
}

func (b *bench) timeOpsAt(transport string, where placement) error {
	leave, err := where.enter()
	if err != nil {
		return err
	}
	defer leave()
	var processes [2]*goferprocess.Process
	var clients [2]*mounted
	for which := range b.servers {
		if processes[which], err = b.start(which, where.wrapper()...); err != nil {
			return err
		}
		defer processes[which].Stop(0)
		if clients[which], err = mount(processes[which], transport == "socket"); err != nil {
			return fmt.Errorf("%s: %w", b.servers[which].name, err)
		}
		if err := where.settle(processes[which].Pid()); err != nil {
			return err
		}
	}
	for _, o := range ops() {
		rounds, err := b.timeOp(o, clients)
		if err != nil {
			return fmt.Errorf("%s: %w", o.name, err)
		}
		b.add(o.name+"/"+transport+"/"+where.name, "us", rounds)
	}
	for which := range b.servers {
		if err := clients[which].settle(); err != nil {
			return err
		}
		clients[which].client.Close()
		if err := b.stop(which, processes[which]); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) timeOp(o op, clients [2]*mounted) (rounds [2][]float64, err error) {
	calls, err := b.calibrate(o, clients)
	if err != nil {
		return rounds, err
	}
	for pair := 0; pair < b.plan.pairs; pair++ {
		turns := []int{ours, stock}
		if pair%2 == 1 {
			turns = []int{stock, ours}
		}
		for _, which := range turns {
			took, err := repeat(o, clients[which], calls)
			if err != nil {
				return rounds, fmt.Errorf("%s: %w", b.servers[which].name, err)
			}
			rounds[which] = append(rounds[which], took.Seconds()*1e6/float64(calls))
		}
	}
	return rounds, nil
}

// calibrate warms both servers up and finds how many calls fill a turn.
func (b *bench) calibrate(o op, clients [2]*mounted) (int, error) {
	const warmUp = 10
	slowest := time.Duration(1)
	for which := range b.servers {
		took, err := repeat(o, clients[which], warmUp)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", b.servers[which].name, err)
		}
		if took > slowest {
			slowest = took
		}
	}
	calls := int(warmUp * b.plan.perTurn / slowest)
	if calls < warmUp {
		calls = warmUp
	}
	return calls, nil
}

func repeat(o op, m *mounted, calls int) (time.Duration, error) {
	begin := time.Now()
	for i := 0; i < calls; i++ {
		if err := o.run(m); err != nil {
			return 0, err
		}
	}
	return time.Since(begin), nil
}

func median(values []float64) float64 {
	sorted := append([]float64{}, values...)
	sort.Float64s(sorted)
	middle := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[middle-1] + sorted[middle]) / 2
	}
	return sorted[middle]
}
