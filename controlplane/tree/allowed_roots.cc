#include "controlplane/tree/allowed_roots.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "controlplane/errors/error.h"
#include "server/base/syscall.h"

namespace goferd::tree {
namespace {

using errors::Reason;
using gofer::base::SyscallFd;
using gofer::base::UniqueFd;

// Removes ".", ".." and repeated slashes: ".." must be no way out of an allowed
// root.
std::string Clean(const std::string& path) {
  std::vector<absl::string_view> parts;
  for (absl::string_view part : absl::StrSplit(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty()) {
      parts.pop_back();
    }
  }
  return absl::StrCat("/", absl::StrJoin(parts, "/"));
}

// Returns the rest of `path` behind `root`, "." when both are the same, and
// nothing when `path` is not below `root`.
std::optional<std::string> Below(const std::string& root,
                                 const std::string& path) {
  if (path == root) return ".";
  absl::string_view rest = path;
  const std::string prefix = root == "/" ? root : root + "/";
  if (!absl::ConsumePrefix(&rest, prefix)) return std::nullopt;
  return std::string(rest);
}

gofer::base::ErrnoOr<UniqueFd> OpenBelow(const std::string& root,
                                         const std::string& rest,
                                         uint64_t flags, SymbolicLinks links) {
  auto top = SyscallFd(
      [&] { return ::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC); });
  if (!top.ok()) return top;
  open_how how = {};
  how.flags = O_PATH | O_CLOEXEC | flags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  if (links == SymbolicLinks::kRefuse) how.resolve |= RESOLVE_NO_SYMLINKS;
  return SyscallFd([&] {
    return static_cast<int>(
        ::syscall(SYS_openat2, top->get(), rest.c_str(), &how, sizeof(how)));
  });
}

std::string PathOf(int fd) {
  char path[PATH_MAX];
  const std::string link = absl::StrCat("/proc/self/fd/", fd);
  const ssize_t length = ::readlink(link.c_str(), path, sizeof(path));
  return length > 0 ? std::string(path, static_cast<size_t>(length)) : "";
}

absl::Status NotAllowed(const std::string& path) {
  return errors::Error(
      Reason::PATH_NOT_ALLOWED,
      absl::StrCat(path,
                   " is not under one of the allowed roots: DaemonInfo names "
                   "them, allowed_roots of the configuration sets them"),
      {{"resource", path}});
}

absl::Status Explain(int error_number, const std::string& path) {
  // RESOLVE_BENEATH refuses a way out of the root by these errors.
  if (error_number == EXDEV || error_number == ELOOP) return NotAllowed(path);
  return errors::FromErrno(error_number, path);
}

// For a path on which a symbolic link was refused.
absl::Status ExplainLink(const std::string& root, const std::string& rest,
                         uint64_t flags, const std::string& path) {
  const auto followed = OpenBelow(root, rest, flags, SymbolicLinks::kFollow);
  if (!followed.ok()) return Explain(followed.error().number(), path);
  const std::string real = PathOf(followed->get());
  return errors::Error(
      Reason::PATH_NOT_ALLOWED,
      absl::StrCat(path, " leads by a symbolic link to ", real,
                   ": name that path, if allowed_roots of the configuration "
                   "mean it, or set follow_symbolic_links of the server"),
      {{"resource", path}, {"resolved", real}});
}

absl::StatusOr<ResolvedRoot> Resolve(
    const std::string& path,
    const google::protobuf::RepeatedPtrField<std::string>& allowed,
    uint64_t flags, SymbolicLinks links) {
  if (path.empty() || path.front() != '/') {
    return errors::Error(
        Reason::PATH_NOT_ABSOLUTE,
        absl::StrCat("the root \"", path, "\" must begin with a slash"));
  }
  const std::string wanted = Clean(path);
  absl::Status failure = NotAllowed(path);
  for (const std::string& root : allowed) {
    const auto rest = Below(Clean(root), wanted);
    if (!rest) continue;
    auto opened = OpenBelow(Clean(root), *rest, flags, links);
    if (opened.ok()) {
      std::string real = PathOf(opened->get());
      return ResolvedRoot{std::move(*opened), std::move(real)};
    }
    const bool is_link =
        links == SymbolicLinks::kRefuse && opened.error().number() == ELOOP;
    failure = is_link ? ExplainLink(Clean(root), *rest, flags, path)
                      : Explain(opened.error().number(), path);
  }
  return failure;
}

}  // namespace

absl::StatusOr<ResolvedRoot> ResolveRoot(
    const std::string& path,
    const google::protobuf::RepeatedPtrField<std::string>& allowed,
    SymbolicLinks links) {
  return Resolve(path, allowed, O_DIRECTORY, links);
}

absl::StatusOr<ResolvedRoot> ResolveFile(
    const std::string& path,
    const google::protobuf::RepeatedPtrField<std::string>& allowed,
    SymbolicLinks links) {
  return Resolve(path, allowed, 0, links);
}

}  // namespace goferd::tree
