#include "controlplane/worker/response_parts.h"

#include "controlplane/errors/error.h"

namespace goferd::worker {
namespace {

absl::Status Refused(absl::string_view text) {
  return errors::Error(errors::Reason::GOFER_UNREACHABLE, text);
}

}  // namespace

absl::Status ResponseParts::Add(const v1::Response& part, Size size) {
  byte_count_ += size.bytes;
  space_ += size.space;
  if (byte_count_ > kMostDropped ||
      (space_ > kMaxSpace && space_ / kMostSpaceOfAByte > byte_count_)) {
    return Refused("the gofer's answer has no end");
  }
  if (byte_count_ > kMaxBytes || space_ > kMaxSpace) Refuse();
  const auto result = part.result_case();
  if (result != v1::Response::RESULT_NOT_SET) {
    // Merging a part of another kind would silently drop the parts before.
    if (result_ != v1::Response::RESULT_NOT_SET && result_ != result) {
      return Refused("the parts of the gofer's answer do not belong together");
    }
    result_ = result;
  }
  complete_ = !part.more();
  if (discard_) return absl::OkStatus();
  whole_.MergeFrom(part);
  whole_.set_more(false);
  return absl::OkStatus();
}

void ResponseParts::Refuse() {
  if (!discard_) too_long_ = true;
  Discard();
}

void ResponseParts::Discard() {
  discard_ = true;
  whole_ = v1::Response();
}

}  // namespace goferd::worker
