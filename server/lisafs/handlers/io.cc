#include "server/wire/messages/io.h"

#include <algorithm>
#include <cstdint>

#include "server/lisafs/handlers/handlers.h"
#include "server/lisafs/handlers/operation.h"
#include "server/wire/array_writer.h"
#include "server/wire/messages/getdents.h"

namespace gofer::lisafs::handlers {
namespace {

struct PWriteOperation : OnOpenFd {
  using Request = wire::PWriteReq;
  static wire::FdId Target(const Request& request) { return request.fd; }
  static base::ErrnoOr<void> Check(RequestContext& context,
                                   const Request& request) {
    if (request.num_bytes >
        context.payload_len() - wire::kFixedSize<wire::PWriteReq>) {
      return base::Errno(EIO);
    }
    return {};
  }
  static base::ErrnoOr<void> Admit(OpenFd& fd, const Request&) {
    if (!fd.writable()) return base::Errno(EBADF);
    return {};
  }
  static base::ErrnoOr<wire::PWriteResp> Run(RequestContext& context,
                                             const Request& request,
                                             OpenFd& fd) {
    const auto data = context.communicator()
                          .Bulk(wire::kFixedSize<wire::PWriteReq>)
                          .first(context.LimitIoBytes(request.num_bytes));
    const auto written = fd.Write(data, request.offset);
    if (!written.ok()) return written.error();
    return wire::PWriteResp{*written};
  }
};

struct PReadOperation : OnOpenFd {
  using Request = wire::PReadReq;
  static constexpr size_t kHeader = wire::kFixedSize<wire::PReadResp>;
  static wire::FdId Target(const Request& request) { return request.fd; }
  static base::ErrnoOr<void> Admit(OpenFd& fd, const Request&) {
    if (!fd.readable()) return base::Errno(EBADF);
    return {};
  }
  static base::ErrnoOr<size_t> Run(RequestContext& context,
                                   const Request& request, OpenFd& fd) {
    if (kHeader + size_t{request.count} >
        context.connection().max_message_size()) {
      return base::Errno(ENOBUFS);
    }
    const size_t longest = kHeader + context.LimitIoBytes(request.count);
    const auto room = context.ResponseRoom(longest);
    if (!room.ok()) return room.error();
    const auto count = fd.Read(room->subspan(kHeader), request.offset);
    if (!count.ok()) return count.error();
    const auto header = wire::Encode(wire::PReadResp{*count}, *room);
    if (!header.ok()) return header.error();
    return kHeader + *count;
  }
};

struct FAllocateOperation : OnOpenFd {
  using Request = wire::FAllocateReq;
  static wire::FdId Target(const Request& request) { return request.fd; }
  static base::ErrnoOr<void> Admit(OpenFd& fd, const Request&) {
    if (!fd.writable()) return base::Errno(EBADF);
    return {};
  }
  static bool WorksOnDeleted(const RequestContext& context) {
    return context.connection().behaviour().allocate_on_deleted;
  }
  static base::ErrnoOr<size_t> Run(RequestContext&, const Request& request,
                                   OpenFd& fd) {
    const auto done = fd.Allocate(request.mode, request.offset, request.length);
    if (!done.ok()) return done.error();
    return kEmptyReply;
  }
};

// Room that entries of `count` bytes of struct linux_dirent64 need at most when
// written as wire::Dirent64: a name of 4 bytes has the worst ratio, 31 to 24.
size_t ComputeDirentsRoom(uint64_t count, uint32_t max_message_size) {
  const uint64_t bounded = std::min<uint64_t>(count, max_message_size);
  return std::min<size_t>(sizeof(uint16_t) + bounded * 31 / 24 + 1,
                          max_message_size);
}

struct Getdents64Operation : OnOpenFd {
  using Request = wire::Getdents64Req;
  using Guarantee = ReadGuarantee;
  static wire::FdId Target(const Request& request) { return request.dir_fd; }
  static base::ErrnoOr<void> Admit(OpenFd& fd, const Request&) {
    if (!fd.control_fd().is_directory()) return base::Errno(ENOTDIR);
    return {};
  }
  static bool WorksOnDeleted(const RequestContext&) { return false; }
  static base::ErrnoOr<size_t> Run(RequestContext& context,
                                   const Request& request, OpenFd& fd,
                                   const ReadGuarantee& guarantee) {
    // A negative count restarts; 64 bits, because -INT32_MIN fits no i32.
    const int64_t wanted = request.count;
    const auto position =
        wanted < 0 ? OpenFd::Position::kRestart : OpenFd::Position::kContinue;
    const auto count = static_cast<uint64_t>(wanted < 0 ? -wanted : wanted);
    const auto room = context.ResponseRoom(
        ComputeDirentsRoom(count, context.connection().max_message_size()));
    if (!room.ok()) return room.error();
    wire::ArrayWriter<wire::Dirent64> entries(*room, 0);
    const auto read = fd.Getdents(guarantee, count, position, entries);
    if (!read.ok()) return read.error();
    return entries.Finish();
  }
};

}  // namespace

base::ErrnoOr<size_t> PWrite(RequestContext& context) {
  return Serve<PWriteOperation>(context);
}

base::ErrnoOr<size_t> PRead(RequestContext& context) {
  return Serve<PReadOperation>(context);
}

base::ErrnoOr<size_t> FAllocate(RequestContext& context) {
  return Serve<FAllocateOperation>(context);
}

base::ErrnoOr<size_t> Getdents64(RequestContext& context) {
  return Serve<Getdents64Operation>(context);
}

}  // namespace gofer::lisafs::handlers
