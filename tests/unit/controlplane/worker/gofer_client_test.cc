#include "controlplane/worker/gofer_client.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <vector>

#include "controlplane/errors/error.h"
#include "controlplane/worker/response_parts.h"
#include "server/base/clock.h"
#include "server/base/thread.h"
#include "server/uds/unix_socket.h"
#include "tests/support/hostile_fds.h"
#include "tests/support/latch.h"

namespace goferd::worker {
namespace {

using errors::Reason;
using gofer::base::Thread;
using gofer::base::UniqueFd;
using gofer::test::Latch;

constexpr uint64_t kSendNs = 10'000'000'000;
constexpr absl::Duration kLong = absl::Seconds(30);

// The test takes the gofer's place.
class GoferClientTest : public testing::Test {
 protected:
  GoferClientTest() {
    auto pair = *gofer::uds::MakeSocketPair(gofer::uds::SocketType::kSeqPacket);
    gofer_.emplace(std::move(pair.second));
    client_ = std::make_unique<GoferClient>(
        std::move(pair.first), *loop_,
        GoferClient::Callbacks{.on_event =
                                   [this](const wire::Event&) {
                                     if (++events_ == expected_events_)
                                       events_came_.Open();
                                   },
                               .on_closed =
                                   [this](const absl::Status& why) {
                                     why_closed_ = why;
                                     ++closed_count_;
                                     closed_.Open();
                                   },
                               .on_answering =
                                   [this](bool answers) {
                                     (answers ? spoke_ : fell_silent_).Open();
                                   }});
  }

  wire::ToGofer Receive() {
    while (true) {
      auto frame = gofer_->Receive();
      if (frame.ok()) {
        wire::ToGofer request;
        EXPECT_TRUE(request.ParseFromString(frame->bytes));
        fd_count_ = frame->fds.size();
        return request;
      }
      if (frame.error() != gofer::base::Errno(EAGAIN)) {
        ADD_FAILURE() << frame.error().number();
        return {};
      }
      pollfd poll = {gofer_->fd(), POLLIN, 0};
      ::poll(&poll, 1, -1);
    }
  }
  void SendBytes(const std::string& bytes, std::span<const int> fds = {}) {
    ASSERT_TRUE(gofer_->Send(bytes, fds, kSendNs).ok());
  }
  void Answer(const wire::Response& response) {
    wire::FromGofer message;
    *message.mutable_response() = response;
    SendBytes(message.SerializeAsString());
  }
  void SendEvent() {
    wire::FromGofer message;
    message.mutable_event();
    SendBytes(message.SerializeAsString());
  }
  absl::StatusOr<wire::Response> Count(absl::Duration timeout = kLong) {
    wire::ToGofer request;
    request.mutable_count_connections();
    return client_->Call(request, {}, timeout);
  }
  void ExpectClosed() {
    closed_.Wait();
    EXPECT_EQ(errors::ReasonOf(why_closed_), Reason::GOFER_UNREACHABLE);
    EXPECT_EQ(errors::ReasonOf(Count().status()), Reason::GOFER_UNREACHABLE);
  }

