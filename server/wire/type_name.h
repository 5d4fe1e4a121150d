// TypeName: the name of a message type, so that it is not written twice.

#ifndef GOFER_SERVER_WIRE_TYPE_NAME_H_
#define GOFER_SERVER_WIRE_TYPE_NAME_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace gofer::wire {

// The name of T without namespaces; T is no template.
template <class T>
constexpr absl::string_view TypeName() {
  // "... [with T = gofer::wire::Statx; ...]" in GCC, "... [T = ...]" in clang.
  constexpr absl::string_view text = __PRETTY_FUNCTION__;
  size_t begin = 0;
  while (text[begin] != '=') ++begin;
  size_t end = begin += 2;
  while (text[end] != ';' && text[end] != ']') {
    if (text[end++] == ':') begin = end;
  }
  return absl::string_view(text.data() + begin, end - begin);
}

}  // namespace gofer::wire

#endif  // GOFER_SERVER_WIRE_TYPE_NAME_H_
