#include "server/hostfs/xattr.h"

#include <linux/limits.h>
#include <sys/xattr.h>

#include <memory>

#include "server/base/syscall.h"
#include "server/hostfs/c_string.h"

namespace gofer::hostfs {
namespace {

constexpr uint64_t kLongestValue = 65535;
constexpr uint64_t kLongestList = XATTR_LIST_MAX;

// Runs `call` with a buffer of `wanted` bytes, but no more than `most`, which 0
// stands for.
template <class Call>
base::ErrnoOr<std::string> Fetch(uint64_t wanted, uint64_t most, Call call) {
  const size_t size = wanted == 0 || wanted > most ? most : wanted;
  const auto buffer = std::make_unique_for_overwrite<char[]>(size);
  const auto length = base::Syscall([&] { return call(buffer.get(), size); });
  if (!length.ok()) return length.error();
  return std::string(buffer.get(), static_cast<size_t>(*length));
}

}  // namespace

base::ErrnoOr<std::string> GetXattr(const ProcSelfFd& proc_self_fd, int fd,
                                    absl::string_view name, uint64_t size) {
  if (name.size() > XATTR_NAME_MAX) return base::Errno(ERANGE);
  const CString c_name(name);
  if (!c_name.ok()) return c_name.error();
  const auto path = proc_self_fd.PathOnThisThread(fd);
  if (!path.ok()) return path.error();
  return Fetch(size, kLongestValue, [&](char* buffer, size_t room) {
    return ::getxattr(path->data(), c_name.get(), buffer, room);
  });
}

base::ErrnoOr<void> SetXattr(const ProcSelfFd& proc_self_fd, int fd,
                             absl::string_view name, absl::string_view value,
                             uint32_t flags) {
  if (name.size() > XATTR_NAME_MAX) return base::Errno(ERANGE);
  const CString c_name(name);
  if (!c_name.ok()) return c_name.error();
  const auto path = proc_self_fd.PathOnThisThread(fd);
  if (!path.ok()) return path.error();
  return base::SyscallVoid([&] {
    return ::setxattr(path->data(), c_name.get(), value.data(), value.size(),
                      static_cast<int>(flags));
  });
}

base::ErrnoOr<std::string> ListXattr(const ProcSelfFd& proc_self_fd, int fd,
                                     uint64_t size) {
  const auto path = proc_self_fd.PathOnThisThread(fd);
  if (!path.ok()) return path.error();
  return Fetch(size, kLongestList, [&](char* buffer, size_t room) {
    return ::listxattr(path->data(), buffer, room);
  });
}

base::ErrnoOr<void> RemoveXattr(const ProcSelfFd& proc_self_fd, int fd,
                                absl::string_view name) {
  if (name.size() > XATTR_NAME_MAX) return base::Errno(ERANGE);
  const CString c_name(name);
  if (!c_name.ok()) return c_name.error();
  const auto path = proc_self_fd.PathOnThisThread(fd);
  if (!path.ok()) return path.error();
  return base::SyscallVoid(
      [&] { return ::removexattr(path->data(), c_name.get()); });
}

}  // namespace gofer::hostfs
