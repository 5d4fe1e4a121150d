// IsUtf8, EscapeBytes, CheckTexts: what protobuf and JSON take as text.

#ifndef GOFERD_CLIENTS_ADMIN_UTF8_H_
#define GOFERD_CLIENTS_ADMIN_UTF8_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace goferd::client {

bool IsUtf8(absl::string_view bytes);

// Writes bytes that are no UTF-8 as "\xff"; leaves everything else.
std::string EscapeBytes(absl::string_view bytes);

// INVALID_ARGUMENT, which names the first field of `message`, at any depth,
// that is text and is not UTF-8. goferd could not read such a message, and
// could only say that it does not know it.
absl::Status CheckTexts(const google::protobuf::Message& message);

}  // namespace goferd::client

#endif  // GOFERD_CLIENTS_ADMIN_UTF8_H_
