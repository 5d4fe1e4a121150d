// ByteBuffer: private memory that grows on demand and reports failure.

#ifndef GOFER_SERVER_COMM_BYTE_BUFFER_H_
#define GOFER_SERVER_COMM_BYTE_BUFFER_H_

#include <cstddef>
#include <memory>
#include <span>

#include "server/base/errno.h"

namespace gofer::comm {

// Not thread-safe. Fresh memory is not initialised, and so costs nothing until
// it is written.
class ByteBuffer {
 public:
  // Makes room for `size` bytes and keeps the first `keep` of them (at most
  // min(size, capacity())). Never shrinks. Errors: ENOMEM; nothing changed
  // then.
  base::ErrnoOr<void> Reserve(size_t size, size_t keep);

  void Release() {
    bytes_.reset();
    capacity_ = 0;
  }

  std::byte* data() const { return bytes_.get(); }
  size_t capacity() const { return capacity_; }
  std::span<std::byte> span(size_t offset, size_t length) const {
    return {bytes_.get() + offset, length};
  }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  size_t capacity_ = 0;
};

}  // namespace gofer::comm

#endif  // GOFER_SERVER_COMM_BYTE_BUFFER_H_
