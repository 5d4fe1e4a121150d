// ResponseParts: puts one answer of a gofer together from its parts.

#ifndef GOFERD_CONTROLPLANE_WORKER_RESPONSE_PARTS_H_
#define GOFERD_CONTROLPLANE_WORKER_RESPONSE_PARTS_H_

#include <cstddef>

#include "absl/status/status.h"
#include "goferd/worker/v1/frame.pb.h"

namespace goferd::worker {

// Its size is bounded, whatever the gofer sends. Not thread-safe.
class ResponseParts {
 public:
  // The most bytes that all parts of an answer may have together. What is
  // longer is counted and dropped: its caller gets an error.
  static constexpr size_t kMaxBytes = size_t{16} << 20;
  // The most memory that the parts may take. Two bytes on the wire may become
  // an empty message of a hundred bytes in memory; an honest answer, the
  // statistics of 4096 connections, takes four times its length.
  static constexpr size_t kMaxSpace = size_t{64} << 20;
  // An answer that is longer than this, or takes so much more memory than its
  // length, is no answer but an attack.
  static constexpr size_t kMostDropped = size_t{256} << 20;
  static constexpr size_t kMostSpaceOfAByte = 16;

  // The cost of a part.
  struct Size {
    // Its length on the wire.
    size_t bytes = 0;
    // Its objects in memory.
    size_t space = 0;
  };

  // Adds a part, or drops all when they are too long: see too_long. Errors:
  // GOFER_UNREACHABLE when the parts do not belong together or are an attack;
  // no further part is added then.
  absl::Status Add(const v1::Response& part, Size size);

  // From now on parts are counted and checked, but not kept.
  void Discard();
  // Does the same; the answer is too long.
  void Refuse();
  // Whether the answer was longer than what is kept.
  bool too_long() const { return too_long_; }
  // The memory that the kept parts take.
  size_t space() const { return discard_ ? 0 : space_; }

  // Whether the last part has come.
  bool complete() const { return complete_; }
  // Returns the joined parts. May be called once, when complete() is true.
  v1::Response Take() { return std::move(whole_); }

 private:
  v1::Response whole_;
  v1::Response::ResultCase result_ = v1::Response::RESULT_NOT_SET;
  size_t byte_count_ = 0;
  size_t space_ = 0;
  bool complete_ = false;
  bool discard_ = false;
  bool too_long_ = false;
};

}  // namespace goferd::worker

#endif  // GOFERD_CONTROLPLANE_WORKER_RESPONSE_PARTS_H_
