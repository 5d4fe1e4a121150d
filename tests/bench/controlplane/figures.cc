#include "tests/bench/controlplane/figures.h"

#include <signal.h>

#include <atomic>
#include <fstream>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "goferd/admin/v1/connection_service.pb.h"
#include "goferd/admin/v1/event_service.pb.h"
#include "goferd/admin/v1/handler_service.pb.h"
#include "goferd/admin/v1/server_service.pb.h"
#include "grpcpp/client_context.h"
#include "server/base/thread.h"
#include "tests/bench/controlplane/lisafs_load.h"

namespace goferd::bench {
namespace {

using namespace goferd::admin::v1;  // NOLINT: the API's own names.
using client::AdminClient;

constexpr absl::Duration kSwapInterval = absl::Milliseconds(10);

double Millis(absl::Duration time) { return absl::ToDoubleMilliseconds(time); }
double Micros(absl::Duration time) { return absl::ToDoubleMicroseconds(time); }

template <class T>
T Must(absl::StatusOr<T> result, const char* what) {
  if (!result.ok()) Fail(absl::StrCat(what, ": ", result.status().message()));
  return *std::move(result);
}

int64_t Count(AdminClient& admin) {
  GetActiveConnectionCountRequest request;
  request.set_parent("servers/-");
  return Must(admin.Call(client::methods::kGetActiveConnectionCount, request),
              "GetActiveConnectionCount")
      .total_count();
}

// A line such as "VmRSS:  1234 kB" of /proc/PID/status.
double StatusKilobytes(pid_t pid, const std::string& name) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/status"));
  std::string word;
  while (file >> word) {
    double kilobytes = 0;
    if (word == name + ":" && file >> kilobytes) return kilobytes;
  }
  Fail(absl::StrCat("no ", name, " of process ", pid));
}

size_t ActiveServers(AdminClient& admin) {
  ListServersRequest request;
  request.set_page_size(1000);
  request.set_filter("state = ACTIVE");
  return static_cast<size_t>(
      Must(admin.Call(client::methods::kListServers, request), "ListServers")
          .servers_size());
}

// Waits for the event that a connection of `server` has ended in a crash of its
// gofer. The constructor returns when the watch has begun.
class CrashWatch {
 public:
  CrashWatch(AdminClient& admin, const std::string& server) {
    request_.set_parent("servers/" + server);
    request_.set_include_initial_state(true);
    auto thread =
        gofer::base::Thread::Start("watch", [this, &admin] { Run(admin); });
    if (!thread.ok()) Fail("no thread");
    thread_ = *std::move(thread);
    begun_.WaitForNotification();
  }
  ~CrashWatch() {
    call_.TryCancel();
    thread_.Join();
  }

  void WaitForCrash() { crashed_.WaitForNotification(); }

 private:
  void Run(AdminClient& admin) {
    const absl::Status status = admin.WatchEvents(
        call_, request_,
        [this](const WatchEventsResponse& response) { return Take(response); });
    if (!crashed_.HasBeenNotified()) {
      Fail(absl::StrCat("the watch has ended: ", status.message()));
    }
  }
  bool Take(const WatchEventsResponse& response) {
    for (const Event& event : response.events()) {
      if (event.type() == Event::BOOKMARK && !begun_.HasBeenNotified()) {
        begun_.Notify();
      }
      if (event.connection().end_reason() == Connection::GOFER_CRASHED) {
        crashed_.Notify();
        return false;
      }
    }
    return true;
  }

