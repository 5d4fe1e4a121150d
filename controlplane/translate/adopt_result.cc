#include "controlplane/translate/adopt_result.h"

#include <google/protobuf/repeated_field.h>
#include <google/protobuf/repeated_ptr_field.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "server/base/text.h"
#include "server/control/bounds.h"

namespace goferd::translate {
namespace {

using gofer::base::PlainText;
using google::protobuf::RepeatedField;
using google::protobuf::RepeatedPtrField;
using worker::v1::Connection;
using worker::v1::Rule;

constexpr size_t kMostEnded = 10'000;
constexpr int kMostSteps = 64;
constexpr int kMostCapabilities = 64;
constexpr size_t kMostWord = 64;
constexpr size_t kMostId = 63;
constexpr size_t kMostPath = 4095;
constexpr size_t kMostMids = 256;
// The highest age that a gofer may report: later rules still count on from it.
constexpr uint64_t kHighestAge = uint64_t{1} << 62;

// A gofer that somebody else started may give its connections any ids.
bool IsPlainId(absl::string_view id) {
  return !id.empty() && id.size() <= kMostId &&
         std::all_of(id.begin(), id.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

// A uid is a UUID of ours, or the gofer's own choice, such as "io-0".
bool IsUid(absl::string_view uid) { return IsPlainId(uid); }

bool IsPath(absl::string_view path) {
  return !path.empty() && path.size() <= kMostPath && path.front() == '/' &&
         path == absl::string_view(PlainText(path, kMostPath));
}

void CleanWords(RepeatedPtrField<std::string>& words) {
  if (words.size() > kMostSteps) {
    words.DeleteSubrange(kMostSteps, words.size() - kMostSteps);
  }
  for (std::string& word : words) word = PlainText(word, kMostWord);
}

template <class T, class Keep>
void KeepIf(RepeatedPtrField<T>& list, Keep keep) {
  int kept = 0;
  for (int i = 0; i < list.size(); ++i) {
    if (!keep(list[i])) continue;
    list.SwapElements(kept++, i);
  }
  list.DeleteSubrange(kept, list.size() - kept);
}

absl::Status TooMany(size_t count, absl::string_view what, size_t most) {
  return errors::Error(
      errors::Reason::GOFER_UNREACHABLE,
      absl::StrCat("the gofer says that it has ", count, " ", what,
                   ", but at most ", most, " are allowed"));
}

absl::Status CheckConnections(size_t max_live,
                              RepeatedPtrField<Connection>& connections) {
  std::set<std::string> ids;
  std::set<std::string> uids;
  size_t live = 0;
  size_t ended = 0;
  KeepIf(connections, [&](Connection& connection) {
    const bool over = connection.state() == worker::v1::CONNECTION_STATE_ENDED;
    if (!IsPlainId(connection.connection_id()) || !IsUid(connection.uid()) ||
        !IsPath(connection.mount_path()) ||
        !uids.insert(connection.uid()).second) {
      return false;
    }
    // An id may be used again after its end.
    if (!over && !ids.insert(connection.connection_id()).second) return false;
    if (over && ++ended > kMostEnded) return false;
    if (!over) ++live;
    connection.set_end_detail(PlainText(connection.end_detail(), 1024));
    if (connection.daemon_data().size() > gofer::control::kMostConnectionData) {
      connection.clear_daemon_data();
    }
    return true;
  });
  if (live > max_live) return TooMany(live, "connections", max_live);
  return absl::OkStatus();
}

absl::Status CheckRules(size_t max_rules, RepeatedPtrField<Rule>& rules) {
  const auto count = static_cast<size_t>(rules.size());
  if (count > max_rules) return TooMany(count, "rules", max_rules);
  std::set<std::string> uids;
  KeepIf(rules, [&](const Rule& rule) {
    return IsPlainId(rule.rule_id()) && IsUid(rule.uid()) &&
           rule.daemon_data().size() <= gofer::control::kMostRuleData &&
           rule.age_number() <= kHighestAge && uids.insert(rule.uid()).second;
  });
  return absl::OkStatus();
}

}  // namespace

void CleanBootstrapResult(worker::v1::BootstrapResult& result) {
  result.mutable_party()->set_release(
      PlainText(result.party().release(), kMostWord));
  auto& capabilities = *result.mutable_party()->mutable_capabilities();
  if (capabilities.size() > kMostCapabilities) {
    capabilities.Truncate(kMostCapabilities);
  }
  CleanWords(*result.mutable_sandbox_steps());
  CleanWords(*result.mutable_missing_sandbox_steps());
  std::set<uint32_t> mids;
  for (const uint32_t mid : result.supported_mids()) {
    // Ids that are unknown here are kept: the gofer may be newer.
    if (mid < kMostMids) mids.insert(mid);
  }
  result.mutable_supported_mids()->Assign(mids.begin(), mids.end());
}

void KeepEnded(RepeatedPtrField<Connection>& connections) {
  KeepIf(connections, [](const Connection& connection) {
    return connection.state() == worker::v1::CONNECTION_STATE_ENDED;
  });
  // No live one is left that could be too many.
  (void)CheckConnections(0, connections);
}

AdoptBounds AdoptBoundsFor(int32_t max_connections) {
  return {.max_live_connections =
              std::max(kMostLiveConnections,
                       static_cast<size_t>(std::max(max_connections, 0))),
          .max_rules = gofer::control::kMostRules};
}

absl::Status CheckAdoptResult(const AdoptBounds& bounds,
                              worker::v1::AdoptResult& result) {
  CleanBootstrapResult(*result.mutable_bootstrap());
  if (!IsPath(result.root())) result.clear_root();
  if (result.daemon_data().size() > gofer::control::kMostServerData) {
    result.clear_daemon_data();
  }
  absl::Status status = CheckConnections(bounds.max_live_connections,
                                         *result.mutable_connections());
  if (!status.ok()) return status;
  return CheckRules(bounds.max_rules, *result.mutable_rules());
}

}  // namespace goferd::translate
