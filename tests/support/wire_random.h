// WireRandom: random messages of any type, with a liking for the extremes.

#ifndef GOFER_TESTS_SUPPORT_WIRE_RANDOM_H_
#define GOFER_TESTS_SUPPORT_WIRE_RANDOM_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include "server/wire/layout.h"
#include "tests/support/wire_arena.h"

namespace gofer::test {

// The same seed gives the same messages. What they show lives as long as this.
class WireRandom {
 public:
  explicit WireRandom(uint32_t seed) : engine_(seed) {}

  // A T that can be encoded.
  template <class T>
  T Make() {
    if constexpr (std::is_enum_v<T>) {
      return static_cast<T>(Make<std::underlying_type_t<T>>());
    } else if constexpr (wire::Scalar<T>) {
      return MakeInteger<T>();
    } else if constexpr (wire::String<T>) {
      return arena_.Keep(MakeBytes(Below(8) == 0 ? 300 : 12));
    } else if constexpr (wire::Message<T>) {
      T message;
      wire::ForEachField<T>([&]<class Item>() {
        if constexpr (!Item::kIsPad) {
          Item::In(message) = Make<typename Item::Value>();
        }
      });
      return message;
    } else {
      std::vector<typename T::value_type> values(Below(6));
      for (auto& value : values) value = Make<typename T::value_type>();
      return arena_.Keep(values);
    }
  }

  // Up to `max_size` bytes of any value.
  std::string MakeBytes(size_t max_size) {
    std::string bytes(Below(max_size + 1), '\0');
    for (char& byte : bytes) byte = static_cast<char>(Below(256));
    return bytes;
  }

  // A number below `limit`, which is not 0.
  size_t Below(size_t limit) { return engine_() % limit; }

 private:
  template <class T>
  T MakeInteger() {
    switch (Below(4)) {
      case 0:
        return std::numeric_limits<T>::min();
      case 1:
        return std::numeric_limits<T>::max();
      default:
        return static_cast<T>(engine_());
    }
  }

  std::mt19937_64 engine_;
  WireArena arena_;
};

}  // namespace gofer::test

#endif  // GOFER_TESTS_SUPPORT_WIRE_RANDOM_H_
