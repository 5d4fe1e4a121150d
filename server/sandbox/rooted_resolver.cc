#include "server/sandbox/rooted_resolver.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "server/base/syscall.h"

namespace gofer::sandbox {
namespace {

base::ErrnoOr<std::string> ReadLink(int link) {
  std::array<char, PATH_MAX> target;
  const auto length = base::Syscall(
      [&] { return ::readlinkat(link, "", target.data(), target.size()); });
  if (!length.ok()) return length.error();
  const auto size = static_cast<size_t>(*length);
  // Only links of procfs and the like are this long, or empty.
  if (size == target.size()) return base::Errno(ENAMETOOLONG);
  if (size == 0) return base::Errno(ENOENT);
  return std::string(target.data(), size);
}

// The resolution of one path.
class Resolution {
 public:
  Resolution(int root, const Missing& missing)
      : root_(root), missing_(missing) {}

  base::ErrnoOr<RootedPath> Run(absl::string_view path) {
    if (auto reopened = Reopen(); !reopened.ok()) return reopened.error();
    Push(path);
    while (!ahead_.empty()) {
      const std::string name = std::move(ahead_.back());
      ahead_.pop_back();
      const auto done = name == ".." ? GoUp() : GoDown(name);
      if (!done.ok()) return done.error();
    }
    return RootedPath{std::move(current_),
                      absl::StrCat("/", absl::StrJoin(behind_, "/"))};
  }

 private:
  // Puts the components of `path` before those that are still ahead.
  void Push(absl::string_view path) {
    const std::vector<absl::string_view> names =
        absl::StrSplit(path, '/', absl::SkipEmpty());
    for (auto name = names.rbegin(); name != names.rend(); ++name) {
      if (*name != ".") ahead_.emplace_back(*name);
    }
  }

  base::ErrnoOr<void> GoUp() {
    if (!behind_.empty()) {
      text_bytes_ -= behind_.back().size() + 1;
      behind_.pop_back();
    }
    return Reopen();
  }

  // The directory behind the kernel's `..` may have been moved out of the tree,
  // so we start from the root again.
  base::ErrnoOr<void> Reopen() {
    const std::string path =
        behind_.empty() ? "." : absl::StrJoin(behind_, "/");
    open_how how = {};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    auto opened = base::SyscallFd([&] {
      return static_cast<int>(
          ::syscall(SYS_openat2, root_, path.c_str(), &how, sizeof(how)));
    });
    if (!opened.ok()) return opened.error();
    current_ = *std::move(opened);
    return {};
  }

  base::ErrnoOr<void> GoDown(const std::string& name) {
    auto next = OpenOrMake(name);
    if (!next.ok()) return next.error();
    struct stat stat;
    if (::fstat(next->get(), &stat) != 0) return base::Errno::Last();
    if (S_ISLNK(stat.st_mode)) return Follow(next->get());
    current_ = *std::move(next);
    text_bytes_ += name.size() + 1;
    if (text_bytes_ >= PATH_MAX) return base::Errno(ENAMETOOLONG);
    behind_.push_back(name);
    return {};
  }

  base::ErrnoOr<void> Follow(int link) {
    if (++turns_ > RootedResolver::kMostSymlinks) return base::Errno(ELOOP);
    const auto target = ReadLink(link);
    if (!target.ok()) return target.error();
    Push(*target);
    if (target->front() != '/') return {};
    behind_.clear();
    text_bytes_ = 0;
    return Reopen();
  }

  base::ErrnoOr<base::UniqueFd> OpenOrMake(const std::string& name) {
    for (;;) {
      auto opened = base::SyscallFd([&] {
        return ::openat(current_.get(), name.c_str(),
                        O_PATH | O_NOFOLLOW | O_CLOEXEC);
      });
      if (opened.ok() || opened.error() != base::Errno(ENOENT)) return opened;
      // Somebody else makes and removes the file all the time.
      if (++turns_ > RootedResolver::kMostSymlinks) return base::Errno(ELOOP);
      const auto made = Make(name.c_str());
      if (!made.ok() && made.error() != base::Errno(EEXIST)) {
        return made.error();
      }
    }
  }

  base::ErrnoOr<void> Make(const char* name) const {
    if (!ahead_.empty() || missing_.last == Missing::Last::kDirectory) {
      return base::SyscallVoid(
          [&] { return ::mkdirat(current_.get(), name, missing_.mode); });
    }
    const auto file = base::SyscallFd([&] {
      return ::openat(current_.get(), name,
                      O_CREAT | O_EXCL | O_RDONLY | O_NOFOLLOW | O_CLOEXEC,
                      missing_.mode);
    });
    if (!file.ok()) return file.error();
    return {};
  }

  const int root_;
  const Missing missing_;
  base::UniqueFd current_;
  // Names from the root to current_.
  std::vector<std::string> behind_;
  // Names that are still to go, the next of them last.
  std::vector<std::string> ahead_;
  // Symlinks followed and files made: what a hostile tree could do forever.
  int turns_ = 0;
  size_t text_bytes_ = 0;
};

}  // namespace

base::ErrnoOr<RootedPath> RootedResolver::Resolve(
    absl::string_view path, const Missing& missing) const {
  if (path.empty()) return base::Errno(ENOENT);
  if (path.find('\0') != absl::string_view::npos) return base::Errno(EINVAL);
  return Resolution(root_, missing).Run(path);
}

}  // namespace gofer::sandbox
