// Errno and ErrnoOr<T>: how the data plane reports failure. Neither allocates
// nor throws; an Errno is what travels to the client in an Error response.

#ifndef GOFER_SERVER_BASE_ERRNO_H_
#define GOFER_SERVER_BASE_ERRNO_H_

#include <cerrno>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace gofer::base {

// A positive Linux error number. Zero is not an error and is never held; use
// ErrnoOr<void> where success is possible.
class [[nodiscard]] Errno {
 public:
  constexpr explicit Errno(int number) : number_(number) {}

  // Returns the calling thread's errno. Call it right after the failed call:
  // the next call may change errno.
  static Errno Last() { return Errno(errno); }

  constexpr int number() const { return number_; }
  // The number as it travels in an Error response, a u32.
  constexpr uint32_t wire() const { return static_cast<uint32_t>(number_); }

  friend constexpr bool operator==(Errno, Errno) = default;

 private:
  int number_;
};

// A value or the Errno that prevented it. The value is read with * and ->,
// which require ok().
template <typename T>
class [[nodiscard]] ErrnoOr {
 public:
  using value_type = T;

  // NOLINTNEXTLINE(google-explicit-constructor)
  ErrnoOr(Errno error) : state_(std::in_place_index<1>, error) {}
  template <typename U = T>
  requires(std::is_constructible_v<T, U&&> &&
           !std::is_same_v<std::remove_cvref_t<U>, Errno> &&
           !std::is_same_v<std::remove_cvref_t<U>, ErrnoOr>)
      // NOLINTNEXTLINE(google-explicit-constructor,bugprone-*)
      ErrnoOr(U&& value)
      : state_(std::in_place_index<0>, std::forward<U>(value)) {}

  bool ok() const { return state_.index() == 0; }
  Errno error() const { return *std::get_if<1>(&state_); }

  T& operator*() & { return *std::get_if<0>(&state_); }
  const T& operator*() const& { return *std::get_if<0>(&state_); }
  T&& operator*() && { return std::move(*std::get_if<0>(&state_)); }
  T* operator->() { return std::get_if<0>(&state_); }
  const T* operator->() const { return std::get_if<0>(&state_); }

 private:
  std::variant<T, Errno> state_;
};

// Success, or the Errno. `return {};` is success.
template <>
class [[nodiscard]] ErrnoOr<void> {
 public:
  ErrnoOr() = default;
  // NOLINTNEXTLINE(google-explicit-constructor)
  ErrnoOr(Errno error) : error_(error) {}

  bool ok() const { return !error_.has_value(); }
  Errno error() const { return *error_; }

 private:
  std::optional<Errno> error_;
};

}  // namespace gofer::base

#endif  // GOFER_SERVER_BASE_ERRNO_H_
