// FieldList: the one description of a message, from which size, encoding,
// checked decoding, comparison and debug text are derived. A message is a plain
// struct with default member initialisers and one alias:
//
//   struct LinkAtReq {
//     FdId dir_fd{};
//     absl::string_view name{};
//     using Fields = FieldList<Field<"dir_fd", &LinkAtReq::dir_fd>, Pad<4>,
//                              Field<"name", &LinkAtReq::name>>;
//   };
//
// The order of the list is the order of the bytes. Values may be integers and
// enums of every width, absl::string_view (u16 length, then bytes), Array and
// StringArray (u16 count, then elements), and structs with Fields of their own.

#ifndef GOFER_SERVER_WIRE_FIELD_LIST_H_
#define GOFER_SERVER_WIRE_FIELD_LIST_H_

#include <cstddef>
#include <type_traits>

#include "absl/strings/string_view.h"

namespace gofer::wire {

// A string literal as a template argument.
template <size_t kSize>
struct FieldName {
  // NOLINTNEXTLINE(google-explicit-constructor): literals are written bare.
  constexpr FieldName(const char (&literal)[kSize]) {
    for (size_t i = 0; i < kSize; ++i) text[i] = literal[i];
  }
  constexpr absl::string_view view() const { return {text, kSize - 1}; }

  char text[kSize];
};

// How an integer looks in debug text.
enum class Show { kDecimal, kOctal, kHex };

namespace internal {
template <class Member>
struct MemberTraits;
template <class Owner, class Value>
struct MemberTraits<Value Owner::*> {
  using ValueType = Value;
};
}  // namespace internal

// One member of a message at its place in the byte order. Debug text uses the
// name; a nested struct without a name is shown as if its fields were the
// message's own.
template <FieldName kFieldName, auto kMember, Show kFieldShow = Show::kDecimal>
struct Field {
  using Value = typename internal::MemberTraits<
      std::remove_cv_t<decltype(kMember)>>::ValueType;
  static constexpr bool kIsPad = false;
  static constexpr absl::string_view kName = kFieldName.view();
  static constexpr Show kShow = kFieldShow;

  // The member of `message`, const or not as the message is.
  template <class Message>
  static constexpr auto& In(Message& message) {
    return message.*kMember;
  }
};

// Bytes without a member: written as 0, ignored on receipt.
template <size_t kPadBytes>
struct Pad {
  static constexpr bool kIsPad = true;
  static constexpr size_t kBytes = kPadBytes;
};

template <class... Items>
struct FieldList {};

// A struct with a FieldList.
template <class T>
concept Message = requires {
  typename T::Fields;
};

// Calls visit.template operator()<F>() for every Field and Pad of T, in order.
template <Message T, class Visitor>
constexpr void ForEachField(Visitor&& visit) {
  [&visit]<class... Items>(FieldList<Items...>) {
    (visit.template operator()<Items>(), ...);
  }(typename T::Fields());
}

// Messages are equal when all their fields are; strings and arrays are
// compared by content, padding is not part of a message. Found for the structs
// of this namespace; one from elsewhere must default an operator of its own.
template <Message T>
constexpr bool operator==(const T& a, const T& b) {
  bool equal = true;
  ForEachField<T>([&]<class F>() {
    if constexpr (!F::kIsPad) equal = equal && F::In(a) == F::In(b);
  });
  return equal;
}

}  // namespace gofer::wire

#endif  // GOFER_SERVER_WIRE_FIELD_LIST_H_
