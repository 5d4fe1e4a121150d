// JSON of the API's messages, as protobuf defines it.

#ifndef GOFERD_CLIENTS_GOFERCTL_JSON_H_
#define GOFERD_CLIENTS_GOFERCTL_JSON_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace goferctl {

enum class JsonStyle { kLines, kOneLine };

// The text has zeros and empty lists too, so that scripts find the field. With
// a non-empty `endpoint` the object's first key is "endpoint".
std::string ToJson(const google::protobuf::Message& message, JsonStyle style,
                   absl::string_view endpoint = "");

// Errors: INVALID_ARGUMENT for text that is no JSON, unknown fields and values
// of the wrong type.
absl::Status FromJson(absl::string_view text,
                      google::protobuf::Message* message);

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_JSON_H_
