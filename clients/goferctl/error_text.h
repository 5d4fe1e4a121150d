// Error texts: what a failed call tells a person.

#ifndef GOFERD_CLIENTS_GOFERCTL_ERROR_TEXT_H_
#define GOFERD_CLIENTS_GOFERCTL_ERROR_TEXT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace goferd::admin::v1 {
enum ErrorReason : int;
}  // namespace goferd::admin::v1

namespace goferctl {

// A line that says what happened, a line for each field violation, and a line
// that says what to do. The text ends with a newline. It names `node` unless
// that is empty. Control characters of the server's texts become "?".
std::string ErrorText(const absl::Status& status, absl::string_view node = "");

// What the user can do about `reason`; empty when there is nothing to say.
absl::string_view AdviceFor(goferd::admin::v1::ErrorReason reason);

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_ERROR_TEXT_H_