  std::unique_ptr<event_loop::EventLoop> loop_ =
      *event_loop::EventLoop::Start();
  std::optional<gofer::control::ControlChannel> gofer_;
  size_t fd_count_ = 0;
  std::atomic<int> events_ = 0;
  int expected_events_ = 0;
  Latch events_came_;
  Latch closed_;
  absl::Status why_closed_;
  std::atomic<int> closed_count_ = 0;
  Latch fell_silent_;
  Latch spoke_;
  std::unique_ptr<GoferClient> client_;
};

TEST_F(GoferClientTest, KnowsItsPeer) {
  EXPECT_EQ(client_->peer().pid, ::getpid());
  EXPECT_EQ(client_->peer().uid, ::getuid());
}

TEST_F(GoferClientTest, AnAnswerReachesItsCaller) {
  auto gofer = *Thread::Start("gofer", [this] {
    const auto request = Receive();
    EXPECT_EQ(request.request_id(), 1u);
    wire::Response response;
    response.set_request_id(request.request_id());
    response.mutable_connection_count()->set_active(7);
    Answer(response);
  });
  const auto answer = Count();
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->connection_count().active(), 7u);
}

TEST_F(GoferClientTest, DescriptorsGoWithTheRequest) {
  auto gofer = *Thread::Start("gofer", [this] {
    wire::Response response;
    response.set_request_id(Receive().request_id());
    Answer(response);
  });
  const UniqueFd event(::eventfd(0, EFD_CLOEXEC));
  const int fd = event.get();
  wire::ToGofer request;
  request.mutable_attach_connection()->set_uid("u");
  EXPECT_TRUE(client_->Call(request, {&fd, 1}, kLong).ok());
  gofer.Join();
  EXPECT_EQ(fd_count_, 1u);
}

TEST_F(GoferClientTest, JoinsPartsWhateverComesBetween) {
  expected_events_ = 1;
  auto gofer = *Thread::Start("gofer", [this] {
    const uint64_t id = Receive().request_id();
    for (int i = 0; i < 3; ++i) {
      wire::Response part;
      part.set_request_id(id);
      part.set_more(i < 2);
      part.mutable_connections()->add_connections()->set_uid(std::to_string(i));
      Answer(part);
      if (i == 0) SendEvent();
    }
  });
  wire::ToGofer request;
  request.mutable_list_connections();
  const auto answer = client_->Call(request, {}, kLong);
  ASSERT_TRUE(answer.ok());
  ASSERT_EQ(answer->connections().connections_size(), 3);
  EXPECT_EQ(answer->connections().connections(2).uid(), "2");
  events_came_.Wait();
}

TEST_F(GoferClientTest, AskTurnsAFailureIntoAStatus) {
  auto gofer = *Thread::Start("gofer", [this] {
    wire::Response response;
    response.set_request_id(Receive().request_id());
    response.mutable_failure()->set_code(wire::Failure::DRAINING);
    Answer(response);
  });
  wire::ToGofer request;
  request.mutable_start_connection();
  EXPECT_EQ(errors::ReasonOf(client_->Ask(request, {}, kLong).status()),
            Reason::SERVER_DRAINING);
}

TEST_F(GoferClientTest, ServesManyCallersAtOnce) {
  constexpr int kCallers = 8;
  constexpr int kCalls = 50;
  auto gofer = *Thread::Start("gofer", [this] {
    for (uint64_t i = 1; i <= kCallers * kCalls; ++i) {
      const auto request = Receive();
      EXPECT_EQ(request.request_id(), i);
      wire::Response response;
      response.set_request_id(i);
      response.mutable_connection_count()->set_active(
          static_cast<uint32_t>(request.get_stats().connection_uid().size()));
      Answer(response);
    }
  });
  std::vector<Thread> callers;
  for (size_t caller = 1; caller <= kCallers; ++caller) {
    callers.push_back(*Thread::Start("caller", [this, caller] {
      for (int i = 0; i < kCalls; ++i) {
        wire::ToGofer request;
        request.mutable_get_stats()->set_connection_uid(
            std::string(caller, 'x'));
        const auto answer = client_->Call(request, {}, kLong);
        ASSERT_TRUE(answer.ok());
        EXPECT_EQ(answer->connection_count().active(), caller);
      }
    }));
  }
}

TEST_F(GoferClientTest, ALateAnswerIsDropped) {
  EXPECT_EQ(errors::ReasonOf(Count(absl::Milliseconds(1)).status()),
            Reason::GOFER_UNREACHABLE);
  wire::Response late;
  late.set_request_id(Receive().request_id());
  late.mutable_connection_count()->set_active(1);
  Answer(late);
  auto gofer = *Thread::Start("gofer", [this] {
    wire::Response response;
    response.set_request_id(Receive().request_id());
    response.mutable_connection_count()->set_active(2);
    Answer(response);
  });
  const auto answer = Count();
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->connection_count().active(), 2u);
}

TEST_F(GoferClientTest, ReportsSilenceAndItsEnd) {
  EXPECT_TRUE(client_->answers());
  EXPECT_FALSE(Count(absl::Milliseconds(1)).ok());
  EXPECT_FALSE(client_->answers());
  fell_silent_.Wait();
  EXPECT_FALSE(spoke_.open());
  wire::Response late;
  late.set_request_id(Receive().request_id());
  Answer(late);
  spoke_.Wait();
  EXPECT_TRUE(client_->answers());
}

