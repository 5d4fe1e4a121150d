// ReadTextFile: a message from a file in protobuf's text format.

#ifndef GOFERD_CONTROLPLANE_CONFIG_TEXT_FILE_H_
#define GOFERD_CONTROLPLANE_CONFIG_TEXT_FILE_H_

#include <google/protobuf/message.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace goferd::config {

// The longest file that is read, in bytes.
inline constexpr size_t kMaxTextFileBytes = size_t{1} << 20;

// Replaces `message` by the file's content. Errors name the file, and every
// fault in it as line:column; unknown fields are faults. INVALID_ARGUMENT for
// faults in the text, FAILED_PRECONDITION when it cannot be read; `message` is
// unspecified then.
absl::Status ReadTextFile(const std::string& path,
                          google::protobuf::Message& message);

// Reads `text` as ReadTextFile reads a file; errors name `name` as the file.
absl::Status ParseText(absl::string_view name, const std::string& text,
                       google::protobuf::Message& message);

// Writes `message` in the format of the file.
std::string ToText(const google::protobuf::Message& message);

}  // namespace goferd::config

#endif  // GOFERD_CONTROLPLANE_CONFIG_TEXT_FILE_H_
