#include "controlplane/service/request_id_cache.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "controlplane/service/fingerprint.h"

namespace goferd::service {
namespace {

using errors::Reason;
using gofer::base::MutexLock;

constexpr int kInFlightRetryMs = 100;
// Of an entry, its place in the map and its request_id, which is there twice.
constexpr size_t kEntryBytes = 256;

// A caller's name is "uid=0 gid=0 pid=12" on a UNIX socket.
std::string WithoutProcess(absl::string_view caller) {
  return absl::StrJoin(absl::StrSplit(caller, ' ',
                                      [](absl::string_view word) {
                                        return !absl::StartsWith(word, "pid=");
                                      }),
                       " ");
}

}  // namespace

RequestIdCache::Key RequestIdCache::MakeKey(
    const auth::MethodPolicy& method, const CallContext& context,
    const google::protobuf::Message& request, absl::string_view request_id) {
  return {absl::AsciiStrToLower(request_id),
          Fingerprint({method.method, WithoutProcess(context.caller.name),
                       DeterministicBytes(request)})};
}

absl::Status RequestIdCache::Unreadable() {
  return errors::Error(Reason::INTERNAL_FAULT,
                       "the answer kept for this request_id cannot be read");
}

absl::StatusOr<std::optional<std::string>> RequestIdCache::Begin(
    const Key& key) {
  MutexLock lock(mu_);
  Trim();
  const auto found = by_id_.find(key.request_id);
  if (found == by_id_.end()) {
    entries_.push_back({key, clock_(), std::nullopt});
    by_id_.emplace(key.request_id, std::prev(entries_.end()));
    return std::optional<std::string>();
  }
  const Entry& entry = *found->second;
  if (entry.key.fingerprint != key.fingerprint) {
    return errors::Error(Reason::REQUEST_ID_REUSED,
                         "this request_id was used with another request: make "
                         "a new UUID for each request");
  }
  if (!entry.answer) {
    return errors::ErrorWithRetry(
        Reason::OPERATION_PENDING,
        "the first request with this request_id still runs: try again",
        kInFlightRetryMs);
  }
  return entry.answer;
}

void RequestIdCache::Keep(const Key& key, std::string answer) {
  MutexLock lock(mu_);
  Entry& entry = *by_id_.at(key.request_id);
  entry.answer = std::move(answer);
  bytes_ += BytesOf(entry);
  Trim();
}

void RequestIdCache::Forget(const Key& key) {
  MutexLock lock(mu_);
  Erase(by_id_.at(key.request_id));
}

size_t RequestIdCache::BytesOf(const Entry& entry) {
  return kEntryBytes + entry.answer->size();
}

void RequestIdCache::Erase(Entries::iterator entry) {
  if (entry->answer) bytes_ -= BytesOf(*entry);
  by_id_.erase(entry->key.request_id);
  entries_.erase(entry);
}

void RequestIdCache::Trim() {
  const absl::Time oldest = clock_() - bounds_.retention;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto here = entry++;
    if (!here->answer) continue;
    if (here->begun > oldest && entries_.size() <= bounds_.max_entries &&
        bytes_ <= bounds_.max_bytes) {
      break;
    }
    Erase(here);
  }
}

}  // namespace goferd::service
