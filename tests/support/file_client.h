// FileClient: RawClient with one method per message.

#ifndef GOFER_TESTS_SUPPORT_FILE_CLIENT_H_
#define GOFER_TESTS_SUPPORT_FILE_CLIENT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/lisafs/control_fd.h"
#include "server/wire/message_list.h"
#include "tests/support/raw_client.h"

namespace gofer::test {

using wire::FdId;
using Names = std::vector<absl::string_view>;
using EmptyReply = Reply<wire::EmptyMessage>;

struct ReadReply {
  int error = 0;
  std::string data;
};

// Methods are named after the messages and return what the server said. Those
// that only tests want come last and abort on failure.
class FileClient : public RawClient {
 public:
  using RawClient::RawClient;

  Reply<wire::MountResp> Mount();
  Reply<wire::Statx> FStat(FdId fd);
  Reply<wire::SetStatResp> SetStat(const wire::SetStatReq& request);
  Reply<wire::WalkResp> Walk(FdId dir, const Names& path);
  Reply<wire::WalkStatResp> WalkStat(FdId dir, const Names& path);
  Reply<wire::OpenAtResp> OpenAt(FdId fd, uint32_t flags);
  Reply<wire::OpenCreateAtResp> OpenCreateAt(
      FdId dir, absl::string_view name, uint32_t flags = 2,
      uint16_t mode = 0644, lisafs::Owner owner = lisafs::Owner());
  EmptyReply Close(const std::vector<FdId>& fds);
  EmptyReply FSync(const std::vector<FdId>& fds);
  Reply<wire::PWriteResp> PWrite(FdId fd, absl::string_view data,
                                 uint64_t offset);
  ReadReply PRead(FdId fd, uint32_t count, uint64_t offset);
  Reply<wire::MkdirAtResp> MkdirAt(FdId dir, absl::string_view name,
                                   uint16_t mode = 0755,
                                   lisafs::Owner owner = lisafs::Owner());
  Reply<wire::MknodAtResp> MknodAt(FdId dir, absl::string_view name,
                                   uint16_t mode);
  Reply<wire::SymlinkAtResp> SymlinkAt(FdId dir, absl::string_view name,
                                       absl::string_view target);
  Reply<wire::LinkAtResp> LinkAt(FdId dir, FdId target, absl::string_view name);
  Reply<wire::StatFs> FStatFs(FdId fd);
  EmptyReply FAllocate(FdId fd, uint64_t mode, uint64_t offset,
                       uint64_t length);
  Reply<wire::ReadLinkAtResp> ReadLinkAt(FdId fd);
  EmptyReply Flush(FdId fd);
  EmptyReply Connect(FdId fd, uint32_t type);
  EmptyReply ConnectWithCreds(FdId fd, uint32_t type, lisafs::Owner peer);
  EmptyReply UnlinkAt(FdId dir, absl::string_view name, uint32_t flags = 0);
  EmptyReply RenameAt(FdId old_dir, absl::string_view old_name, FdId new_dir,
                      absl::string_view new_name);
  EmptyReply RenameAt2(FdId old_dir, absl::string_view old_name, FdId new_dir,
                       absl::string_view new_name, uint32_t flags);
  Reply<wire::Getdents64Resp> Getdents64(FdId fd, int32_t count);
  Reply<wire::FGetXattrResp> FGetXattr(FdId fd, absl::string_view name,
                                       uint32_t size);
  EmptyReply FSetXattr(FdId fd, absl::string_view name, absl::string_view value,
                       uint32_t flags = 0);
  Reply<wire::FListXattrResp> FListXattr(FdId fd, uint64_t size);
  EmptyReply FRemoveXattr(FdId fd, absl::string_view name);
  Reply<wire::BindAtResp> BindAt(FdId dir, absl::string_view name,
                                 uint32_t type, uint16_t mode = 0777);
  EmptyReply Listen(FdId fd, int32_t backlog = 8);
  Reply<wire::AcceptResp> Accept(FdId fd);

  // The control FD at `path` below `dir`.
  FdId To(FdId dir, const Names& path);
  // An open FD on the file at `path`; its control FD stays open.
  FdId Opened(FdId dir, const Names& path, uint32_t flags);
};

}  // namespace gofer::test

#endif  // GOFER_TESTS_SUPPORT_FILE_CLIENT_H_