TEST_F(GoferClientTest, ReportsTheEndOfASilenceThatWasNotReported) {
  Latch busy;
  Latch go_on;
  // The loop is held up, so that the answer is there before the silence is
  // told.
  loop_->Post([&] {
    busy.Open();
    go_on.Wait();
  });
  busy.Wait();
  EXPECT_FALSE(Count(absl::Milliseconds(1)).ok());
  EXPECT_FALSE(client_->answers());
  wire::Response late;
  late.set_request_id(Receive().request_id());
  Answer(late);
  go_on.Open();
  spoke_.Wait();
  EXPECT_TRUE(client_->answers());
}

TEST_F(GoferClientTest, RefusesTooLongARequestAndSendsTheNext) {
  wire::ToGofer request;
  request.mutable_set_daemon_data()->set_daemon_data(
      std::string(gofer::control::kMaxFrameBytes + 1, 'x'));
  EXPECT_EQ(errors::ReasonOf(client_->Call(request, {}, kLong).status()),
            Reason::FIELD_INVALID);
  auto gofer = *Thread::Start("gofer", [this] {
    wire::Response response;
    response.set_request_id(Receive().request_id());
    EXPECT_EQ(response.request_id(), 1u);
    Answer(response);
  });
  EXPECT_TRUE(Count().ok());
}

TEST_F(GoferClientTest, TheGofersEndMakesCallsFail) {
  auto gofer = *Thread::Start("gofer", [this] {
    Receive();
    gofer_.reset();
  });
  EXPECT_EQ(errors::ReasonOf(Count().status()), Reason::GOFER_UNREACHABLE);
  ExpectClosed();
  EXPECT_EQ(closed_count_, 1);
}

TEST_F(GoferClientTest, GarbageEndsTheChannel) {
  SendBytes("\xff\xff\xff\xff");
  ExpectClosed();
}

TEST_F(GoferClientTest, AnAnswerWithoutARequestEndsTheChannel) {
  wire::Response response;
  response.set_request_id(42);
  Answer(response);
  ExpectClosed();
}

TEST_F(GoferClientTest, DescriptorsFromAGoferEndTheChannel) {
  const UniqueFd event(::eventfd(0, EFD_CLOEXEC));
  const int fd = event.get();
  wire::FromGofer message;
  message.mutable_event();
  SendBytes(message.SerializeAsString(), {&fd, 1});
  ExpectClosed();
  EXPECT_EQ(events_, 0);
}

TEST_F(GoferClientTest, PartsThatDoNotBelongTogetherEndTheChannel) {
  auto gofer = *Thread::Start("gofer", [this] {
    wire::Response part;
    part.set_request_id(Receive().request_id());
    part.set_more(true);
    part.mutable_connections();
    Answer(part);
    part.mutable_rules();
    Answer(part);
  });
  EXPECT_FALSE(Count().ok());
  ExpectClosed();
}

TEST_F(GoferClientTest, TooLongAnAnswerIsAnErrorAndNoEndOfTheChannel) {
  auto gofer = *Thread::Start("gofer", [this] {
    wire::Response part;
    part.set_request_id(Receive().request_id());
    part.set_more(true);
    part.mutable_connections()->add_connections()->set_daemon_data(
        std::string(size_t{512} << 10, 'x'));
    for (int i = 0; i < 40; ++i) Answer(part);
    part.set_more(false);
    Answer(part);
    wire::Response next;
    next.set_request_id(Receive().request_id());
    next.mutable_connection_count()->set_active(3);
    Answer(next);
  });
  EXPECT_EQ(errors::ReasonOf(Count().status()), Reason::INTERNAL_FAULT);
  EXPECT_TRUE(client_->connected());
  const auto answer = Count();
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->connection_count().active(), 3u);
}

