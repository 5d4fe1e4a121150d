#include "controlplane/state/file_draft.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "controlplane/state/private_directory.h"
#include "server/base/syscall.h"

namespace goferd::state {
namespace {

using gofer::base::Errno;
using gofer::base::ErrnoOr;
using gofer::base::SyscallVoid;
using gofer::base::UniqueFd;

constexpr char kSuffix[] = ".draft";

// Whether `name` has this content, or is missing when there is none.
bool IsInPlace(int directory, const std::string& name,
               absl::string_view bytes) {
  const auto present = ReadFile(directory, name, bytes.size() + 1);
  if (present.ok()) return !bytes.empty() && bytes == *present;
  return bytes.empty() && present.error() == Errno(ENOENT);
}

}  // namespace

FileDraft::FileDraft(UniqueFd directory, std::string name,
                     std::string draft_name)
    : directory_(std::move(directory)),
      name_(std::move(name)),
      draft_name_(std::move(draft_name)) {}

FileDraft::~FileDraft() {
  if (directory_ && !draft_name_.empty()) {
    ::unlinkat(directory_.get(), draft_name_.c_str(), 0);
  }
}

ErrnoOr<FileDraft> FileDraft::Write(UniqueFd directory, const std::string& name,
                                    absl::string_view bytes) {
  const int at = directory.get();
  if (IsInPlace(at, name, bytes)) return FileDraft();
  if (bytes.empty()) {
    const auto may = SyscallVoid(
        [&] { return ::faccessat(at, ".", W_OK | X_OK, AT_EACCESS); });
    if (!may.ok()) return may.error();
    return FileDraft(std::move(directory), name, "");
  }
  const std::string draft_name = name + kSuffix;
  // ReplaceFile writes all or nothing, too: no half draft is left.
  const auto written = ReplaceFile(at, draft_name, bytes);
  if (!written.ok()) return written.error();
  return FileDraft(std::move(directory), name, draft_name);
}

ErrnoOr<void> FileDraft::PutInPlace() {
  if (!directory_) return {};
  const UniqueFd directory = std::move(directory_);
  const int at = directory.get();
  if (!draft_name_.empty()) {
    const auto done = SyscallVoid(
        [&] { return ::renameat(at, draft_name_.c_str(), at, name_.c_str()); });
    if (!done.ok()) ::unlinkat(at, draft_name_.c_str(), 0);
    return done;
  }
  if (::unlinkat(at, name_.c_str(), 0) == 0 || errno == ENOENT) return {};
  return Errno::Last();
}

}  // namespace goferd::state
