// HostSession: a client of a Server that serves a directory of the host.

#ifndef GOFER_TESTS_UNIT_SERVER_HOSTFS_HOST_SESSION_H_
#define GOFER_TESTS_UNIT_SERVER_HOSTFS_HOST_SESSION_H_

#include <sys/socket.h>
#include <sys/stat.h>

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "server/base/check.h"
#include "server/base/errno.h"
#include "server/base/unique_fd.h"
#include "server/comm/client_socket.h"
#include "server/hostfs/host_backend.h"
#include "server/lisafs/server.h"
#include "server/wire/decode.h"
#include "server/wire/encode.h"
#include "server/wire/message_id.h"
#include "server/wire/messages/create.h"
#include "server/wire/messages/getdents.h"
#include "server/wire/messages/io.h"
#include "server/wire/messages/link.h"
#include "server/wire/messages/mount.h"
#include "server/wire/messages/open.h"
#include "server/wire/messages/rename.h"
#include "server/wire/messages/socket.h"
#include "server/wire/messages/stat.h"
#include "server/wire/messages/sync.h"
#include "server/wire/messages/walk.h"
#include "server/wire/messages/xattr.h"

namespace gofer::hostfs {

// Runs the server in this process. Answers keep the descriptors that came with
// them in fds(), those of the last call only.
class HostSession {
 public:
  HostSession(const std::string& root, const HostOptions& host_options,
              const lisafs::ConnectionOptions& options,
              const std::string& mount_path = "/") {
    ::umask(0);
    int ends[2];
    GOFER_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) ==
                0);
    client_ = std::make_unique<comm::ClientSocket>(base::UniqueFd(ends[0]));
    auto tree = HostTree::Open(root.c_str());
    GOFER_CHECK(tree.ok());
    auto connection = server_.CreateConnection(
        base::UniqueFd(ends[1]), mount_path, options,
        std::make_unique<HostBackend>(*tree, host_options, options.level));
    GOFER_CHECK(connection.ok());
    connection_ = *connection;
    GOFER_CHECK(server_.StartConnection(*connection).ok());
  }
  ~HostSession() {
    client_.reset();
    server_.Wait();
  }
  HostSession(const HostSession&) = delete;
  HostSession& operator=(const HostSession&) = delete;

  lisafs::Server& server() { return server_; }
  lisafs::Connection& connection() { return *connection_; }
  std::vector<base::UniqueFd>& fds() { return fds_; }

  // The payload of the answer, valid until the next call; or its errno.
  template <class Request>
  base::ErrnoOr<std::span<const std::byte>> Call(
      wire::MessageId id, const Request& request,
      std::span<const std::byte> bulk = {}) {
    std::vector<std::byte> bytes(wire::EncodedSize(request));
    GOFER_CHECK(wire::Encode(request, bytes).ok());
    fds_.clear();
    auto answer = client_->RoundTrip(static_cast<uint16_t>(id), bytes, bulk, 4);
    GOFER_CHECK(answer.ok());
    fds_ = std::move(answer->fds);
    if (answer->message == 0) {
      const auto error = wire::Decode<wire::ErrorResp>(answer->payload);
      GOFER_CHECK(error.ok());
      return base::Errno(static_cast<int>(error->error));
    }
    return answer->payload;
  }
  template <class Response, class Request>
  base::ErrnoOr<Response> Get(wire::MessageId id, const Request& request) {
    const auto payload = Call(id, request);
    if (!payload.ok()) return payload.error();
    auto response = wire::Decode<Response>(*payload);
    GOFER_CHECK(response.ok());
    return *response;
  }

  base::ErrnoOr<wire::Inode> Mount() {
    const auto mounted =
        Get<wire::MountResp>(wire::MessageId::kMount, wire::EmptyMessage{});
    if (!mounted.ok()) return mounted.error();
    return mounted->root;
  }
  // ENOENT when the name does not exist.
  base::ErrnoOr<wire::Inode> Walk(wire::FdId directory,
                                  absl::string_view name) {
    const std::vector<absl::string_view> path = {name};
    const auto walked =
        Get<wire::WalkResp>(wire::MessageId::kWalk,
                            wire::WalkReq{.dir_fd = directory, .path = path});
    if (!walked.ok()) return walked.error();
    if (walked->inodes.size() != 1) return base::Errno(ENOENT);
    return walked->inodes[0];
  }
  base::ErrnoOr<wire::FdId> Open(wire::FdId fd, uint32_t flags) {
    const auto opened = Get<wire::OpenAtResp>(
        wire::MessageId::kOpenAt, wire::OpenAtReq{.fd = fd, .flags = flags});
    if (!opened.ok()) return opened.error();
    return opened->open_fd;
  }
  base::ErrnoOr<wire::Statx> FStat(wire::FdId fd) {
    return Get<wire::Statx>(wire::MessageId::kFStat, wire::FStatReq{.fd = fd});
  }
  base::ErrnoOr<wire::SetStatResp> SetStat(const wire::SetStatReq& request) {
    return Get<wire::SetStatResp>(wire::MessageId::kSetStat, request);
  }
  base::ErrnoOr<std::vector<std::string>> Names(wire::FdId directory,
                                                int32_t count) {
    const auto listed = Get<wire::Getdents64Resp>(
        wire::MessageId::kGetdents64,
        wire::Getdents64Req{.dir_fd = directory, .count = count});
    if (!listed.ok()) return listed.error();
    std::vector<std::string> names;
    for (const wire::Dirent64& entry : listed->dirents) {
      names.emplace_back(entry.name);
    }
    return names;
  }
  void Close(wire::FdId fd) {
    const std::vector<wire::FdId> fds = {fd};
    GOFER_CHECK(Call(wire::MessageId::kClose, wire::CloseReq{.fds = fds}).ok());
  }

 private:
  lisafs::Server server_;
  std::shared_ptr<lisafs::Connection> connection_;
  std::unique_ptr<comm::ClientSocket> client_;
  std::vector<base::UniqueFd> fds_;
};

}  // namespace gofer::hostfs

#endif  // GOFER_TESTS_UNIT_SERVER_HOSTFS_HOST_SESSION_H_