  WatchEventsRequest request_;
  grpc::ClientContext call_;
  absl::Notification begun_;
  absl::Notification crashed_;
  gofer::base::Thread thread_;
};

SetHandlersRequest StockTable(AdminClient& admin, const std::string& server) {
  ListHandlersRequest list;
  list.set_parent("servers/" + server);
  list.set_page_size(1000);
  const auto handlers =
      Must(admin.Call(client::methods::kListHandlers, list), "ListHandlers");
  SetHandlersRequest request;
  request.set_parent(list.parent());
  for (const Handler& handler : handlers.handlers()) {
    if (handler.implementation().empty()) continue;
    auto& assignment = *request.add_assignments();
    assignment.set_mid(handler.mid());
    assignment.set_implementation(handler.implementation());
  }
  return request;
}

// Replaces a server's handler table every kSwapInterval while it lives.
class Swapper {
 public:
  Swapper(AdminClient& admin, SetHandlersRequest table)
      : admin_(admin), table_(std::move(table)) {
    auto thread = gofer::base::Thread::Start("swap", [this] { Run(); });
    if (!thread.ok()) Fail("no thread");
    thread_ = *std::move(thread);
  }
  ~Swapper() {
    stop_.store(true);
    thread_.Join();
  }
  int swaps() const { return swaps_.load(); }

 private:
  void Run() {
    absl::Time next = absl::Now();
    while (!stop_.load()) {
      Must(admin_.Call(client::methods::kSetHandlers, table_), "SetHandlers");
      swaps_.fetch_add(1);
      next += kSwapInterval;
      absl::SleepFor(next - absl::Now());
    }
  }

  AdminClient& admin_;
  const SetHandlersRequest table_;
  std::atomic<bool> stop_ = false;
  std::atomic<int> swaps_ = 0;
  gofer::base::Thread thread_;
};

void AddRule(AdminClient& admin, const std::string& server, Mid mid) {
  CreateHandlerRuleRequest request;
  request.set_parent("servers/" + server);
  request.set_handler_rule_id("bench");
  HandlerRule& rule = *request.mutable_handler_rule();
  rule.mutable_match()->add_mids(mid);
  rule.mutable_observe();
  rule.set_permanent(true);
  Must(admin.Call(client::methods::kCreateHandlerRule, request),
       "CreateHandlerRule");
}

void RemoveRule(AdminClient& admin, const std::string& server) {
  DeleteHandlerRuleRequest request;
  request.set_name("servers/" + server + "/handlerRules/bench");
  Must(admin.Call(client::methods::kDeleteHandlerRule, request),
       "DeleteHandlerRule");
}

// The median of the pairs' ratios: the rate while what `begin` returns lives,
// over the rate without.
double RateRatio(const LisafsLoad& load, const Effort& effort,
                 const std::function<std::shared_ptr<void>()>& begin) {
  std::vector<double> ratios;
  for (int i = 0; i < effort.pairs; ++i) {
    const auto with = [&] {
      const std::shared_ptr<void> alive = begin();
      return load.RateOver(effort.window);
    };
    const auto without = [&] { return load.RateOver(effort.window); };
    const bool with_first = i % 2 == 0;
    const double first = with_first ? with() : without();
    const double second = with_first ? without() : with();
    ratios.push_back(with_first ? first / second : second / first);
  }
  return Median(ratios);
}

}  // namespace

Figures MeasureCount(const Programs& programs, const Effort& effort) {
  BenchNode node(programs, "");
  node.CreateServer("count");
  const auto client = node.Mount("count");
  std::vector<double> micros;
  for (int i = 0; i < effort.calls; ++i) {
    const absl::Time begin = absl::Now();
    if (Count(node.admin()) < 1) Fail("the count is wrong");
    micros.push_back(Micros(absl::Now() - begin));
  }
  return {{"Count.p50", Median(micros), "us", 300},
          {"Count.p99", Quantile(micros, 0.99), "us", std::nullopt}};
}

Figures MeasureStart(const Programs& programs, const Effort& effort) {
  BenchNode node(programs, "");
  node.CreateServer("start");
  std::vector<double> millis;
  for (int i = 0; i < effort.sessions; ++i) {
    const absl::Time begin = absl::Now();
    const auto client = node.Mount("start");
    millis.push_back(Millis(absl::Now() - begin));
  }
  return {
      {"StartToFirstReply.p50", Median(millis), "ms", 3},
      {"StartToFirstReply.p99", Quantile(millis, 0.99), "ms", std::nullopt}};
}

