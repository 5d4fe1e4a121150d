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

// The rule that the command line describes.
struct RuleFlags {
  // The requests that it matches.
  std::vector<std::string> mids;
  goferd::admin::v1::OpClass op_class = goferd::admin::v1::OP_CLASS_UNSPECIFIED;
  std::string connection;
  std::string mount_glob;
  std::string path_glob;
  std::optional<uint32_t> uid;
  // The action: exactly one of these is given.
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
  // How often it acts, and for how long.
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

// `server`: the resource name of the rule's server. Usage error for malformed
// words, and unless there is exactly one action and one expiration.
absl::Status SetRule(const RuleFlags& flags, const std::string& server,
                     goferd::admin::v1::HandlerRule* rule);

// Reads "1/100", "1%" or "0.01". Usage error for other words.
absl::Status SetProbability(const std::string& text,
                            goferd::admin::v1::HandlerRule::Probability* into);

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_RULE_FLAGS_H_
