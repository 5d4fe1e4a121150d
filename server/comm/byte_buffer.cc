#include "server/comm/byte_buffer.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

namespace gofer::comm {
namespace {

constexpr size_t kSmallestBytes = 4096;

}  // namespace

base::ErrnoOr<void> ByteBuffer::Reserve(size_t size, size_t keep) {
  if (size <= capacity_) return {};
  const size_t capacity = std::max(size, kSmallestBytes);
  std::unique_ptr<std::byte[]> bytes(new (std::nothrow) std::byte[capacity]);
  if (bytes == nullptr) return base::Errno(ENOMEM);
  if (keep > 0) std::memcpy(bytes.get(), bytes_.get(), keep);
  bytes_ = std::move(bytes);
  capacity_ = capacity;
  return {};
}

}  // namespace gofer::comm