TEST_F(GoferClientTest, EmptySubmessagesEndTheChannel) {
  auto gofer = *Thread::Start("gofer", [this] {
    wire::Response part;
    part.set_request_id(Receive().request_id());
    part.set_more(true);
    for (int i = 0; i < 200'000; ++i) part.mutable_stats()->add_stats();
    wire::FromGofer message;
    *message.mutable_response() = part;
    const std::string bytes = message.SerializeAsString();
    // 6 MiB, of 16 that an answer may have.
    for (int i = 0; i < 15; ++i) {
      if (!gofer_->Send(bytes, {}, kSendNs).ok()) return;
    }
    part.set_more(false);
    part.clear_stats();
    part.mutable_stats();
    Answer(part);
  });
  EXPECT_EQ(errors::ReasonOf(Count().status()), Reason::GOFER_UNREACHABLE);
  ExpectClosed();
}

TEST_F(GoferClientTest, ReceivesAFloodOfEventsAtALimitedRate) {
  constexpr int kMore = 2048;
  expected_events_ = static_cast<int>(GoferClient::kEventBurst) + kMore;
  const uint64_t begin = gofer::base::MonotonicNanos();
  auto gofer = *Thread::Start("gofer", [this] {
    for (int i = 0; i < expected_events_; ++i) SendEvent();
  });
  events_came_.Wait();
  const double seconds =
      static_cast<double>(gofer::base::MonotonicNanos() - begin) / 1e9;
  // No event is lost, and the last events come at the limited rate.
  EXPECT_GT(seconds, 0.9 * kMore / GoferClient::kEventsPerSecond);
}

TEST_F(GoferClientTest, ALingeringSocketInTheChannelDelaysNobody) {
  gofer::test::LingeringSocket lingering(60);
  const int fd = lingering.socket.get();
  Latch entered;
  Latch go_on;
  loop_->Post([&] {
    entered.Open();
    go_on.Wait();
  });
  entered.Wait();
  SendBytes("", {&fd, 1});
  lingering.socket.reset();
  go_on.Open();
  const uint64_t begin = gofer::base::MonotonicNanos();
  ExpectClosed();
  client_.reset();
  EXPECT_LT(gofer::base::MonotonicNanos() - begin, 20'000'000'000u);
}

TEST_F(GoferClientTest, IgnoresMessagesOfANewerGofer) {
  SendBytes("");
  expected_events_ = 1;
  SendEvent();
  events_came_.Wait();
  EXPECT_FALSE(closed_.open());
}

TEST_F(GoferClientTest, NoCallbackRunsAfterItsDestruction) {
  client_.reset();
  gofer_.reset();
  Latch settled;
  loop_->Post([&] { settled.Open(); });
  settled.Wait();
  EXPECT_EQ(closed_count_, 0);
}

TEST_F(GoferClientTest, MayBeDestroyedAfterItsLoop) {
  loop_->Stop();
  client_.reset();
}

TEST(GoferClientConnectTest, ReportsAnUnreachableGofer) {
  const auto loop = *event_loop::EventLoop::Start();
  for (const char* path : {"/nonexistent/control.sock", "/etc/passwd", "x"}) {
    const auto client = GoferClient::Connect(path, *loop, {});
    EXPECT_EQ(errors::ReasonOf(client.status()), Reason::GOFER_UNREACHABLE)
        << path;
  }
}

TEST(ResponsePartsTest, DropsAnAnswerThatIsTooLong) {
  ResponseParts parts;
  wire::Response part;
  part.set_more(true);
  part.mutable_connections()->add_connections();
  EXPECT_TRUE(parts.Add(part, {ResponseParts::kMaxBytes, 1}).ok());
  EXPECT_FALSE(parts.too_long());
  EXPECT_EQ(parts.space(), 1u);
  EXPECT_TRUE(parts.Add(part, {1, 0}).ok());
  EXPECT_TRUE(parts.too_long());
  EXPECT_EQ(parts.space(), 0u);
  part.set_more(false);
  EXPECT_TRUE(parts.Add(part, {1, 0}).ok());
  EXPECT_TRUE(parts.complete());
}

TEST(ResponsePartsTest, DropsAnAnswerThatTakesTooMuchMemory) {
  ResponseParts parts;
  wire::Response part;
  const size_t space = ResponseParts::kMaxSpace + 1;
  EXPECT_TRUE(parts.Add(part, {space / 4, space}).ok());
  EXPECT_TRUE(parts.too_long());
}

TEST(ResponsePartsTest, RefusesAnAnswerWithoutAnEnd) {
  ResponseParts parts;
  parts.Discard();
  wire::Response part;
  part.set_more(true);
  EXPECT_TRUE(parts.Add(part, {ResponseParts::kMostDropped, 0}).ok());
  EXPECT_FALSE(parts.Add(part, {1, 0}).ok());
}

TEST(ResponsePartsTest, RefusesAnAnswerThatIsAllMemory) {
  ResponseParts parts;
  wire::Response part;
  EXPECT_FALSE(parts.Add(part, {1000, ResponseParts::kMaxSpace + 1}).ok());
}

}  // namespace
}  // namespace goferd::worker
