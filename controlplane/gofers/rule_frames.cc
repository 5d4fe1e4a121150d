#include "controlplane/gofers/rule_frames.h"

#include <string>
#include <utility>

namespace goferd::gofers {

using worker::v1::ChangeRules;
using worker::v1::ToGofer;

std::vector<ToGofer> ToFrames(ChangeRules change, size_t most_bytes) {
  std::vector<ToGofer> frames;
  size_t used = 0;
  // The request that has room for so many bytes more.
  const auto place_for = [&](size_t bytes) -> ChangeRules& {
    if (frames.empty() || (used > 0 && bytes > most_bytes - used)) {
      frames.emplace_back();
      used = 0;
    }
    used += bytes > most_bytes - used ? most_bytes - used : bytes;
    return *frames.back().mutable_change_rules();
  };
  for (std::string& uid : *change.mutable_remove_uids()) {
    place_for(uid.size()).add_remove_uids(std::move(uid));
  }
  for (worker::v1::Rule& rule : *change.mutable_upsert()) {
    *place_for(rule.ByteSizeLong()).add_upsert() = std::move(rule);
  }
  return frames;
}

absl::Status AskToChange(link::GoferLink& link, ChangeRules change) {
  for (ToGofer& frame : ToFrames(std::move(change))) {
    const auto answer = link.Ask(std::move(frame));
    if (!answer.ok()) return answer.status();
  }
  return absl::OkStatus();
}

}  // namespace goferd::gofers
