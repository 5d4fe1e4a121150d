#include "clients/lisafs/client.h"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <vector>

#include "server/base/thread.h"
#include "server/comm/client_channel.h"

namespace gofer::client {

using wire::MessageId;

base::ErrnoOr<Client> Client::Mount(base::UniqueFd socket) {
  auto opened = Session::Open(std::move(socket));
  if (!opened.ok()) return opened.error();
  const std::shared_ptr<Session> session = *std::move(opened);
  wire::Inode root;
  std::vector<base::UniqueFd> fds;
  const auto mounted = session->CallAndRead<MessageId::kMount, wire::MountResp>(
      wire::EmptyMessage{}, {},
      [&](const wire::MountResp& response, std::span<const std::byte>) {
        root = response.root;
        return session->Agree(response.max_message_size,
                              response.supported_messages);
      },
      &fds);
  if (!mounted.ok()) return mounted.error();
  auto root_file = ControlFile::Adopt(session, root);
  if (!root_file.ok()) return root_file.error();
  return Client(session, *std::move(root_file),
                fds.empty() ? base::UniqueFd() : std::move(fds[0]));
}

Client& Client::operator=(Client&& other) noexcept {
  if (this != &other) {
    Close();
    session_ = std::move(other.session_);
    root_ = std::move(other.root_);
    mount_fd_ = std::move(other.mount_fd_);
  }
  return *this;
}

size_t Client::UsualChannelCount() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  const bool known = ::sched_getaffinity(0, sizeof(cpus), &cpus) == 0;
  return std::clamp<size_t>(known ? static_cast<size_t>(CPU_COUNT(&cpus)) : 1,
                            2, 4);
}

base::ErrnoOr<size_t> Client::StartChannels(size_t wanted, StartOrder order) {
  std::vector<base::ErrnoOr<void>> results(wanted);
  {
    std::vector<base::Thread> threads;
    for (auto& result : results) {
      const auto start = [this, &result] { result = StartChannel(); };
      if (order == StartOrder::kConcurrent) {
        auto thread = base::Thread::Start("lisafs-channel", start);
        if (thread.ok()) {
          threads.push_back(*std::move(thread));
          continue;
        }
      }
      start();
    }
  }
  for (const auto& result : results) {
    if (!result.ok() && result.error() != base::Errno(ENOMEM)) {
      return result.error();
    }
  }
  const size_t channels = counters().channels;
  if (channels == 0 && wanted > 0) return base::Errno(ENOMEM);
  return channels;
}

base::ErrnoOr<void> Client::StartChannel() {
  auto answer = session_->CallForFds<MessageId::kChannel, wire::ChannelResp>(
      wire::EmptyMessage{});
  if (!answer.ok()) return answer.error();
  if (answer->fds.size() != 2) return base::Errno(EBADF);
  // A negative offset becomes one behind the file's end.
  auto channel = comm::ClientChannel::Open(
      answer->fds[0].get(), static_cast<uint64_t>(answer->message.data_offset),
      answer->message.data_length, std::move(answer->fds[1]));
  if (!channel.ok()) return channel.error();
  comm::ClientChannel* const borrowed = channel->get();
  auto lease = session_->pathways().Adopt(*std::move(channel));
  if (!lease.ok()) return lease.error();
  auto connected = borrowed->Connect();
  if (!connected.ok()) lease->MarkDead();
  return connected;
}

void Client::Close() {
  if (session_ != nullptr) session_->pathways().Shutdown();
}

}  // namespace gofer::client
