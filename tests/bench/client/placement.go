package main

import (
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// placement pins client and server. Where the scheduler is left to choose, it
// puts them on one CPU for seconds and then on two, and on a virtual machine a
// wake-up across CPUs takes ten times as long as one on the same: the
// difference between two servers would drown in that choice.
type placement struct {
	name           string
	client, server int // CPU numbers
}

// placements are the two there are; just the first on a machine of one CPU.
func placements() ([]placement, error) {
	var usable unix.CPUSet
	if err := unix.SchedGetaffinity(0, &usable); err != nil {
		return nil, fmt.Errorf("sched_getaffinity: %w", err)
	}
	var cpus []int
	for cpu := 0; len(cpus) < usable.Count(); cpu++ {
		if usable.IsSet(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	first, last := cpus[0], cpus[len(cpus)-1]
	found := []placement{{"shared", first, first}}
	if last != first {
		found = append(found, placement{"apart", first, last})
	}
	return found, nil
}

// enter moves this process to the client's CPU; leave undoes that.
func (p placement) enter() (leave func(), err error) {
	var before unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return nil, fmt.Errorf("sched_getaffinity: %w", err)
	}
	if err := setAffinity(os.Getpid(), oneCPU(p.client)); err != nil {
		return nil, err
	}
	return func() { setAffinity(os.Getpid(), &before) }, nil // it was allowed before
}

// wrapper starts a program that is to share its only CPU with its client, or
// one that sees all of them.
func (p placement) wrapper() []string {
	if p.server == p.client {
		return []string{"taskset", "-c", strconv.Itoa(p.server)}
	}
	return []string{"taskset", "-c", "0-1023"}
}

// settle moves a server that has started.
func (p placement) settle(pid int) error { return setAffinity(pid, oneCPU(p.server)) }

func oneCPU(cpu int) *unix.CPUSet {
	var set unix.CPUSet
	set.Set(cpu)
	return &set
}

// setAffinity is for all threads of a process: those to come inherit it.
func setAffinity(pid int, set *unix.CPUSet) error {
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return err
	}
	for _, task := range tasks {
		tid, err := strconv.Atoi(task.Name())
		if err != nil {
			return err
		}
		if err := unix.SchedSetaffinity(tid, set); err != nil && err != unix.ESRCH {
			return fmt.Errorf("sched_setaffinity: %w", err)
		}
	}
	return nil
}
