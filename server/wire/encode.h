// EncodedSize and Encode: message to bytes.

#ifndef GOFER_SERVER_WIRE_ENCODE_H_
#define GOFER_SERVER_WIRE_ENCODE_H_

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "absl/strings/string_view.h"
#include "server/base/errno.h"
#include "server/wire/array.h"
#include "server/wire/field_list.h"
#include "server/wire/layout.h"

namespace gofer::wire {

// The bytes that Encode writes for `value`, a message or any type that can be a
// field of one.
template <class T>
size_t EncodedSize(const T& value) {
  if constexpr (kIsStatic<T>) {
    return kFixedSize<T>;
  } else if constexpr (String<T>) {
    return sizeof(uint16_t) + value.size();
  } else if constexpr (Message<T>) {
    size_t size = 0;
    ForEachField<T>([&]<class Item>() {
      if constexpr (Item::kIsPad) {
        size += Item::kBytes;
      } else {
        size += EncodedSize(Item::In(value));
      }
    });
    return size;
  } else if constexpr (kIsStatic<typename T::value_type>) {
    return sizeof(uint16_t) + value.size() * kFixedSize<typename T::value_type>;
  } else {
    size_t size = sizeof(uint16_t);
    for (const auto& element : value) size += EncodedSize(element);
    return size;
  }
}

namespace internal {

// Whether every length and count in `value` can be announced in a u16.
template <class T>
bool LengthsFit(const T& value) {
  if constexpr (kIsStatic<T>) {
    return true;
  } else if constexpr (Message<T>) {
    bool fit = true;
    ForEachField<T>([&]<class Item>() {
      if constexpr (!Item::kIsPad) fit = fit && LengthsFit(Item::In(value));
    });
    return fit;
  } else if constexpr (String<T>) {
    return value.size() <= kMaxLength;
  } else {
    if (value.size() > kMaxLength) return false;
    if constexpr (!kIsStatic<typename T::value_type>) {
      for (const auto& element : value) {
        if (!LengthsFit(element)) return false;
      }
    }
    return true;
  }
}

template <Scalar T>
std::byte* StoreScalar(T value, std::byte* pos) {
  std::memcpy(pos, &value, sizeof(value));
  return pos + sizeof(value);
}

// Writes `value` at `pos`, where it is known to fit; returns its end. Never
// reads what it wrote: the memory may be shared with the peer.
template <class T>
std::byte* Store(const T& value, std::byte* pos) {
  if constexpr (Scalar<T>) {
    return StoreScalar(value, pos);
  } else if constexpr (Message<T>) {
    ForEachField<T>([&]<class Item>() {
      if constexpr (Item::kIsPad) {
        std::memset(pos, 0, Item::kBytes);
        pos += Item::kBytes;
      } else {
        pos = Store(Item::In(value), pos);
      }
    });
    return pos;
  } else {
    pos = StoreScalar(static_cast<uint16_t>(value.size()), pos);
    if constexpr (String<T>) {
      if (!value.empty()) std::memcpy(pos, value.data(), value.size());
      pos += value.size();
    } else {
      for (const auto& element : value) pos = Store(element, pos);
    }
    return pos;
  }
}

}  // namespace internal

// Writes `value` to the start of `out` and returns the bytes written. EIO, with
// nothing written, when it does not fit or when a string or an array in it is
// longer than 65535: a length is never truncated. `out` must not overlap what
// the message shows. Never allocates.
template <class T>
base::ErrnoOr<size_t> Encode(const T& value, std::span<std::byte> out) {
  if (!internal::LengthsFit(value)) return base::Errno(EIO);
  const size_t size = EncodedSize(value);
  if (size > out.size()) return base::Errno(EIO);
  internal::Store(value, out.data());
  return size;
}

}  // namespace gofer::wire

#endif  // GOFER_SERVER_WIRE_ENCODE_H_
