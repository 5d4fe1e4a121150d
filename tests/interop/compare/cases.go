package main

// Names start with the row of tests/conformance/rows.md. Where one row has
// several readings there are several cases, told apart by the words behind it.

var both = []transport{overSocket, overChannels}
var rawOnly = []transport{overRaw}
var channelsOnly = []transport{overChannels}

// viaClient is a case run with gVisor's client, once over each transport.
func viaClient(name string, run func(*trial), flags ...string) testCase {
	return testCase{name: name, transports: both, run: run, flags: flags}
}

// viaFrames is a case run with frames put together by hand.
func viaFrames(name string, run func(*trial, *rawConnection), flags ...string) testCase {
	return testCase{name: name, transports: rawOnly, flags: flags, run: func(s *trial) { run(s, s.raw) }}
}

func allCases() []testCase {
	var all []testCase
	for _, group := range [][]testCase{
		frameCases(), windowCases(), walkCases(), openCases(), ioCases(), setStatCases(),
		namespaceCases(), deletedCases(), direntCases(), socketCases(), lifetimeCases(), readonlyCases(),
	} {
		all = append(all, group...)
	}
	return all
}
