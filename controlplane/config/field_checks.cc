#include "controlplane/config/field_checks.h"

#include <limits.h>
#include <sys/un.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace goferd::config {
namespace {

// The bytes that a socket's path has more while it is made; see
// daemon/uds_listener.
constexpr size_t kTemporarySuffix = 8;
constexpr size_t kMaxSocketPath = sizeof(sockaddr_un::sun_path) - 1;

bool HasDotDot(absl::string_view path) {
  return absl::StrContains(absl::StrCat(path, "/"), "/../");
}

}  // namespace

void FieldChecks::Add(absl::string_view field, absl::string_view text) {
  violations_.push_back({std::string(field), std::string(text)});
}

void FieldChecks::Range(absl::string_view field, int64_t value, int64_t low,
                        int64_t high) {
  if (low <= value && value <= high) return;
  Add(field, absl::StrCat("is ", value, ": choose ", low, " to ", high));
}

void FieldChecks::Range(absl::string_view field,
                        const google::protobuf::Duration& value,
                        absl::Duration low, absl::Duration high) {
  const absl::Duration duration =
      absl::Seconds(value.seconds()) + absl::Nanoseconds(value.nanos());
  const bool is_normal =
      value.nanos() > -1'000'000'000 && value.nanos() < 1'000'000'000;
  if (is_normal && low <= duration && duration <= high) return;
  Add(field, absl::StrCat("is ", absl::FormatDuration(duration), ": choose ",
                          absl::FormatDuration(low), " to ",
                          absl::FormatDuration(high)));
}

void FieldChecks::AbsolutePath(absl::string_view field,
                               absl::string_view path) {
  if (!absl::StartsWith(path, "/")) {
    Add(field, path.empty() ? "is missing: set an absolute path"
                            : "must be an absolute path, beginning with /");
  } else if (path.size() >= PATH_MAX) {
    Add(field, absl::StrCat("is too long: at most ", PATH_MAX - 1, " bytes"));
  } else if (path.find('\0') != absl::string_view::npos) {
    Add(field, "must not have a NUL byte");
  } else if (HasDotDot(path)) {
    Add(field, "must not have \"..\" in it: write out where it leads");
  }
}

void FieldChecks::SocketPath(absl::string_view field, absl::string_view path) {
  AbsolutePath(field, path);
  if (path.size() + kTemporarySuffix > kMaxSocketPath) {
    Add(field, absl::StrCat("is too long for a UNIX socket: at most ",
                            kMaxSocketPath - kTemporarySuffix, " bytes"));
  } else if (absl::EndsWith(path, "/")) {
    Add(field, "must name a file, not a directory");
  }
}

void FieldChecks::SocketMode(absl::string_view field, uint32_t mode) {
  if ((mode & ~0666u) == 0) return;
  Add(field, absl::StrFormat("is %#o: a socket has 0600, 0660 or 0666 (in "
                             "octal, with the leading 0)",
                             mode));
}

}  // namespace goferd::config
