#include "clients/lisafs/open_file.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "server/base/safe_name.h"
#include "server/base/syscall.h"

namespace gofer::client {
namespace {

using wire::MessageId;

constexpr size_t kReadOverhead = wire::kFixedSize<wire::PReadResp>;
constexpr size_t kWriteOverhead = wire::kFixedSize<wire::PWriteReq>;
// What gVisor's client asks for; negative: from the first entry.
constexpr int32_t kListBytes = 65536;

// Calls transfer(offset, part) for one part of at most `chunk` bytes after the
// other, until one is short or fails.
template <class Byte, class Transfer>
base::ErrnoOr<size_t> InChunks(uint64_t offset, std::span<Byte> all,
                               size_t chunk, Transfer transfer) {
  size_t done = 0;
  do {
    const size_t wanted = std::min(chunk, all.size() - done);
    const base::ErrnoOr<size_t> got =
        transfer(offset + done, all.subspan(done, wanted));
    if (!got.ok()) {
      if (done > 0) break;
      return got.error();
    }
    done += *got;
    if (*got < wanted) break;
  } while (done < all.size());
  return done;
}

base::ErrnoOr<size_t> CountOf(base::ErrnoOr<ssize_t> result) {
  if (!result.ok()) return result.error();
  return static_cast<size_t>(*result);
}

// What pread(2) and pwrite(2) take; the server's answer to more is EINVAL too.
bool IsOffset(uint64_t offset) {
  return offset <= static_cast<uint64_t>(std::numeric_limits<off_t>::max());
}

}  // namespace

base::ErrnoOr<size_t> OpenFile::Read(uint64_t offset,
                                     std::span<std::byte> into) const {
  if (UsesHostFd()) {
    if (!IsOffset(offset)) return base::Errno(EINVAL);
    return CountOf(base::Syscall([&] {
      return ::pread(host_fd_.get(), into.data(), into.size(),
                     static_cast<off_t>(offset));
    }));
  }
  return InChunks(offset, into,
                  handle_.session().max_message_size() - kReadOverhead,
                  [this](uint64_t at, std::span<std::byte> part) {
                    return ReadChunk(at, part);
                  });
}

base::ErrnoOr<size_t> OpenFile::ReadChunk(uint64_t offset,
                                          std::span<std::byte> into) const {
  const wire::PReadReq request{.offset = offset,
                               .fd = handle_.id(),
                               .count = static_cast<uint32_t>(into.size())};
  size_t count = 0;
  const auto read =
      handle_.session().CallAndRead<MessageId::kPRead, wire::PReadResp>(
          request, {},
          [&](const wire::PReadResp& response,
              std::span<const std::byte> payload) -> base::ErrnoOr<void> {
            const auto data = payload.subspan(kReadOverhead);
            if (response.num_bytes > into.size() ||
                response.num_bytes > data.size()) {
              return base::Errno(EIO);
            }
            count = response.num_bytes;
            if (count > 0) std::memcpy(into.data(), data.data(), count);
            return {};
          });
  if (!read.ok()) return read.error();
  return count;
}

base::ErrnoOr<size_t> OpenFile::Write(uint64_t offset,
                                      std::span<const std::byte> bytes) const {
  if (UsesHostFd()) {
    if (!IsOffset(offset)) return base::Errno(EINVAL);
    return CountOf(base::Syscall([&] {
      return ::pwrite(host_fd_.get(), bytes.data(), bytes.size(),
                      static_cast<off_t>(offset));
    }));
  }
  return InChunks(offset, bytes,
                  handle_.session().max_message_size() - kWriteOverhead,
                  [this](uint64_t at, std::span<const std::byte> part) {
                    return WriteChunk(at, part);
                  });
}

base::ErrnoOr<size_t> OpenFile::WriteChunk(
    uint64_t offset, std::span<const std::byte> bytes) const {
  const wire::PWriteReq request{
      .offset = offset,
      .fd = handle_.id(),
      .num_bytes = static_cast<uint32_t>(bytes.size())};
  size_t count = 0;
  const auto written =
      handle_.session().CallAndRead<MessageId::kPWrite, wire::PWriteResp>(
          request, bytes,
          [&](const wire::PWriteResp& response,
              std::span<const std::byte>) -> base::ErrnoOr<void> {
            if (response.count > bytes.size()) return base::Errno(EIO);
            count = response.count;
            return {};
          });
  if (!written.ok()) return written.error();
  return count;
}

base::ErrnoOr<std::vector<DirectoryEntry>> OpenFile::ReadDir() const {
  std::vector<DirectoryEntry> entries;
  int32_t count = -kListBytes;
  for (;;) {
    const auto listed = ListSome(count, &entries);
    if (!listed.ok()) return listed.error();
    if (*listed == 0) return entries;
    count = kListBytes;
  }
}

base::ErrnoOr<size_t> OpenFile::ListSome(
    int32_t count, std::vector<DirectoryEntry>* entries) const {
  size_t listed = 0;
  const auto read =
      handle_.session()
          .CallAndRead<MessageId::kGetdents64, wire::Getdents64Resp>(
              wire::Getdents64Req{.dir_fd = handle_.id(), .count = count}, {},
              [&](const wire::Getdents64Resp& response,
                  std::span<const std::byte>) -> base::ErrnoOr<void> {
                listed = response.dirents.size();
                for (const wire::Dirent64& dirent : response.dirents) {
                  if (dirent.name == "." || dirent.name == "..") continue;
                  if (!base::IsSafeName(dirent.name)) {
                    return base::Errno(EPROTO);
                  }
                  entries->push_back({dirent.ino, dirent.dev_major,
                                      dirent.dev_minor, dirent.off, dirent.type,
                                      std::string(dirent.name)});
                }
                return {};
              });
  if (!read.ok()) return read.error();
  return listed;
}

base::ErrnoOr<wire::Statx> OpenFile::Stat() const {
  return handle_.session().Call<MessageId::kFStat, wire::Statx>(
      wire::FStatReq{.fd = handle_.id()});
}

base::ErrnoOr<void> OpenFile::Allocate(uint64_t mode, uint64_t offset,
                                       uint64_t length) const {
  return handle_.session().CallVoid<MessageId::kFAllocate>(wire::FAllocateReq{
      .fd = handle_.id(), .mode = mode, .offset = offset, .length = length});
}

base::ErrnoOr<void> OpenFile::Sync() const {
  const std::vector<wire::FdId> ids = {handle_.id()};
  return handle_.session().CallVoid<MessageId::kFSync>(
      wire::FSyncReq{.fds = ids});
}

base::ErrnoOr<void> OpenFile::Flush() const {
  if (!handle_.session().Supports(MessageId::kFlush)) return {};
  return handle_.session().CallVoid<MessageId::kFlush>(
      wire::FlushReq{.fd = handle_.id()});
}

}  // namespace gofer::client
