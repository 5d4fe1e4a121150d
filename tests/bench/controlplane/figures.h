// The figures of the control plane, each measured on a goferd of its own.

#ifndef GOFERD_TESTS_BENCH_CONTROLPLANE_FIGURES_H_
#define GOFERD_TESTS_BENCH_CONTROLPLANE_FIGURES_H_

#include <vector>

#include "absl/time/time.h"
#include "tests/bench/controlplane/bench_node.h"
#include "tests/bench/controlplane/report.h"

namespace goferd::bench {

// How much is measured.
struct Effort {
  int calls = 2000;
  int sessions = 200;
  int servers = 100;
  int crashes = 20;
  // Of throughput, in turns of `window` each.
  int pairs = 21;
  absl::Duration window = absl::Milliseconds(250);

  static Effort Quick() {
    return {.calls = 20,
            .sessions = 3,
            .servers = 3,
            .crashes = 2,
            .pairs = 2,
            .window = absl::Milliseconds(20)};
  }
};

using Figures = std::vector<Figure>;
using Programs = BenchNode::Programs;

// GetActiveConnectionCount over the UNIX socket.
Figures MeasureCount(const Programs& programs, const Effort& effort);
// StartConnection, the ticket and Mount, on a server that runs.
Figures MeasureStart(const Programs& programs, const Effort& effort);
// CreateServer and the same.
Figures MeasureCreate(const Programs& programs, const Effort& effort);
// goferd's memory with many servers, and how soon its next incarnation knows
// them.
Figures MeasureManyServers(const Programs& programs, const Effort& effort);
// From a gofer's SIGKILL to the event that its connection has ended.
Figures MeasureCrash(const Programs& programs, const Effort& effort);
// Throughput with a table that is replaced a hundred times a second, and with
// rules, against the same server without.
Figures MeasureOverrides(const Programs& programs, const Effort& effort);

}  // namespace goferd::bench

#endif  // GOFERD_TESTS_BENCH_CONTROLPLANE_FIGURES_H_
