// FieldChecks: gathers the faults of fields; a check is one line of code.

#ifndef GOFERD_CONTROLPLANE_CONFIG_FIELD_CHECKS_H_
#define GOFERD_CONTROLPLANE_CONFIG_FIELD_CHECKS_H_

#include <google/protobuf/duration.pb.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "controlplane/config/validate.h"

namespace goferd::config {

class FieldChecks {
 public:
  void Add(absl::string_view field, absl::string_view text);
  // The value must be in `low` to `high`, both included.
  void Range(absl::string_view field, int64_t value, int64_t low, int64_t high);
  void Range(absl::string_view field, const google::protobuf::Duration& value,
             absl::Duration low, absl::Duration high);
  // The path must be absolute, have at most 4095 bytes, no NUL and no "..".
  void AbsolutePath(absl::string_view field, absl::string_view path);
  // Checks as AbsolutePath does. The path must also be short enough for a UNIX
  // socket with the suffix that it has while it is made.
  void SocketPath(absl::string_view field, absl::string_view path);
  // The mode may allow nothing but reading and writing: a socket has no more.
  void SocketMode(absl::string_view field, uint32_t mode);

  std::vector<Violation> Take() && { return std::move(violations_); }

 private:
  std::vector<Violation> violations_;
};

}  // namespace goferd::config

#endif  // GOFERD_CONTROLPLANE_CONFIG_FIELD_CHECKS_H_
