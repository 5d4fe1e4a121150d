#include "server/base/mount_info.h"

#include <unistd.h>

#include <cstddef>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "server/base/syscall.h"

namespace gofer::base {
namespace {

// Separates the optional fields from the file system's fields.
constexpr absl::string_view kSeparator = " - ";

bool IsOctal(char c) { return c >= '0' && c <= '7'; }

// Undoes the kernel's \ooo for blanks and backslashes.
std::string Unescape(absl::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && text.size() - i > 3 && IsOctal(text[i + 1]) &&
        IsOctal(text[i + 2]) && IsOctal(text[i + 3])) {
      result += static_cast<char>((text[i + 1] - '0') * 64 +
                                  (text[i + 2] - '0') * 8 + text[i + 3] - '0');
      i += 3;
    } else {
      result += text[i];
    }
  }
  return result;
}

std::string TypeOf(absl::string_view line) {
  const size_t separator = line.find(kSeparator);
  if (separator == absl::string_view::npos) return "";
  const absl::string_view rest = line.substr(separator + kSeparator.size());
  return Unescape(rest.substr(0, rest.find(' ')));
}

}  // namespace

std::vector<MountInfo> ParseMountInfo(absl::string_view text) {
  std::vector<MountInfo> mounts;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    // Id, parent's id, device, root within the file system, mount point, ...
    const std::vector<absl::string_view> fields =
        absl::StrSplit(line, absl::MaxSplits(' ', 5));
    MountInfo mount;
    if (fields.size() < 5 || !absl::SimpleAtoi(fields[0], &mount.id) ||
        !absl::SimpleAtoi(fields[1], &mount.parent)) {
      continue;
    }
    mount.mount_point = Unescape(fields[4]);
    mount.type = TypeOf(line);
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

ErrnoOr<std::string> ReadMountInfo(int fd) {
  std::string text;
  char block[16384];
  while (true) {
    const ssize_t got = RetryOnEintr([&] {
      return ::pread(fd, block, sizeof(block), static_cast<off_t>(text.size()));
    });
    if (got < 0) return Errno::Last();
    if (got == 0) return text;
    text.append(block, static_cast<size_t>(got));
  }
}

}  // namespace gofer::base
