// ArrayWriter: writes an array into a response while its elements are found,
// for results whose number is not known in advance (Walk, Getdents64, ...).
//
// Borrows the memory, which may be shared with the peer: it is only written,
// never read back. Not thread safe; lives as long as one response.

#ifndef GOFER_SERVER_WIRE_ARRAY_WRITER_H_
#define GOFER_SERVER_WIRE_ARRAY_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/strings/string_view.h"
#include "server/base/check.h"
#include "server/wire/encode.h"
#include "server/wire/layout.h"

namespace gofer::wire {

// T: any type that Array<T> may hold. StringArrayWriter writes strings.
template <class T>
class ArrayWriter {
 public:
  // The u16 count sits at `count_offset` of `out`, and the elements follow it.
  // An `out` without room for the count breaks an invariant of the caller.
  ArrayWriter(std::span<std::byte> out, size_t count_offset)
      : out_(out), count_offset_(count_offset) {
    GOFER_CHECK(count_offset <= out.size() &&
                out.size() - count_offset >= sizeof(uint16_t));
    end_ = count_offset + sizeof(uint16_t);
  }

  // Writes one more element. Returns false, with nothing written, when it does
  // not fit, when there are 65535 already, or when a string in it is longer
  // than that; a later, smaller element may still be appended.
  [[nodiscard]] bool Append(const T& element) {
    if (count_ == kMaxLength || !internal::LengthsFit(element)) return false;
    const size_t size = EncodedSize(element);
    if (size > out_.size() - end_) return false;
    internal::Store(element, out_.data() + end_);
    end_ += size;
    ++count_;
    return true;
  }

  // The elements so far, and the offset behind the last of them.
  size_t count() const { return count_; }
  size_t end() const { return end_; }

  // Writes the count. Returns the offset behind the last element.
  size_t Finish() {
    internal::StoreScalar(static_cast<uint16_t>(count_),
                          out_.data() + count_offset_);
    return end_;
  }

 private:
  const std::span<std::byte> out_;
  const size_t count_offset_;
  size_t end_;
  size_t count_ = 0;
};

using StringArrayWriter = ArrayWriter<absl::string_view>;

}  // namespace gofer::wire

#endif  // GOFER_SERVER_WIRE_ARRAY_WRITER_H_
