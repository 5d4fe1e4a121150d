// Round trips over one flipcall channel between two processes: the client
// always parks, as gVisor's does; the server waits as the benchmark says. The
// machine is idle, or every core also runs a process that never sleeps.
//
// "think" is what the client does between two round trips, in nanoseconds. The
// counters say what the server's process paid for: server_cpu is its CPU time
// per round trip in nanoseconds, preempted and won are per round trip too.

#include <benchmark/benchmark.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>
#include <vector>

#include "server/base/clock.h"
#include "server/flipcall/endpoint.h"
#include "server/flipcall/packet_window.h"
#include "server/flipcall/packet_window_allocator.h"

namespace gofer::flipcall {
namespace {

enum class Machine { kIdle, kBusy };

void BusyFor(uint64_t nanos) {
  const uint64_t end = base::MonotonicNanos() + nanos;
  while (base::MonotonicNanos() < end) {
  }
}

pid_t Fork() {
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
  }
  return child;
}

// Processes that never sleep, one for each core; ended by the destructor.
class Hogs {
 public:
  explicit Hogs(Machine machine) {
    if (machine == Machine::kIdle) return;
    cpu_set_t cpus;
    ::sched_getaffinity(0, sizeof(cpus), &cpus);
    for (int i = 0; i < CPU_COUNT(&cpus); ++i) {
      const pid_t child = Fork();
      if (child == 0) {
        for (;;) asm volatile("" ::: "memory");
      }
      children_.push_back(child);
    }
  }
  ~Hogs() {
    for (const pid_t child : children_) {
      ::kill(child, SIGKILL);
      ::waitpid(child, nullptr, 0);
    }
  }

 private:
  std::vector<pid_t> children_;
};

// What the server's process tells when it has ended.
struct ServerReport {
  Waiter::Counters counters;
  uint64_t cpu_ns;
};

uint64_t OwnCpuNanos() {
  rusage usage;
  ::getrusage(RUSAGE_SELF, &usage);
  const auto nanos = [](const timeval& t) {
    return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000u +
           static_cast<uint64_t>(t.tv_usec) * 1000u;
  };
  return nanos(usage.ru_utime) + nanos(usage.ru_stime);
}

void Serve(PacketWindow window, const Waiter::Tuning& tuning,
           ServerReport* report) {
  Endpoint server(Endpoint::Role::kServer, std::move(window),
                  HostWaitEnvironment(), tuning);
  if (!server.Handshake().ok()) return;
  for (;;) {
    const auto request = server.WaitForTurn();
    if (!request.ok()) break;
    BusyFor(2000);  // What a small system call takes.
    if (!server.HandOver(8).ok()) break;
  }
  report->counters = server.waiter().counters();
  report->cpu_ns = OwnCpuNanos();
}

void PingPong(benchmark::State& state, const Waiter::Tuning& tuning,
              Machine machine) {
  const Hogs hogs(machine);
  PacketWindowAllocator allocator;
  const auto extent = allocator.Allocate(4096);
  auto window = PacketWindow::Map(allocator.fd(), extent->offset, 4096);
  void* const shared = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  auto* const report = new (shared) ServerReport();
  const pid_t child = Fork();
  if (child == 0) {
    Serve(*std::move(window), tuning, report);
    ::_exit(0);
  }
  {
    Endpoint client(Endpoint::Role::kClient, *std::move(window),
                    HostWaitEnvironment(), Waiter::kParkOnly);
    if (!client.Handshake().ok()) state.SkipWithError("handshake failed");
    for ([[maybe_unused]] auto _ : state) {
      if (!client.HandOver(8).ok() || !client.WaitForTurn().ok()) {
        state.SkipWithError("round trip failed");
        break;
      }
      if (state.range(0) > 0) BusyFor(static_cast<uint64_t>(state.range(0)));
    }
    client.Shutdown();
    ::waitpid(child, nullptr, 0);
  }
  const auto per_trip = [&](uint64_t total) {
    return benchmark::Counter(static_cast<double>(total) /
                              static_cast<double>(state.iterations()));
  };
  state.counters["server_cpu"] = per_trip(report->cpu_ns);
  state.counters["won"] = per_trip(report->counters.spins_won);
  state.counters["lost"] = per_trip(report->counters.spins_lost);
  state.counters["preempted"] = per_trip(report->counters.preempted);
  ::munmap(shared, 4096);
}

void Park(benchmark::State& state) {
  PingPong(state, Waiter::kParkOnly, Machine::kIdle);
}
void Spin(benchmark::State& state) {
  PingPong(state, Waiter::kDefaultTuning, Machine::kIdle);
}
void ParkBusy(benchmark::State& state) {
  PingPong(state, Waiter::kParkOnly, Machine::kBusy);
}
void SpinBusy(benchmark::State& state) {
  PingPong(state, Waiter::kDefaultTuning, Machine::kBusy);
}

void Settings(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("think")->Arg(0)->Arg(10'000)->Arg(40'000)->Arg(200'000);
  benchmark->UseRealTime();
}

BENCHMARK(Park)->Apply(Settings);
BENCHMARK(Spin)->Apply(Settings);
BENCHMARK(ParkBusy)->Apply(Settings);
BENCHMARK(SpinBusy)->Apply(Settings);

}  // namespace
}  // namespace gofer::flipcall
