// ResponseParts: one answer of a gofer, put together from its parts.

#ifndef GOFERD_CONTROLPLANE_WORKER_RESPONSE_PARTS_H_
#define GOFERD_CONTROLPLANE_WORKER_RESPONSE_PARTS_H_

#include <cstddef>

#include "absl/status/status.h"
#include "goferd/worker/v1/frame.pb.h"

namespace goferd::worker {

// Bounded, whatever the gofer sends. Not thread-safe.
class ResponseParts {
 public:
  // The most that all parts of an answer may have.
  static constexpr size_t kMaxBytes = size_t{16} << 20;

  // Adds a part that was `byte_count` long on the wire. Errors:
  // GOFER_UNREACHABLE when the parts are too long or do not belong together;
  // nothing more is added then.
  absl::Status Add(v1::Response part, size_t byte_count);

  // Parts from now on are counted and checked, but not kept.
  void Discard();

  // Whether the last part has come.
  bool complete() const { return complete_; }
  // All of them. Once, when complete.
  v1::Response Take() { return std::move(whole_); }

 private:
  v1::Response whole_;
  v1::Response::ResultCase result_ = v1::Response::RESULT_NOT_SET;
  size_t byte_count_ = 0;
  bool complete_ = false;
  bool discard_ = false;
};

}  // namespace goferd::worker

#endif  // GOFERD_CONTROLPLANE_WORKER_RESPONSE_PARTS_H_
