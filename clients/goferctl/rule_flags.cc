#include "clients/goferctl/rule_flags.h"

#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "clients/goferctl/exit_code.h"
#include "clients/goferctl/flags.h"
#include "clients/goferctl/names.h"
#include "clients/goferctl/option.h"

namespace goferctl {
namespace {

using namespace goferd::admin::v1;  // NOLINT: the API's own names.

void DeclareMatch(CLI::App& app, RuleFlags& flags) {
  DeclareRepeated(app, "--mid", flags.mids,
                  "Only these messages, such as PRead, separated by commas")
      .SplitAtCommas();
  DeclareEnum<OpClass>(app, "--class", flags.op_class,
                       {{"read", OP_CLASS_READ},
                        {"write", OP_CLASS_WRITE},
                        {"metadata", OP_CLASS_METADATA}},
                       "Only messages of this class: read, write, metadata");
  DeclareOption(app, "--connection", flags.connection,
                "Only requests of this connection, given by its id");
  DeclareOption(app, "--mount", flags.mount_glob,
                "Only mount paths that match this glob");
  DeclareOption(app, "--path", flags.path_glob,
                "Only paths below the mount that match this glob, such as\n"
                "'/logs/**'");
  DeclareOption(app, "--uid", flags.uid, "Only requests of this user id");
}

void DeclareActions(CLI::App& app, RuleFlags& flags) {
  DeclareOption(app, "--error", flags.error, "Answer this errno, such as EIO")
      .SetGroup("Actions");
  DeclareDuration(app, "--delay", flags.delay,
                  "Wait for this time before the request is handled")
      .SetGroup("Actions");
  DeclareDuration(app, "--jitter", flags.jitter,
                  "With --delay: wait up to this much longer, at random")
      .Need("--delay")
      .SetGroup("Actions");
  DeclareOption(app, "--short-io", flags.short_io,
                "Read or write at most this many bytes")
      .SetGroup("Actions");
  const auto flag = [&app](const char* name, bool& value, const char* help) {
    DeclareFlag(app, name, value, help).SetGroup("Actions");
  };
  flag("--deny", flags.deny, "Answer EACCES");
  flag("--readonly", flags.readonly,
       "Answer EROFS to requests that change the tree");
  flag("--disconnect", flags.disconnect, "End the connection");
  flag("--hang", flags.hang, "Do not answer while the rule exists");
  flag("--refuse-fd-donation", flags.refuse_fd_donation, "Donate no host FDs");
  flag("--observe", flags.observe, "Count the request and change nothing");
}

void DeclareTrigger(CLI::App& app, RuleFlags& flags) {
  DeclareOption(app, "--probability", flags.probability,
                "Act with this probability: 1/100, 1% or 0.01");
  DeclareOption(app, "--every", flags.every, "Act on every n-th match only");
  DeclareOption(app, "--skip", flags.skip, "Do not act on the first n matches");
  DeclareOption(app, "--max-hits", flags.max_hits, "Act at most n times");
  DeclareOption(app, "--max-active", flags.max_active,
                "Hold at most n requests at once (default 16)");
  DeclareOption(app, "--seed", flags.seed, "Seed of the random numbers");
  DeclareOption(app, "--priority", flags.priority,
                "Rules with a higher number are evaluated first");
}

int CountActions(const RuleFlags& flags) {
  int count = 0;
  for (const bool given :
       {!flags.error.empty(), !flags.delay.empty(), flags.short_io.has_value(),
        flags.deny, flags.readonly, flags.disconnect, flags.hang,
        flags.refuse_fd_donation, flags.observe}) {
    if (given) ++count;
  }
  return count;
}

absl::Status SetAction(const RuleFlags& flags, HandlerRule* rule) {
  if (CountActions(flags) != 1) {
    return UsageError(
        "give one action: --error, --delay, --short-io, --deny, --readonly, "
        "--disconnect, --hang, --refuse-fd-donation or --observe");
  }
  if (!flags.error.empty()) rule->mutable_error()->set_code(flags.error);
  if (!flags.delay.empty()) {
    *rule->mutable_delay()->mutable_fixed() = ToProto(DurationOf(flags.delay));
  }
  if (!flags.jitter.empty()) {
    *rule->mutable_delay()->mutable_jitter() =
        ToProto(DurationOf(flags.jitter));
  }
  if (flags.short_io) rule->mutable_short_io()->set_max_bytes(*flags.short_io);
  if (flags.deny) rule->mutable_deny();
  if (flags.readonly) rule->mutable_readonly();
  if (flags.disconnect) rule->mutable_disconnect();
  if (flags.hang) rule->mutable_hang();
  if (flags.refuse_fd_donation) rule->mutable_refuse_fd_donation();
  if (flags.observe) rule->mutable_observe();
  return absl::OkStatus();
}

absl::Status SetMatch(const RuleFlags& flags, const std::string& server,
                      HandlerRule::Match* match) {
  for (const std::string& word : flags.mids) {
    const auto mid = ParseMid(word);
    if (!mid.ok()) return mid.status();
    match->add_mids(*mid);
  }
  match->set_op_class(flags.op_class);
  if (!flags.connection.empty()) {
    const std::string word =
        absl::StrContains(flags.connection, "/")
            ? flags.connection
            : absl::StrCat(ShortName(server), "/", flags.connection);
    const auto name = ConnectionName(word);
    if (!name.ok()) return name.status();
    match->set_connection(FullConnectionName(*name));
  }
  match->set_mount_path_glob(flags.mount_glob);
  match->set_path_glob(flags.path_glob);
  if (flags.uid) match->set_uid(*flags.uid);
  return absl::OkStatus();
}

absl::Status SetTrigger(const RuleFlags& flags, HandlerRule::Trigger* trigger) {
  trigger->set_skip_first(flags.skip);
  trigger->set_every_nth(flags.every);
  trigger->set_max_hits(flags.max_hits);
  trigger->set_max_active(flags.max_active);
  if (flags.seed) trigger->set_seed(*flags.seed);
  if (flags.probability.empty()) return absl::OkStatus();
  return SetProbability(flags.probability, trigger->mutable_probability());
}

}  // namespace

void DeclareRuleFlags(CLI::App& app, RuleFlags& flags) {
  DeclareMatch(app, flags);
  DeclareActions(app, flags);
  DeclareTrigger(app, flags);
  DeclareDuration(app, "--ttl", flags.ttl, "Remove the rule after this time");
  DeclareFlag(app, "--permanent", flags.permanent,
              "Keep the rule until it is deleted")
      .Exclude("--ttl");
  DeclareFlag(app, "--persistent", flags.persistent,
              "Keep a fault when the gofer or goferd restarts");
  DeclareLabels(app, flags.labels);
}

absl::Status SetRule(const RuleFlags& flags, const std::string& server,
                     HandlerRule* rule) {
  if (flags.permanent == !flags.ttl.empty()) {
    return UsageError("say how long the rule stays: --ttl or --permanent");
  }
  if (auto set = SetAction(flags, rule); !set.ok()) return set;
  HandlerRule::Match match;
  if (auto set = SetMatch(flags, server, &match); !set.ok()) return set;
  if (match.ByteSizeLong() != 0) *rule->mutable_match() = match;
  HandlerRule::Trigger trigger;
  if (auto set = SetTrigger(flags, &trigger); !set.ok()) return set;
  if (trigger.ByteSizeLong() != 0) *rule->mutable_trigger() = trigger;
  rule->set_priority(flags.priority);
  rule->set_persistent(flags.persistent);
  SetLabels(flags.labels, rule->mutable_labels());
  if (flags.permanent) rule->set_permanent(true);
  if (!flags.ttl.empty()) {
    *rule->mutable_ttl() = ToProto(DurationOf(flags.ttl));
  }
  return absl::OkStatus();
}

absl::Status SetProbability(const std::string& text,
                            HandlerRule::Probability* into) {
  constexpr uint32_t kDenominator = 1'000'000;
  const auto wrong = UsageError(
      absl::StrCat("--probability=", text,
                   " is not a probability such as 1/100, 1% or 0.01"));
  const std::pair<std::string, std::string> parts =
      absl::StrSplit(text, absl::MaxSplits('/', 1));
  if (absl::StrContains(text, "/")) {
    uint32_t numerator = 0;
    uint32_t denominator = 0;
    if (!absl::SimpleAtoi(parts.first, &numerator) ||
        !absl::SimpleAtoi(parts.second, &denominator)) {
      return wrong;
    }
    into->set_numerator(numerator);
    into->set_denominator(denominator);
    return absl::OkStatus();
  }
  absl::string_view number = text;
  const bool percent = absl::ConsumeSuffix(&number, "%");
  double value = 0;
  if (!absl::SimpleAtod(number, &value)) return wrong;
  if (percent) value /= 100;
  if (!(value >= 0 && value <= 1)) return wrong;
  into->set_numerator(static_cast<uint32_t>(std::lround(value * kDenominator)));
  into->set_denominator(kDenominator);
  return absl::OkStatus();
}

}  // namespace goferctl
