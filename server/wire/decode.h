// Decode: bytes to message. Rules: gVisor pkg/lisafs/handlers.go, Nov 2023.

#ifndef GOFER_SERVER_WIRE_DECODE_H_
#define GOFER_SERVER_WIRE_DECODE_H_

#include <cerrno>
#include <cstddef>
#include <span>

#include "server/base/errno.h"
#include "server/wire/array.h"
#include "server/wire/cursor.h"
#include "server/wire/layout.h"

namespace gofer::wire {

// Reads a T from the start of `payload`. EIO when the payload is shorter than
// the message says; bytes behind the message are ignored.
//
// Strings and arrays of the result are views into `payload`, so it must outlive
// them. It must also be private: in memory that the peer can still write, the
// bytes that were checked are not the bytes that are read. Never allocates.
template <class T>
base::ErrnoOr<T> Decode(std::span<const std::byte> payload) {
  if (payload.size() < kMinSize<T>) return base::Errno(EIO);
  if constexpr (kIsStatic<T>) {
    base::ErrnoOr<T> result{T{}};
    LoadStatic(payload.data(), *result);
    return result;
  } else {
    T message{};
    Cursor cursor{payload.data(), payload.size()};
    if (!ReadValue(cursor, message, 0)) return base::Errno(EIO);
    return message;
  }
}

}  // namespace gofer::wire

#endif  // GOFER_SERVER_WIRE_DECODE_H_
