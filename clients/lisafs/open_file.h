// OpenFile: a file or directory that is open for reading, writing or listing.

#ifndef GOFER_CLIENTS_LISAFS_OPEN_FILE_H_
#define GOFER_CLIENTS_LISAFS_OPEN_FILE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "clients/lisafs/fd_handle.h"
#include "server/base/errno.h"
#include "server/base/unique_fd.h"
#include "server/wire/statx.h"
#include "server/wire/types.h"

namespace gofer::client {

// One entry of a directory, as getdents64(2) tells it.
struct DirectoryEntry {
  uint64_t ino = 0;
  uint32_t dev_major = 0;
  uint32_t dev_minor = 0;
  uint64_t off = 0;
  uint8_t type = 0;  // A DT_ constant.
  std::string name;
};

// Where Read and Write go: through the host FD, if the server donated one, or
// always through the server.
enum class DataPath { kHostFd, kServer };

// Owns an open FD of the server and the host FD that may have come with it. The
// const methods are thread-safe. Errors: see Session; those of the host FD are
// those of the system calls.
// Source: gVisor pkg/lisafs/client_file.go, Nov 2023.
class OpenFile {
 public:
  // `host_fd`: what the server donated, or none.
  OpenFile(FdHandle handle, base::UniqueFd host_fd)
      : handle_(std::move(handle)), host_fd_(std::move(host_fd)) {}

  wire::FdId id() const { return handle_.id(); }
  // Borrowed, -1 when there is none. It is O_NONBLOCK.
  int host_fd() const { return host_fd_.get(); }
  void set_data_path(DataPath path) { data_path_ = path; }

  // Reads up to into.size() bytes at `offset` and returns how many; fewer when
  // the file ends, 0 at its end, and possibly fewer when an error follows the
  // first bytes. Through the server it takes as many RPCs as needed.
  base::ErrnoOr<size_t> Read(uint64_t offset, std::span<std::byte> into) const;
  // Writes `bytes` at `offset` and returns how many were written; fewer when an
  // error follows the first of them.
  base::ErrnoOr<size_t> Write(uint64_t offset,
                              std::span<const std::byte> bytes) const;

  // Returns all entries but "." and "..", from the first on. One thread at a
  // time may call it, because the server holds the position. EPROTO for an
  // entry whose name cannot be a file's name.
  base::ErrnoOr<std::vector<DirectoryEntry>> ReadDir() const;

  base::ErrnoOr<wire::Statx> Stat() const;
  // The arguments of fallocate(2).
  base::ErrnoOr<void> Allocate(uint64_t mode, uint64_t offset,
                               uint64_t length) const;
  base::ErrnoOr<void> Sync() const;
  // Returns the error that close(2) would report. Sends nothing to a server
  // that does not announce the message.
  base::ErrnoOr<void> Flush() const;

 private:
  bool UsesHostFd() const {
    return host_fd_.valid() && data_path_ == DataPath::kHostFd;
  }
  base::ErrnoOr<size_t> ReadChunk(uint64_t offset,
                                  std::span<std::byte> into) const;
  base::ErrnoOr<size_t> WriteChunk(uint64_t offset,
                                   std::span<const std::byte> bytes) const;
  base::ErrnoOr<size_t> ListSome(int32_t count,
                                 std::vector<DirectoryEntry>* entries) const;

  FdHandle handle_;
  base::UniqueFd host_fd_;
  DataPath data_path_ = DataPath::kHostFd;
};

}  // namespace gofer::client

#endif  // GOFER_CLIENTS_LISAFS_OPEN_FILE_H_
