// Array and StringArray: the counted sequences inside messages.
//
// An Array is a view, 24 bytes, and owns nothing. It shows either values of the
// host (a message that is going to be encoded) or bytes that Decode has checked
// (a message that has arrived); what it shows must outlive it, and the bytes
// must not change. Elements are read by value, from any alignment.

#ifndef GOFER_SERVER_WIRE_ARRAY_H_
#define GOFER_SERVER_WIRE_ARRAY_H_

#include <algorithm>
#include <compare>
#include <cstddef>
#include <iterator>
#include <span>
#include <type_traits>

#include "absl/strings/string_view.h"
#include "server/wire/cursor.h"
#include "server/wire/layout.h"

namespace gofer::wire {

// T: a Scalar, absl::string_view, or a message; see StringArray below.
template <class T>
class Array {
 public:
  using value_type = T;

  // Forward only, because strings and dirents differ in size.
  class Iterator {
   public:
    using value_type = T;
    using reference = T;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    using iterator_concept = std::forward_iterator_tag;

    Iterator() = default;

    T operator*() const {
      return host_ != nullptr ? *host_ : LoadChecked<T>(encoded_).value;
    }
    Iterator& operator++() {
      if (host_ != nullptr) {
        ++host_;
      } else {
        encoded_ = LoadChecked<T>(encoded_).end;
      }
      --left_;
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    // Only for iterators of the same Array.
    friend bool operator==(const Iterator& a, const Iterator& b) {
      return a.left_ == b.left_;
    }

   private:
    friend class Array;
    Iterator(const T* host, const std::byte* encoded, size_t left)
        : host_(host), encoded_(encoded), left_(left) {}

    const T* host_ = nullptr;
    const std::byte* encoded_ = nullptr;
    size_t left_ = 0;
  };
  using const_iterator = Iterator;

  Array() = default;
  // Shows host values: a span, or whatever converts to one, such as a vector.
  template <class Range>
  requires(std::is_convertible_v<const Range&, std::span<const T>>)
      Array(const Range& values) {  // NOLINT(google-explicit-constructor)
    const std::span<const T> span(values);
    host_ = span.data();
    size_ = span.size();
  }

  // For the decoder: shows `count` elements at `encoded`, each of which it has
  // found to lie within the payload.
  static Array OfChecked(const std::byte* encoded, size_t count) {
    Array array;
    array.encoded_ = encoded;
    array.size_ = count;
    return array;
  }

  // The number of elements, not bytes.
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  Iterator begin() const { return Iterator(host_, encoded_, size_); }
  Iterator end() const { return Iterator(nullptr, nullptr, 0); }

  // The element at `index` < size(), where elements have one size.
  T operator[](size_t index) const requires kIsStatic<T> {
    if (host_ != nullptr) return host_[index];
    return LoadChecked<T>(encoded_ + index * kFixedSize<T>).value;
  }

  friend bool operator==(const Array& a, const Array& b) {
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  const T* host_ = nullptr;  // At most one of the two is set.
  const std::byte* encoded_ = nullptr;
  size_t size_ = 0;
};

using StringArray = Array<absl::string_view>;

}  // namespace gofer::wire

#endif  // GOFER_SERVER_WIRE_ARRAY_H_
