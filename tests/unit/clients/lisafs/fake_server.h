// FakeServer: a LISAFS server that says what a test wants it to say.

#ifndef GOFER_TESTS_UNIT_CLIENTS_LISAFS_FAKE_SERVER_H_
#define GOFER_TESTS_UNIT_CLIENTS_LISAFS_FAKE_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "server/base/mutex.h"
#include "server/base/unique_fd.h"
#include "server/comm/channel_communicator.h"
#include "server/comm/communicator.h"
#include "server/comm/socket_communicator.h"
#include "server/flipcall/packet_window_allocator.h"
#include "server/wire/inode.h"
#include "server/wire/message_id.h"
#include "server/wire/types.h"
#include "tests/support/wire_bytes.h"

namespace gofer::test {

struct FakeRequest {
  comm::Communicator::Kind kind;
  size_t pathway;  // 0 is the socket, the n-th channel is n.
  wire::MessageId id;
  std::vector<std::byte> payload;
};

struct FakeReply {
  enum class Kind {
    kAnswer,      // A frame, with `message`, `payload` and `fds`.
    kRawBytes,    // `payload` itself, without a header; on the socket only.
    kEndPathway,  // Shuts the pathway down.
  };

  Kind kind = Kind::kAnswer;
  wire::MessageId message = wire::MessageId::kError;
  std::vector<std::byte> payload = {};
  std::vector<base::UniqueFd> fds = {};
};

template <class Response>
FakeReply Answer(wire::MessageId id, const Response& response) {
  FakeReply reply;
  reply.message = id;
  reply.payload = Encoded(response);
  return reply;
}
FakeReply AnswerError(uint32_t error);
FakeReply AnswerEmpty(wire::MessageId id);

// Attributes of a directory or a file.
wire::Inode MakeInode(uint64_t fd, uint16_t mode);

// Serves one connection on threads of its own until it is destroyed. It mounts
// a directory with FDID 1, announces every message, starts channels up to a
// limit and accepts Close; everything else it does not know (ENOTTY) unless the
// test taught it. Handlers run on the thread of the request's pathway.
class FakeServer {
 public:
  using Handler = std::function<FakeReply(const FakeRequest&)>;

  FakeServer();
  ~FakeServer();

  // The client's socket; once.
  base::UniqueFd TakeClientEnd() { return std::move(client_end_); }

  // Before the request arrives.
  void On(wire::MessageId id, Handler handler);
  // How often `id` came, and what came in which order.
  size_t Count(wire::MessageId id) const;
  std::vector<FakeRequest> Requests() const;
  std::vector<FakeRequest> RequestsOf(wire::MessageId id) const;
  // All FDIDs that were closed, in order.
  std::vector<wire::FdId> ClosedIds() const;

  void set_channel_limit(size_t limit);
  // What Mount announces.
  void set_max_message_size(uint32_t bytes) { max_message_size_ = bytes; }
  void set_supported(std::vector<uint16_t> mids);

  // Goes away as a killed process does: the socket closes, and nobody touches
  // the channels any more.
  void Vanish();

 private:
  void Serve(comm::Communicator& communicator, size_t pathway);
  bool Reply(comm::Communicator& communicator, const FakeReply& reply);
  FakeReply Mount() const;
  FakeReply OfferChannel();
  FakeReply Default(const FakeRequest& request);

  base::UniqueFd client_end_;
  std::unique_ptr<comm::SocketCommunicator> socket_;
  uint32_t max_message_size_;
  std::vector<uint16_t> supported_;

  mutable base::Mutex mu_;
  std::map<wire::MessageId, Handler> handlers_ ABSL_GUARDED_BY(mu_);
  std::vector<FakeRequest> requests_ ABSL_GUARDED_BY(mu_);
  size_t channel_limit_ ABSL_GUARDED_BY(mu_) = 4;
  flipcall::PacketWindowAllocator windows_ ABSL_GUARDED_BY(mu_);
  std::vector<std::unique_ptr<comm::ChannelCommunicator>> channels_
      ABSL_GUARDED_BY(mu_);
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mu_);
};

// How many descriptors this process has.
size_t OpenFdCount();

// A descriptor whose last copy's end can be seen. Thread-safe.
class TrackedFd {
 public:
  TrackedFd();
  // A copy to be sent away.
  base::UniqueFd Copy() const;
  // Gives our own up; whether the others stay open: they may be closed on
  // another thread, and then this waits for it.
  bool IsOpenElsewhere();

 private:
  base::UniqueFd read_end_;
  // Sanitizers do not see that a channel orders its two sides.
  mutable base::Mutex mu_;
  base::UniqueFd write_end_ ABSL_GUARDED_BY(mu_);
};

}  // namespace gofer::test

#endif  // GOFER_TESTS_UNIT_CLIENTS_LISAFS_FAKE_SERVER_H_
