// AppendJsonString: any bytes as a string of JSON.

#ifndef GOFER_SERVER_BASE_JSON_STRING_H_
#define GOFER_SERVER_BASE_JSON_STRING_H_

#include <string>

#include "absl/strings/string_view.h"

namespace gofer::base {

// Appends `bytes` to `*to`, quoted and escaped (RFC 8259). Bytes that are not
// UTF-8 are replaced by U+FFFD. Every character that some reader takes for the
// end of a line or for a command to a terminal is escaped (all control
// characters, DEL, U+2028 and U+2029), so that the result stays on one line.
void AppendJsonString(absl::string_view bytes, std::string* to);

}  // namespace gofer::base

#endif  // GOFER_SERVER_BASE_JSON_STRING_H_
