// Flags of a HandlerRule.

#ifndef GOFERD_CLIENTS_GOFERCTL_RULE_FLAGS_H_
#define GOFERD_CLIENTS_GOFERCTL_RULE_FLAGS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "goferd/admin/v1/handler_rule.pb.h"

namespace CLI {
class App;
}  // namespace CLI

namespace goferctl {

// What was said about a rule.
struct RuleFlags {
  // Which requests.
  std::vector<std::string> mids;
  goferd::admin::v1::OpClass op_class = goferd::admin::v1::OP_CLASS_UNSPECIFIED;
  std::string connection;
  std::string mount_glob;
  std::string path_glob;
  std::optional<uint32_t> uid;
  // What happens: exactly one of them.
  std::string error;
  std::string delay;
  std::string jitter;  // Goes with delay.
  std::optional<int64_t> short_io;
  bool deny = false;
  bool readonly = false;
  bool disconnect = false;
  bool hang = false;
  bool refuse_fd_donation = false;
  bool observe = false;
  // When.
  std::string probability;
  int64_t every = 0;
  int64_t skip = 0;
  int64_t max_hits = 0;
  int32_t max_active = 0;
  std::optional<uint64_t> seed;
  int32_t priority = 0;
  std::string ttl;
  bool permanent = false;
  bool persistent = false;
  std::vector<std::string> labels;
};

void DeclareRuleFlags(CLI::App& app, RuleFlags& flags);

// `server`: the resource name of the rule's server. Usage error for words that
// make no sense, and unless there is one action and one expiration.
absl::Status SetRule(const RuleFlags& flags, const std::string& server,
                     goferd::admin::v1::HandlerRule* rule);

// "1/100", "1%" or "0.01". Usage error for others.
absl::Status SetProbability(const std::string& text,
                            goferd::admin::v1::HandlerRule::Probability* into);

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_RULE_FLAGS_H_
