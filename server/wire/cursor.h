// Cursor: the checked walk over a payload that Decode and Array share.
//
// The invariant that makes the checks cheap: before a value is read, the bytes
// left suffice for the shortest encoding of it AND of all that follow it (its
// `tail`). So a message is checked once at its start, and again only where a
// length or a count was read.

#ifndef GOFER_SERVER_WIRE_CURSOR_H_
#define GOFER_SERVER_WIRE_CURSOR_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "absl/strings/string_view.h"
#include "server/wire/field_list.h"
#include "server/wire/layout.h"

namespace gofer::wire {

struct Cursor {
  const std::byte* pos;
  size_t left;

  void Skip(size_t bytes) {
    pos += bytes;
    left -= bytes;
  }
};

// Reads a T of fixed size at `pos`, where all its bytes are.
template <class T>
requires kIsStatic<T>
inline void LoadStatic(const std::byte* pos, T& out) {
  if constexpr (Scalar<T> || kIsMemoryImage<T>) {
    std::memcpy(&out, pos, sizeof(T));
  } else {
    ForEachField<T>([&]<class Item>() {
      if constexpr (!Item::kIsPad) LoadStatic(pos, Item::In(out));
      pos += internal::ItemMinSize<Item>();
    });
  }
}

// Reads one T, whose minimum and `tail` bytes are known to be left. Returns
// false when a length in it leaves less than `tail` bytes; the cursor is then
// useless. Strings and arrays in `out` point into the payload.
template <class T>
[[nodiscard]] bool ReadValue(Cursor& cursor, T& out, size_t tail);

namespace internal {

inline size_t ReadLength(Cursor& cursor) {
  uint16_t length;
  std::memcpy(&length, cursor.pos, sizeof(length));
  cursor.Skip(sizeof(length));
  return length;
}

inline bool ReadString(Cursor& cursor, absl::string_view& out, size_t tail) {
  const size_t length = ReadLength(cursor);
  if (cursor.left - tail < length) return false;
  out = {reinterpret_cast<const char*>(cursor.pos), length};
  cursor.Skip(length);
  return true;
}

template <class T>
bool SkipElements(Cursor& cursor, size_t count, size_t tail) {
  if constexpr (kIsStatic<T>) {
    const size_t bytes = count * kFixedSize<T>;
    if (cursor.left - tail < bytes) return false;
    cursor.Skip(bytes);
  } else {
    for (size_t i = 0; i < count; ++i) {
      T element;
      if (cursor.left - tail < kMinSize<T>) return false;
      if (!ReadValue(cursor, element, tail)) return false;
    }
  }
  return true;
}

template <class T>
bool ReadArray(Cursor& cursor, Array<T>& out, size_t tail) {
  const size_t count = ReadLength(cursor);
  const std::byte* first = cursor.pos;
  if (!SkipElements<T>(cursor, count, tail)) return false;
  out = Array<T>::OfChecked(first, count);
  return true;
}

template <class T>
bool ReadFields(Cursor& cursor, T& out, size_t tail) {
  bool ok = true;
  tail += kMinSize<T>;
  ForEachField<T>([&]<class Item>() {
    tail -= ItemMinSize<Item>();
    if constexpr (Item::kIsPad) {
      if (ok) cursor.Skip(Item::kBytes);
    } else {
      ok = ok && ReadValue(cursor, Item::In(out), tail);
    }
  });
  return ok;
}

}  // namespace internal

template <class T>
bool ReadValue(Cursor& cursor, T& out, size_t tail) {
  if constexpr (kIsStatic<T>) {
    LoadStatic(cursor.pos, out);
    cursor.Skip(kFixedSize<T>);
    return true;
  } else if constexpr (Message<T>) {
    return internal::ReadFields(cursor, out, tail);
  } else if constexpr (String<T>) {
    return internal::ReadString(cursor, out, tail);
  } else {
    return internal::ReadArray(cursor, out, tail);
  }
}

template <class T>
struct Loaded {
  T value;
  const std::byte* end;  // Where the next value starts.
};

// Reads a T at `pos` again that was checked when its array was decoded.
template <class T>
Loaded<T> LoadChecked(const std::byte* pos) {
  Cursor cursor{pos, std::numeric_limits<size_t>::max()};
  Loaded<T> loaded{};
  static_cast<void>(ReadValue(cursor, loaded.value, 0));
  loaded.end = cursor.pos;
  return loaded;
}

}  // namespace gofer::wire

#endif  // GOFER_SERVER_WIRE_CURSOR_H_
