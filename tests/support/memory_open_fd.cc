#include "tests/support/memory_open_fd.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/base/syscall.h"

namespace gofer::test {
namespace {

// What an entry takes as struct linux_dirent64.
uint64_t RawSize(const std::string& name) {
  return (19 + name.size() + 1 + 7) & ~uint64_t{7};
}

}  // namespace

MemoryOpenFd::MemoryOpenFd(base::RefPtr<MemoryControlFd> control_fd,
                           lisafs::QuotaSlot slot, uint32_t flags,
                           base::UniqueFd content)
    : OpenFd(std::move(control_fd), std::move(slot), flags),
      content_(std::move(content)) {}

base::ErrnoOr<wire::Statx> MemoryOpenFd::Stat(
    const lisafs::ReadGuarantee& guarantee) {
  const MemoryControlFd::Reading reading(control(), guarantee);
  return control().inode().Stat();
}

base::ErrnoOr<size_t> MemoryOpenFd::Read(std::span<std::byte> buffer,
                                         uint64_t offset) {
  control().BeSlow();
  if (control_fd().is_directory()) return base::Errno(EISDIR);
  size_t done = 0;
  while (done < buffer.size() || done == 0) {
    const auto n = base::Syscall([&] {
      return ::pread(content_.get(), buffer.data() + done, buffer.size() - done,
                     static_cast<off_t>(offset + done));
    });
    if (!n.ok()) return n.error();
    if (*n == 0) break;
    done += static_cast<size_t>(*n);
  }
  return done;
}

base::ErrnoOr<size_t> MemoryOpenFd::Write(std::span<const std::byte> data,
                                          uint64_t offset) {
  control().BeSlow();
  size_t done = 0;
  do {
    const auto n = base::Syscall([&] {
      return ::pwrite(content_.get(), data.data() + done, data.size() - done,
                      static_cast<off_t>(offset + done));
    });
    if (!n.ok()) return n.error();
    done += static_cast<size_t>(*n);
  } while (done < data.size());
  control().inode().Touch();
  return done;
}

base::ErrnoOr<void> MemoryOpenFd::Allocate(uint64_t mode, uint64_t offset,
                                           uint64_t length) {
  control().BeSlow();
  if (mode != 0) return base::Errno(EOPNOTSUPP);
  control().inode().Touch();
  return base::SyscallVoid([&] {
    return ::fallocate(content_.get(), 0, static_cast<off_t>(offset),
                       static_cast<off_t>(length));
  });
}

base::ErrnoOr<void> MemoryOpenFd::Getdents(
    const lisafs::ReadGuarantee& guarantee, uint64_t count, Position position,
    wire::ArrayWriter<wire::Dirent64>& out) {
  const MemoryControlFd::Reading reading(control(), guarantee);
  base::MutexLock lock(mu_);
  if (position == Position::kRestart) next_cookie_ = 0;
  uint64_t used = 0;
  MemoryInode::Entry entry;
  while (control().inode().EntryFrom(next_cookie_, &entry)) {
    used += RawSize(entry.name);
    if (used > count) break;
    const wire::Statx stat = entry.inode->Stat();
    if (!out.Append({.ino = stat.ino,
                     .dev_minor = stat.dev_minor,
                     .dev_major = stat.dev_major,
                     .off = entry.cookie,
                     .type = static_cast<uint8_t>(stat.mode >> 12),
                     .name = entry.name})) {
      break;
    }
    next_cookie_ = entry.cookie + 1;
  }
  return {};
}

base::ErrnoOr<void> MemoryBoundSocketFd::Listen(
    const lisafs::ReadGuarantee& guarantee, int32_t backlog) {
  const MemoryControlFd::Reading reading(
      static_cast<MemoryControlFd&>(control_fd()), guarantee);
  return base::SyscallVoid([&] { return ::listen(socket_->get(), backlog); });
}

base::ErrnoOr<lisafs::AcceptResult> MemoryBoundSocketFd::Accept() {
  auto accepted = base::SyscallFd([&] {
    return ::accept4(socket_->get(), nullptr, nullptr,
                     SOCK_NONBLOCK | SOCK_CLOEXEC);
  });
  if (!accepted.ok()) return accepted.error();
  return lisafs::AcceptResult{*std::move(accepted), {}};
}

void MemoryBoundSocketFd::Interrupt() { ::shutdown(socket_->get(), SHUT_RDWR); }

}  // namespace gofer::test
