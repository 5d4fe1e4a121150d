#include "tests/unit/clients/lisafs/fake_server.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "server/base/check.h"
#include "server/comm/channel_offer.h"
#include "server/uds/unix_socket.h"
#include "server/wire/limits.h"
#include "server/wire/message_list.h"
#include "tests/support/open_fds.h"

namespace gofer::test {

using wire::MessageId;

FakeReply AnswerError(uint32_t error) {
  return Answer(MessageId::kError, wire::ErrorResp{.error = error});
}

FakeReply AnswerEmpty(MessageId id) { return Answer(id, wire::EmptyMessage{}); }

wire::Inode MakeInode(uint64_t fd, uint16_t mode) {
  wire::Inode inode;
  inode.control_fd = static_cast<wire::FdId>(fd);
  inode.stat.mask = STATX_BASIC_STATS;
  inode.stat.mode = mode;
  inode.stat.ino = fd + 1000;
  return inode;
}

FakeServer::FakeServer() : max_message_size_(wire::kMaxMessageSize) {
  for (uint16_t mid = 1; mid < wire::kMessageIdCount; ++mid) {
    supported_.push_back(mid);
  }
  auto pair = uds::MakeSocketPair(uds::SocketType::kStream);
  GOFER_CHECK(pair.ok());
  client_end_ = std::move(pair->first);
  socket_ = std::make_unique<comm::SocketCommunicator>(std::move(pair->second),
                                                       wire::kMaxMessageSize);
  base::MutexLock lock(mu_);
  threads_.emplace_back([this] { Serve(*socket_, 0); });
}

FakeServer::~FakeServer() {
  socket_->Shutdown();
  std::vector<std::thread> threads;
  {
    base::MutexLock lock(mu_);
    channel_limit_ = 0;
    for (const auto& channel : channels_) channel->Shutdown();
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
}

void FakeServer::On(MessageId id, Handler handler) {
  base::MutexLock lock(mu_);
  handlers_[id] = std::move(handler);
}

size_t FakeServer::Count(MessageId id) const { return RequestsOf(id).size(); }

std::vector<FakeRequest> FakeServer::Requests() const {
  base::MutexLock lock(mu_);
  return requests_;
}

std::vector<FakeRequest> FakeServer::RequestsOf(MessageId id) const {
  std::vector<FakeRequest> found;
  for (FakeRequest& request : Requests()) {
    if (request.id == id) found.push_back(std::move(request));
  }
  return found;
}

std::vector<wire::FdId> FakeServer::ClosedIds() const {
  std::vector<wire::FdId> ids;
  for (const FakeRequest& request : RequestsOf(MessageId::kClose)) {
    const auto close = wire::Decode<wire::CloseReq>(request.payload);
    GOFER_CHECK(close.ok());
    ids.insert(ids.end(), close->fds.begin(), close->fds.end());
  }
  return ids;
}

void FakeServer::set_channel_limit(size_t limit) {
  base::MutexLock lock(mu_);
  channel_limit_ = limit;
}

void FakeServer::set_supported(std::vector<uint16_t> mids) {
  supported_ = std::move(mids);
}

void FakeServer::Vanish() { ::shutdown(socket_->fd(), SHUT_RDWR); }

void FakeServer::Serve(comm::Communicator& communicator, size_t pathway) {
  for (;;) {
    const auto received = communicator.Receive();
    if (!received.ok()) return;
    const auto bytes = communicator.Prefix(received->payload_len);
    GOFER_CHECK(bytes.ok());
    const FakeRequest request{communicator.kind(),
                              pathway,
                              static_cast<MessageId>(received->message),
                              {bytes->begin(), bytes->end()}};
    Handler handler;
    {
      base::MutexLock lock(mu_);
      requests_.push_back(request);
      if (const auto found = handlers_.find(request.id);
          found != handlers_.end()) {
        handler = found->second;
      }
    }
    if (!Reply(communicator, handler ? handler(request) : Default(request))) {
      return;
    }
  }
}

bool FakeServer::Reply(comm::Communicator& communicator,
                       const FakeReply& reply) {
  if (reply.kind == FakeReply::Kind::kEndPathway) {
    communicator.Shutdown();
    return false;
  }
  if (reply.kind == FakeReply::Kind::kRawBytes) {
    return ::send(socket_->fd(), reply.payload.data(), reply.payload.size(),
                  MSG_NOSIGNAL) >= 0;
  }
  const auto room = communicator.Response(reply.payload.size());
  GOFER_CHECK(room.ok());
  std::copy(reply.payload.begin(), reply.payload.end(), room->begin());
  return communicator
      .Send(static_cast<uint16_t>(reply.message), reply.payload.size(),
            test::Borrowed(reply.fds))
      .ok();
}

FakeReply FakeServer::Mount() const {
  return Answer(MessageId::kMount,
                wire::MountResp{.root = MakeInode(1, S_IFDIR | 0755),
                                .max_message_size = max_message_size_,
                                .supported_messages = supported_});
}

FakeReply FakeServer::OfferChannel() {
  base::MutexLock lock(mu_);
  if (channels_.size() >= channel_limit_) return AnswerError(ENOMEM);
  auto offer = comm::MakeChannelOffer(windows_, wire::kMaxMessageSize);
  GOFER_CHECK(offer.ok());
  FakeReply reply =
      Answer(MessageId::kChannel,
             wire::ChannelResp{
                 .data_offset = static_cast<int64_t>(offer->window.offset),
                 .data_length = offer->window.length});
  reply.fds.push_back(std::move(offer->data_fd));
  reply.fds.push_back(std::move(offer->fd_socket));
  channels_.push_back(std::move(offer->communicator));
  comm::ChannelCommunicator* const channel = channels_.back().get();
  const size_t pathway = channels_.size();
  threads_.emplace_back([=, this] { Serve(*channel, pathway); });
  return reply;
}

FakeReply FakeServer::Default(const FakeRequest& request) {
  switch (request.id) {
    case MessageId::kMount:
      return Mount();
    case MessageId::kChannel:
      return OfferChannel();
    case MessageId::kClose:
      return AnswerEmpty(MessageId::kClose);
    default:
      return AnswerError(ENOTTY);
  }
}

size_t OpenFdCount() {
  size_t count = 0;
  DIR* const directory = ::opendir("/proc/self/fd");
  GOFER_CHECK(directory != nullptr);
  while (::readdir(directory) != nullptr) ++count;
  ::closedir(directory);
  return count;
}

TrackedFd::TrackedFd() {
  int ends[2];
  GOFER_CHECK(::pipe2(ends, O_CLOEXEC) == 0);
  read_end_ = base::UniqueFd(ends[0]);
  write_end_ = base::UniqueFd(ends[1]);
}

base::UniqueFd TrackedFd::Copy() const {
  base::MutexLock lock(mu_);
  auto copy = base::DupFd(write_end_.get());
  GOFER_CHECK(copy.ok());
  return *std::move(copy);
}

bool TrackedFd::IsOpenElsewhere() {
  {
    base::MutexLock lock(mu_);
    write_end_.reset();
  }
  pollfd event = {read_end_.get(), POLLIN, 0};
  return ::poll(&event, 1, 5000) == 0;
}

}  // namespace gofer::test
