// Failure: why a change of rules or handlers was refused.

#ifndef GOFER_SERVER_RULES_FAILURE_H_
#define GOFER_SERVER_RULES_FAILURE_H_

#include <cstdint>
#include <string>
#include <variant>

namespace gofer::rules {

enum class FailureKind : uint8_t {
  kUnknownMid,             // A message that this gofer does not know.
  kMalformed,              // A value that makes no sense.
  kTooMany,                // More rules than there may be.
  kUnknownImplementation,  // The message has none of that name.
  kWrongGeneration,        // The table is not the one expected.
};

// Why a change was refused; nothing has changed then.
struct Failure {
  FailureKind kind;
  std::string message;  // For people.
};

template <class T>
using OrFailure = std::variant<T, Failure>;

}  // namespace gofer::rules

#endif  // GOFER_SERVER_RULES_FAILURE_H_