Figures MeasureCreate(const Programs& programs, const Effort& effort) {
  Figures figures;
  for (const int warm : {0, 8}) {
    BenchNode node(programs,
                   absl::StrCat("servers { warm_gofers: ", warm, " }\n"));
    std::vector<double> millis;
    for (int i = 0; i < effort.servers; ++i) {
      const std::string id = absl::StrCat("s", i);
      const absl::Time begin = absl::Now();
      node.CreateServer(id);
      { const auto client = node.Mount(id); }
      millis.push_back(Millis(absl::Now() - begin));
      node.DeleteServer(id);
    }
    figures.push_back(
        {warm == 0 ? "CreateToFirstReply.p50" : "CreateToFirstReply.warm.p50",
         Median(millis), "ms", 20});
  }
  return figures;
}

Figures MeasureManyServers(const Programs& programs, const Effort& effort) {
  BenchNode node(programs, "");
  std::vector<gofer::client::Client> clients;
  for (int i = 0; i < effort.servers; ++i) {
    const std::string id = absl::StrCat("s", i);
    node.CreateServer(id);
    clients.push_back(node.Mount(id));
  }
  Figures figures = {{"Resident.100servers",
                      StatusKilobytes(node.pid(), "VmRSS"), "kB", 30720}};
  node.Kill();
  const absl::Time begin = absl::Now();
  node.Start();
  const auto all = static_cast<size_t>(effort.servers);
  while (ActiveServers(node.admin()) < all ||
         Count(node.admin()) < effort.servers) {
    if (absl::Now() - begin > absl::Seconds(30)) Fail("not all were found");
  }
  figures.push_back(
      {"FoundAgain.100servers", Millis(absl::Now() - begin), "ms", 1000});
  for (const auto& client : clients) {
    if (!client.root().Stat().ok()) Fail("a connection did not survive");
  }
  return figures;
}

Figures MeasureCrash(const Programs& programs, const Effort& effort) {
  BenchNode node(programs, "");
  std::vector<double> millis;
  for (int i = 0; i < effort.crashes; ++i) {
    const std::string id = absl::StrCat("s", i);
    const pid_t gofer = node.CreateServer(id);
    const auto client = node.Mount(id);
    CrashWatch watch(node.admin(), id);
    const absl::Time begin = absl::Now();
    ::kill(gofer, SIGKILL);
    watch.WaitForCrash();
    millis.push_back(Millis(absl::Now() - begin));
    node.DeleteServer(id);
  }
  return {{"CrashToEvent.p50", Median(millis), "ms", 100},
          {"CrashToEvent.max", Quantile(millis, 1), "ms", 100}};
}

Figures MeasureOverrides(const Programs& programs, const Effort& effort) {
  BenchNode node(programs, "");
  node.CreateServer("load");
  LisafsLoad load(node.Mount("load"));
  AdminClient& admin = node.admin();
  const SetHandlersRequest table = StockTable(admin, "load");
  Figures figures;
  int swaps = 0;
  const double swapped = RateRatio(load, effort, [&]() {
    auto swapper = std::make_unique<Swapper>(admin, table);
    return std::shared_ptr<void>(swapper.release(), [&swaps](void* made) {
      const std::unique_ptr<Swapper> owned(static_cast<Swapper*>(made));
      swaps += owned->swaps();
    });
  });
  figures.push_back({"Rate.swaps", swapped, "x", 0.95, true});
  figures.push_back(
      {"SwapsPerSecond",
       swaps / (effort.pairs * absl::ToDoubleSeconds(effort.window)), "1/s",
       std::nullopt});
  for (const Mid mid : {MID_MKDIR_AT, MID_FSTAT}) {
    const double ratio = RateRatio(load, effort, [&] {
      AddRule(admin, "load", mid);
      return std::shared_ptr<void>(&admin, [](void* of) {
        RemoveRule(*static_cast<AdminClient*>(of), "load");
      });
    });
    figures.push_back(
        {mid == MID_MKDIR_AT ? "Rate.ruleOnOtherMessage" : "Rate.observeRule",
         ratio, "x", std::nullopt});
  }
  figures.push_back(
      {"FailedRequests", static_cast<double>(load.failures()), "", 0});
  return figures;
}

}  // namespace goferd::bench
