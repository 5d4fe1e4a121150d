// DebugString: a message as one line of text for logs and failed tests.
//
//   MkdirAtReq{dir_fd: 3, uid: 0, gid: 0, mode: 0755, name: "a\x00b"}
//
// Safe on hostile input: strings are escaped, and strings and arrays are cut.

#ifndef GOFER_SERVER_WIRE_DEBUG_STRING_H_
#define GOFER_SERVER_WIRE_DEBUG_STRING_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include "absl/strings/string_view.h"
#include "server/wire/array.h"
#include "server/wire/field_list.h"
#include "server/wire/layout.h"
#include "server/wire/type_name.h"

namespace gofer::wire {

// The most that is shown of a string and of an array; the rest is only counted.
inline constexpr size_t kMaxShownBytes = 64;
inline constexpr size_t kMaxShownElements = 8;

namespace internal {

void ShowUnsigned(uint64_t value, Show show, std::string& text);
void ShowSigned(int64_t value, Show show, std::string& text);
// Shows text in quotes: all but printable ASCII as \xNN, cut to kMaxShownBytes.
void ShowString(absl::string_view value, std::string& text);
void ShowCutOff(size_t left_out, absl::string_view what, std::string& text);

template <class T>
void ShowValue(const T& value, Show show, std::string& text);

// Shows the fields of `message` without braces, each preceded by `separator`,
// which is changed after the first.
template <Message T>
void ShowFields(const T& message, absl::string_view& separator,
                std::string& text) {
  ForEachField<T>([&]<class Item>() {
    if constexpr (Item::kIsPad) {
      // Not part of the message.
    } else if constexpr (Item::kName.empty()) {
      ShowFields(Item::In(message), separator, text);
    } else {
      text.append(separator.data(), separator.size());
      text.append(Item::kName.data(), Item::kName.size());
      text += ": ";
      ShowValue(Item::In(message), Item::kShow, text);
      separator = ", ";
    }
  });
}

template <class T>
void ShowElements(const T& array, Show show, std::string& text) {
  size_t shown = 0;
  for (const auto& element : array) {
    if (shown == kMaxShownElements) break;
    if (shown++ > 0) text += ", ";
    ShowValue(element, show, text);
  }
  ShowCutOff(array.size() - shown, "more", text);
}

template <class T>
void ShowValue(const T& value, Show show, std::string& text) {
  if constexpr (std::is_enum_v<T>) {
    ShowValue(static_cast<std::underlying_type_t<T>>(value), show, text);
  } else if constexpr (std::is_signed_v<T>) {
    ShowSigned(value, show, text);
  } else if constexpr (std::is_unsigned_v<T>) {
    ShowUnsigned(value, show, text);
  } else if constexpr (String<T>) {
    ShowString(value, text);
  } else if constexpr (Message<T>) {
    absl::string_view separator;
    text += '{';
    ShowFields(value, separator, text);
    text += '}';
  } else {
    text += '[';
    ShowElements(value, show, text);
    text += ']';
  }
}

}  // namespace internal

// Shows `message` with its type's name and all fields. Allocates.
template <Message T>
std::string DebugString(const T& message) {
  constexpr absl::string_view name = TypeName<T>();
  std::string text(name.data(), name.size());
  internal::ShowValue(message, Show::kDecimal, text);
  return text;
}

}  // namespace gofer::wire

#endif  // GOFER_SERVER_WIRE_DEBUG_STRING_H_
