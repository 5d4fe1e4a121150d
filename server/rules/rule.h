// Rule: a fault or a policy laid over the handlers of a server, as plain
// values. What each field means is written in
// goferd/admin/v1/handler_rule.proto.

#ifndef GOFER_SERVER_RULES_RULE_H_
#define GOFER_SERVER_RULES_RULE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace gofer::rules {

// Answers an errno, 1 to 4095.
struct AnswerError {
  int number = 0;
};
// Waits at least `fixed_ns` and up to `jitter_ns` longer.
struct Delay {
  uint64_t fixed_ns = 0;
  uint64_t jitter_ns = 0;
};
// Answers EROFS to what mutates, an OpenAt for writing included, as a read-only
// connection does.
struct Readonly {};
// PRead and PWrite move at most `max_bytes`, which is at least 1.
struct ShortIo {
  uint64_t max_bytes = 0;
};
// Ends the connection.
struct Disconnect {};
// Holds the request while the rule stands; then it is handled.
struct Hang {};
// Mount, OpenAt and OpenCreateAt answer without a host FD.
struct RefuseFdDonation {};
// Counts.
struct Observe {};

using Action = std::variant<AnswerError, Delay, Readonly, ShortIo, Disconnect,
                            Hang, RefuseFdDonation, Observe>;

// When a rule that matches fires. All conditions must hold, and are tried in
// this order; 0 is no condition.
struct Trigger {
  uint64_t skip_first = 0;
  uint64_t every_nth = 0;
  uint32_t probability_numerator = 0;
  uint32_t probability_denominator = 0;
  uint64_t max_hits = 0;
  // At least 1 with Delay and Hang; other actions ignore it.
  uint32_t max_active = 0;
  // The seed of the random numbers for probability and jitter.
  uint64_t seed = 0;
};

inline constexpr size_t kMostDaemonData = 32768;

struct Rule {
  // Unique. Not empty.
  std::string uid;
  // Becomes the end_detail of a connection that the rule ends.
  std::string rule_id;
  // Rules of higher priority come first; of two with the same priority, the
  // rule with the lower age number.
  int32_t priority = 0;
  uint64_t age_number = 0;

  // Ids of messages; an empty list means all.
  std::vector<uint32_t> mids;
  // lisafs::ConnectionOptions::name of the connection; empty means all.
  std::string connection_id;
  // Globs (server/glob/glob.h, request_subject.h); empty means all.
  std::string mount_path_glob;
  std::string path_glob;
  std::optional<uint32_t> request_uid;

  Action action = Observe{};
  Trigger trigger;
  // When the rule expires; 0 means never.
  int64_t expire_unix_ns = 0;
  // Returned as it is. At most kMostDaemonData bytes.
  std::string daemon_data;
};

// What a rule did since it was made or replaced.
struct RuleCounters {
  uint64_t matches = 0;
  uint64_t hits = 0;
  uint64_t overflow = 0;
  uint32_t active = 0;
  int64_t last_hit_unix_ns = 0;
};

// A rule that stands, and what it did.
struct RuleStatus {
  Rule rule;
  RuleCounters counters;
};

}  // namespace gofer::rules

#endif  // GOFER_SERVER_RULES_RULE_H_
