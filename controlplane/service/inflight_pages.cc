#include "controlplane/service/inflight_pages.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace goferd::service {
namespace {

using gofer::base::MutexLock;
using supervisor::InflightList;

constexpr size_t kMostLists = 16;
constexpr size_t kMostRpcs = 65536;

}  // namespace

InflightPages::Place InflightPages::Begin(supervisor::InflightList list) {
  if (list.rpcs.size() > kMostRpcs) list.rpcs.resize(kMostRpcs);
  auto shared =
      std::make_shared<const supervisor::InflightList>(std::move(list));
  MutexLock lock(mu_);
  return {std::move(shared), next_id_++, 0};
}

void InflightPages::Keep(const Place& place) {
  MutexLock lock(mu_);
  entries_.push_back({place.id, place.list});
  if (entries_.size() > kMostLists) entries_.pop_front();
}

std::optional<InflightPages::Place> InflightPages::Find(
    absl::string_view position) const {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(position, absl::MaxSplits('/', 1));
  Place place;
  if (!absl::SimpleAtoi(parts.first, &place.id) ||
      !absl::SimpleAtoi(parts.second, &place.offset)) {
    return std::nullopt;
  }
  MutexLock lock(mu_);
  for (const Entry& entry : entries_) {
    if (entry.id != place.id) continue;
    place.list = entry.list;
    return place;
  }
  return std::nullopt;
}

std::string InflightPages::Format(uint64_t id, size_t offset) {
  return absl::StrCat(id, "/", offset);
}

}  // namespace goferd::service
