// What a request pays for rules, in one thread and without a transport: the
// handler is that of FStat, on a tree in memory, so that no system call and no
// wake-up hides a difference of some nanoseconds.
//
// "NoRule" is a server that never had one; "RuleGone" one that had. The others
// have a rule about another message, or one that observes this message, or as
// many rules about other messages as a server may have.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "server/comm/communicator.h"
#include "server/lisafs/connection_stats.h"
#include "server/lisafs/dispatch.h"
#include "server/lisafs/request_context.h"
#include "server/rules/rule_book.h"
#include "server/wire/messages/stat.h"
#include "tests/support/served_tree.h"
#include "tests/support/wire_bytes.h"

namespace gofer::rules {
namespace {

constexpr auto kFStat = static_cast<uint16_t>(wire::MessageId::kFStat);
constexpr auto kFlush = static_cast<uint32_t>(wire::MessageId::kFlush);

// A pathway that carries nothing: each request is the same bytes.
class StandingRequest : public comm::Communicator {
 public:
  explicit StandingRequest(std::vector<std::byte> payload)
      : payload_(std::move(payload)) {}

  Kind kind() const override { return Kind::kChannel; }
  base::ErrnoOr<comm::Request> Receive() override {
    return comm::Request{kFStat, static_cast<uint32_t>(payload_.size())};
  }
  base::ErrnoOr<std::span<const std::byte>> Prefix(size_t n) override {
    return std::span<const std::byte>(payload_).first(
        std::min(n, payload_.size()));
  }
  std::span<const std::byte> Bulk(size_t offset) override {
    return std::span<const std::byte>(payload_).subspan(offset);
  }
  base::ErrnoOr<std::span<std::byte>> Response(size_t n) override {
    if (n > answer_.size()) return base::Errno(ENOMEM);
    return std::span<std::byte>(answer_).first(n);
  }
  base::ErrnoOr<void> Send(uint16_t, size_t, std::span<const int>) override {
    return {};
  }
  void Shutdown() override {}

 private:
  const std::vector<std::byte> payload_;
  std::array<std::byte, 4096> answer_{};
};

std::vector<Rule> RulesAbout(uint32_t mid, size_t count) {
  std::vector<Rule> rules(count);
  for (size_t i = 0; i < count; ++i) {
    rules[i].uid = "rule-" + std::to_string(i);
    rules[i].mids = {mid};
  }
  return rules;
}

// Serves one request after the other by the server's present table.
void ServeRequests(benchmark::State& state, const std::vector<Rule>& rules,
                   bool gone) {
  test::ServedTree served(test::TestTree::Kind::kMemory);
  test::Session session = served.Mount();
  RuleBook book(served.server());
  if (!rules.empty() &&
      std::holds_alternative<Failure>(book.Change({}, rules))) {
    state.SkipWithError("the rules are refused");
    return;
  }
  if (gone) {
    for (const Rule& rule : rules) {
      if (std::holds_alternative<Failure>(book.Change({rule.uid}, {}))) {
        state.SkipWithError("a rule stays");
        return;
      }
    }
  }
  const auto table = served.server().Handlers();
  StandingRequest pathway(test::Encoded(wire::FStatReq{session.root}));
  lisafs::PathwayStats stats(pathway.kind());
  for (auto _ : state) {
    const auto request = pathway.Receive();
    lisafs::RequestContext context(*session.connection, pathway, *request,
                                   *table, stats);
    const auto length = lisafs::Dispatch(context);
    if (!length.ok()) {
      state.SkipWithError("FStat fails");
      return;
    }
    benchmark::DoNotOptimize(*length);
  }
}

void NoRule(benchmark::State& state) { ServeRequests(state, {}, false); }
void RuleGone(benchmark::State& state) {
  ServeRequests(state, RulesAbout(kFStat, 1), true);
}
void RuleOnOtherMessage(benchmark::State& state) {
  ServeRequests(state, RulesAbout(kFlush, 1), false);
}
void ThousandRulesOnOtherMessage(benchmark::State& state) {
  ServeRequests(state, RulesAbout(kFlush, RuleBook::kMaxRules), false);
}
void RuleThatObserves(benchmark::State& state) {
  ServeRequests(state, RulesAbout(kFStat, 1), false);
}

BENCHMARK(NoRule);
BENCHMARK(RuleGone);
BENCHMARK(RuleOnOtherMessage);
BENCHMARK(ThousandRulesOnOtherMessage);
BENCHMARK(RuleThatObserves);

}  // namespace
}  // namespace gofer::rules
