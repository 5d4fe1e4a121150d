// WireArena: keeps alive what the messages of a test only show.

#ifndef GOFER_TESTS_SUPPORT_WIRE_ARENA_H_
#define GOFER_TESTS_SUPPORT_WIRE_ARENA_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/wire/array.h"

namespace gofer::test {

// Owns strings and element lists until it is destroyed. One thread.
class WireArena {
 public:
  absl::string_view Keep(std::string text) {
    return *Own(std::make_shared<const std::string>(std::move(text)));
  }
  template <class T>
  wire::Array<T> Keep(std::vector<T> values) {
    return *Own(std::make_shared<const std::vector<T>>(std::move(values)));
  }

 private:
  template <class T>
  const T* Own(std::shared_ptr<const T> thing) {
    owned_.push_back(thing);
    return thing.get();
  }

  std::vector<std::shared_ptr<const void>> owned_;
};

}  // namespace gofer::test

#endif  // GOFER_TESTS_SUPPORT_WIRE_ARENA_H_
