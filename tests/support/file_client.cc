#include "tests/support/file_client.h"

#include <algorithm>
#include <cstring>

#include "server/base/check.h"

namespace gofer::test {
namespace {

using Id = wire::MessageId;

wire::CreateCommon Common(FdId dir, uint16_t mode, lisafs::Owner owner) {
  return {.dir_fd = dir, .uid = owner.uid, .gid = owner.gid, .mode = mode};
}

}  // namespace

Reply<wire::MountResp> FileClient::Mount() {
  return Call<wire::MountResp>(Id::kMount, wire::EmptyMessage());
}

Reply<wire::Statx> FileClient::FStat(FdId fd) {
  return Call<wire::Statx>(Id::kFStat, wire::FStatReq{fd});
}

Reply<wire::SetStatResp> FileClient::SetStat(const wire::SetStatReq& request) {
  return Call<wire::SetStatResp>(Id::kSetStat, request);
}

Reply<wire::WalkResp> FileClient::Walk(FdId dir, const Names& path) {
  return Call<wire::WalkResp>(Id::kWalk, wire::WalkReq{dir, path});
}

Reply<wire::WalkStatResp> FileClient::WalkStat(FdId dir, const Names& path) {
  return Call<wire::WalkStatResp>(Id::kWalkStat, wire::WalkReq{dir, path});
}

Reply<wire::OpenAtResp> FileClient::OpenAt(FdId fd, uint32_t flags) {
  return Call<wire::OpenAtResp>(Id::kOpenAt, wire::OpenAtReq{fd, flags});
}

Reply<wire::OpenCreateAtResp> FileClient::OpenCreateAt(FdId dir,
                                                       absl::string_view name,
                                                       uint32_t flags,
                                                       uint16_t mode,
                                                       lisafs::Owner owner) {
  return Call<wire::OpenCreateAtResp>(
      Id::kOpenCreateAt,
      wire::OpenCreateAtReq{Common(dir, mode, owner), flags, name});
}

EmptyReply FileClient::Close(const std::vector<FdId>& fds) {
  return Call<wire::EmptyMessage>(Id::kClose, wire::CloseReq{fds});
}

EmptyReply FileClient::FSync(const std::vector<FdId>& fds) {
  return Call<wire::EmptyMessage>(Id::kFSync, wire::FSyncReq{fds});
}

Reply<wire::PWriteResp> FileClient::PWrite(FdId fd, absl::string_view data,
                                           uint64_t offset) {
  std::vector<std::byte> payload =
      Encoded(wire::PWriteReq{offset, fd, static_cast<uint32_t>(data.size())});
  const auto* const bytes = reinterpret_cast<const std::byte*>(data.data());
  payload.insert(payload.end(), bytes, bytes + data.size());
  return Decoded<wire::PWriteResp>(
      CallBytes(static_cast<uint16_t>(Id::kPWrite), payload));
}

ReadReply FileClient::PRead(FdId fd, uint32_t count, uint64_t offset) {
  const auto reply =
      Call<wire::PReadResp>(Id::kPRead, wire::PReadReq{offset, fd, count});
  if (!reply.ok()) return {reply.error, {}};
  const auto data = std::span(reply.payload).subspan(8);
  if (data.size() != reply->num_bytes) return {-EBADMSG, {}};
  return {0,
          std::string(reinterpret_cast<const char*>(data.data()), data.size())};
}

Reply<wire::MkdirAtResp> FileClient::MkdirAt(FdId dir, absl::string_view name,
                                             uint16_t mode,
                                             lisafs::Owner owner) {
  return Call<wire::MkdirAtResp>(
      Id::kMkdirAt, wire::MkdirAtReq{Common(dir, mode, owner), name});
}

Reply<wire::MknodAtResp> FileClient::MknodAt(FdId dir, absl::string_view name,
                                             uint16_t mode) {
  return Call<wire::MknodAtResp>(
      Id::kMknodAt,
      wire::MknodAtReq{Common(dir, mode, lisafs::Owner()), 0, 0, name});
}

Reply<wire::SymlinkAtResp> FileClient::SymlinkAt(FdId dir,
                                                 absl::string_view name,
                                                 absl::string_view target) {
  return Call<wire::SymlinkAtResp>(
      Id::kSymlinkAt,
      wire::SymlinkAtReq{dir, wire::kNoId, wire::kNoId, name, target});
}

Reply<wire::LinkAtResp> FileClient::LinkAt(FdId dir, FdId target,
                                           absl::string_view name) {
  return Call<wire::LinkAtResp>(Id::kLinkAt,
                                wire::LinkAtReq{dir, target, name});
}

Reply<wire::StatFs> FileClient::FStatFs(FdId fd) {
  return Call<wire::StatFs>(Id::kFStatFs, wire::FStatFsReq{fd});
}

EmptyReply FileClient::FAllocate(FdId fd, uint64_t mode, uint64_t offset,
                                 uint64_t length) {
  return Call<wire::EmptyMessage>(Id::kFAllocate,
                                  wire::FAllocateReq{fd, mode, offset, length});
}

Reply<wire::ReadLinkAtResp> FileClient::ReadLinkAt(FdId fd) {
  return Call<wire::ReadLinkAtResp>(Id::kReadLinkAt, wire::ReadLinkAtReq{fd});
}

EmptyReply FileClient::Flush(FdId fd) {
  return Call<wire::EmptyMessage>(Id::kFlush, wire::FlushReq{fd});
}

EmptyReply FileClient::Connect(FdId fd, uint32_t type) {
  return Call<wire::EmptyMessage>(Id::kConnect, wire::ConnectReq{fd, type});
}

EmptyReply FileClient::ConnectWithCreds(FdId fd, uint32_t type,
                                        lisafs::Owner peer) {
  return Call<wire::EmptyMessage>(
      Id::kConnectWithCreds,
      wire::ConnectWithCredsReq{fd, type, peer.uid, peer.gid});
}

EmptyReply FileClient::UnlinkAt(FdId dir, absl::string_view name,
                                uint32_t flags) {
  return Call<wire::EmptyMessage>(Id::kUnlinkAt,
                                  wire::UnlinkAtReq{dir, flags, name});
}

EmptyReply FileClient::RenameAt(FdId old_dir, absl::string_view old_name,
                                FdId new_dir, absl::string_view new_name) {
  return Call<wire::EmptyMessage>(
      Id::kRenameAt, wire::RenameAtReq{old_dir, new_dir, old_name, new_name});
}

EmptyReply FileClient::RenameAt2(FdId old_dir, absl::string_view old_name,
                                 FdId new_dir, absl::string_view new_name,
                                 uint32_t flags) {
  return Call<wire::EmptyMessage>(
      Id::kRenameAt2,
      wire::RenameAt2Req{old_dir, new_dir, old_name, new_name, flags});
}

Reply<wire::Getdents64Resp> FileClient::Getdents64(FdId fd, int32_t count) {
  return Call<wire::Getdents64Resp>(Id::kGetdents64,
                                    wire::Getdents64Req{fd, count});
}

Reply<wire::FGetXattrResp> FileClient::FGetXattr(FdId fd,
                                                 absl::string_view name,
                                                 uint32_t size) {
  return Call<wire::FGetXattrResp>(Id::kFGetXattr,
                                   wire::FGetXattrReq{fd, size, name});
}

EmptyReply FileClient::FSetXattr(FdId fd, absl::string_view name,
                                 absl::string_view value, uint32_t flags) {
  return Call<wire::EmptyMessage>(Id::kFSetXattr,
                                  wire::FSetXattrReq{fd, flags, name, value});
}

Reply<wire::FListXattrResp> FileClient::FListXattr(FdId fd, uint64_t size) {
  return Call<wire::FListXattrResp>(Id::kFListXattr,
                                    wire::FListXattrReq{fd, size});
}

EmptyReply FileClient::FRemoveXattr(FdId fd, absl::string_view name) {
  return Call<wire::EmptyMessage>(Id::kFRemoveXattr,
                                  wire::FRemoveXattrReq{fd, name});
}

Reply<wire::BindAtResp> FileClient::BindAt(FdId dir, absl::string_view name,
                                           uint32_t type, uint16_t mode) {
  return Call<wire::BindAtResp>(
      Id::kBindAt,
      wire::BindAtReq{Common(dir, mode, lisafs::Owner()), type, name});
}

EmptyReply FileClient::Listen(FdId fd, int32_t backlog) {
  return Call<wire::EmptyMessage>(Id::kListen, wire::ListenReq{fd, backlog});
}

Reply<wire::AcceptResp> FileClient::Accept(FdId fd) {
  return Call<wire::AcceptResp>(Id::kAccept, wire::AcceptReq{fd});
}

FdId FileClient::To(FdId dir, const Names& path) {
  const auto walked = Walk(dir, path);
  GOFER_CHECK(walked.ok() && !path.empty() &&
              walked->inodes.size() == path.size());
  // Only the last is wanted.
  std::vector<FdId> others;
  for (const wire::Inode inode : walked->inodes) {
    others.push_back(inode.control_fd);
  }
  const FdId last = others.back();
  others.pop_back();
  GOFER_CHECK(others.empty() || Close(others).ok());
  return last;
}

FdId FileClient::Opened(FdId dir, const Names& path, uint32_t flags) {
  const auto opened = OpenAt(To(dir, path), flags);
  GOFER_CHECK(opened.ok());
  return opened->open_fd;
}

}  // namespace gofer::test
