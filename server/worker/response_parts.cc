#include "server/worker/response_parts.h"

#include <utility>

namespace gofer::worker {
namespace {

namespace v1 = ::goferd::worker::v1;

class Splitter {
 public:
  Splitter(v1::Response& whole, size_t part_bytes)
      : request_id_(whole.request_id()), part_bytes_(part_bytes) {}

  // `list_of` finds the list in a response and makes it where it is not.
  template <typename ListOf>
  void Take(v1::Response& whole, ListOf list_of) {
    auto elements = std::move(*list_of(whole));
    list_of(whole)->Clear();
    if (parts_.empty()) Begin(std::move(whole));
    for (auto& element : elements) {
      const size_t bytes = element.ByteSizeLong();
      if (used_ + bytes > part_bytes_ && has_elements_) {
        parts_.back().set_more(true);
        Begin(v1::Response());
      }
      *list_of(parts_.back())->Add() = std::move(element);
      used_ += bytes;
      has_elements_ = true;
    }
  }

  std::vector<v1::Response> Parts() && { return std::move(parts_); }

 private:
  void Begin(v1::Response part) {
    used_ = part.ByteSizeLong();
    has_elements_ = false;
    parts_.push_back(std::move(part));
    parts_.back().set_request_id(request_id_);
  }

  const uint64_t request_id_;
  const size_t part_bytes_;
  std::vector<v1::Response> parts_;
  size_t used_ = 0;
  bool has_elements_ = false;
};

}  // namespace

std::vector<v1::Response> SplitResponse(v1::Response whole, size_t part_bytes) {
  Splitter splitter(whole, part_bytes);
  switch (whole.result_case()) {
    case v1::Response::kAdopt: {
      v1::Response rules;
      rules.mutable_adopt()->mutable_rules()->Swap(
          whole.mutable_adopt()->mutable_rules());
      splitter.Take(whole, [](v1::Response& part) {
        return part.mutable_adopt()->mutable_connections();
      });
      splitter.Take(rules, [](v1::Response& part) {
        return part.mutable_adopt()->mutable_rules();
      });
      break;
    }
    case v1::Response::kConnections:
      splitter.Take(whole, [](v1::Response& part) {
        return part.mutable_connections()->mutable_connections();
      });
      break;
    case v1::Response::kStats:
      splitter.Take(whole, [](v1::Response& part) {
        return part.mutable_stats()->mutable_stats();
      });
      break;
    case v1::Response::kInflight:
      splitter.Take(whole, [](v1::Response& part) {
        return part.mutable_inflight()->mutable_requests();
      });
      break;
    case v1::Response::kRules:
      splitter.Take(whole, [](v1::Response& part) {
        return part.mutable_rules()->mutable_rules();
      });
      break;
    default:
      return {std::move(whole)};
  }
  return std::move(splitter).Parts();
}

}  // namespace gofer::worker
