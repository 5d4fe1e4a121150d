// The sizes of encoded values, known to the compiler.

#ifndef GOFER_SERVER_WIRE_LAYOUT_H_
#define GOFER_SERVER_WIRE_LAYOUT_H_

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "absl/strings/string_view.h"
#include "server/wire/field_list.h"

namespace gofer::wire {

template <class T>
class Array;

// Integers and enums, which are encoded as their little-endian bytes. bool is
// excluded, because not every byte is a bool.
template <class T>
concept Scalar =
    (std::is_integral_v<T> && !std::is_same_v<T, bool>) || std::is_enum_v<T>;

template <class T>
concept String = std::is_same_v<T, absl::string_view>;

template <class T>
inline constexpr bool kIsArray = false;
template <class T>
inline constexpr bool kIsArray<Array<T>> = true;

// The longest string and the most elements that a u16 can announce.
inline constexpr size_t kMaxLength = 0xFFFF;

namespace internal {

template <class T>
constexpr size_t MinSizeOf();

template <class Item>
constexpr size_t ItemMinSize() {
  if constexpr (Item::kIsPad) {
    return Item::kBytes;
  } else {
    return MinSizeOf<typename Item::Value>();
  }
}

template <class T>
constexpr size_t MinSizeOf() {
  if constexpr (Scalar<T>) {
    return sizeof(T);
  } else if constexpr (Message<T>) {
    size_t size = 0;
    ForEachField<T>([&size]<class Item>() { size += ItemMinSize<Item>(); });
    return size;
  } else {
    static_assert(String<T> || kIsArray<T>, "not a type of the wire");
    return sizeof(uint16_t);
  }
}

template <class T>
constexpr bool IsStaticType() {
  if constexpr (Message<T>) {
    bool is_static = true;
    ForEachField<T>([&is_static]<class Item>() {
      if constexpr (!Item::kIsPad) {
        is_static = is_static && IsStaticType<typename Item::Value>();
      }
    });
    return is_static;
  } else {
    return Scalar<T>;
  }
}

// The layout of the struct T when its members are exactly the listed ones,
// declared in the listed order, beside the layout of its encoding.
struct StructLayout {
  size_t size = 0;  // Where the members end; sizeof(T) once Finish is done.
  size_t alignment = 1;  // The strictest member's.
  size_t encoded = 0;    // Where the encoded fields end.
  bool same = true;      // Whether all members sit at their encoded offsets.

  constexpr void AlignTo(size_t bytes) {
    size = (size + bytes - 1) / bytes * bytes;
  }
  constexpr void Add(size_t value_size, size_t align, size_t encoded_size) {
    AlignTo(align);
    alignment = align > alignment ? align : alignment;
    same = same && size == encoded && value_size == encoded_size;
    size += value_size;
    encoded += encoded_size;
  }
  constexpr void Finish() {
    AlignTo(alignment);
    if (size == 0) size = 1;  // An empty struct.
  }
};

template <Message T>
constexpr StructLayout LayoutOf() {
  StructLayout layout;
  ForEachField<T>([&layout]<class Item>() {
    if constexpr (Item::kIsPad) {
      layout.encoded += Item::kBytes;
    } else {
      using Value = typename Item::Value;
      layout.Add(sizeof(Value), alignof(Value), MinSizeOf<Value>());
      if constexpr (Message<Value>) {
        layout.same = layout.same && LayoutOf<Value>().same;
      }
    }
  });
  layout.Finish();
  return layout;
}

}  // namespace internal

// The bytes of the shortest encoding of T: every string and array empty.
template <class T>
inline constexpr size_t kMinSize = internal::MinSizeOf<T>();

// True when all encodings of T have the same size.
template <class T>
inline constexpr bool kIsStatic = internal::IsStaticType<T>();

// The bytes of the encoding of T, which has neither strings nor arrays.
template <class T>
requires kIsStatic<T>
inline constexpr size_t kFixedSize = internal::MinSizeOf<T>();

// False when a member of T was forgotten in its list, unless the member hides
// in an alignment hole; the golden bytes find those.
template <Message T>
inline constexpr bool kListsAllMembers =
    sizeof(T) == internal::LayoutOf<T>().size;

// True when the encoding of T, padding included, is what its struct looks like
// in memory, so that decoding is one copy.
template <class T>
inline constexpr bool kIsMemoryImage = false;
template <Message T>
requires kIsStatic<T>
inline constexpr bool kIsMemoryImage<T> =
    std::is_trivially_copyable_v<T> && sizeof(T) == kFixedSize<T> &&
    kListsAllMembers<T> && internal::LayoutOf<T>().same;

}  // namespace gofer::wire

#endif  // GOFER_SERVER_WIRE_LAYOUT_H_
