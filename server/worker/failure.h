// MakeFailure: why a request failed, as goferd is told.

#ifndef GOFER_SERVER_WORKER_FAILURE_H_
#define GOFER_SERVER_WORKER_FAILURE_H_

#include <cstring>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "goferd/worker/v1/failure.pb.h"
#include "server/base/errno.h"

namespace gofer::worker {

using goferd::worker::v1::Failure;

// `text` is for people; it is escaped, so that it is one line.
inline Failure MakeFailure(Failure::Code code, absl::string_view text) {
  Failure failure;
  failure.set_code(code);
  failure.set_text(absl::Utf8SafeCHexEscape(text));
  return failure;
}

// A HOST_ERROR at `step` about `what`, such as a path.
inline Failure HostFailure(absl::string_view step, absl::string_view what,
                           base::Errno error) {
  Failure failure =
      MakeFailure(Failure::HOST_ERROR,
                  absl::StrCat(what, ": ", std::strerror(error.number())));
  failure.set_error_number(error.number());
  failure.set_step(std::string(step));
  return failure;
}

// A result or why there is none.
template <typename T>
class [[nodiscard]] FailureOr {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor)
  FailureOr(Failure failure) : state_(std::move(failure)) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  FailureOr(T value) : state_(std::move(value)) {}

  bool ok() const { return std::holds_alternative<T>(state_); }
  const Failure& failure() const { return *std::get_if<Failure>(&state_); }
  T& operator*() { return *std::get_if<T>(&state_); }
  const T& operator*() const { return *std::get_if<T>(&state_); }
  T* operator->() { return std::get_if<T>(&state_); }

 private:
  std::variant<T, Failure> state_;
};

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_FAILURE_H_
