#include "controlplane/handoff/attach_server.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controlplane/attach_record/attach_record.h"
#include "controlplane/errors/error.h"
#include "controlplane/supervisor/attachments.h"
#include "controlplane/tickets/ticket_table.h"
#include "server/base/brief_closes.h"
#include "server/base/clock.h"
#include "server/base/thread.h"
#include "server/uds/fd_message.h"
#include "server/uds/unix_socket.h"
#include "tests/support/hostile_fds.h"
#include "tests/support/latch.h"
#include "tests/support/open_fds.h"

namespace goferd::handoff {
namespace {

using admin::v1::ATTACH_MODE_GIVE;
using admin::v1::ATTACH_MODE_TAKE;
using admin::v1::AttachMode;
using errors::Reason;
using gofer::base::MutexLock;
using gofer::base::Thread;
using gofer::base::UniqueFd;
using gofer::uds::SocketType;
using tickets::AttachClaim;

// Real tickets; the gofers' ends are kept for the test.
class TicketSupervisor : public supervisor::Attachments {
 public:
  std::string Issue(AttachMode mode,
                    std::optional<admin::v1::Peer> peer = std::nullopt,
                    absl::Duration ttl = absl::Hours(1)) {
    const std::string uid = absl::StrCat("uid-", ++last_);
    return *tickets_.Issue({"server", uid, uid}, mode, peer, absl::Now() + ttl);
  }
  absl::Status CheckTickets(const std::vector<std::string>& tickets,
                            const gofer::uds::PeerCredentials& peer,
                            AttachMode mode) override {
    return tickets_.Check(tickets, peer, mode, absl::Now());
  }
  absl::StatusOr<std::vector<AttachClaim>> ClaimTickets(
      const std::vector<std::string>& tickets,
      const gofer::uds::PeerCredentials& peer, AttachMode mode) override {
    return tickets_.Claim(tickets, peer, mode, absl::Now());
  }
  absl::Status Attach(const AttachClaim& claim, UniqueFd gofer_end,
                      const gofer::uds::PeerCredentials&) override {
    entered_.Open();
    if (blocked_) go_on_.Wait();
    MutexLock lock(mu_);
    ++attach_count_;
    if (claim.connection_uid == failing_) {
      return errors::Error(failure_, "it died");
    }
    ends_.push_back(std::move(gofer_end));
    return absl::OkStatus();
  }

  // No ticket of this test is for LISTEN.
  void SetSockets(std::shared_ptr<tickets::ConnectionSockets>) override {}
  void Abandon(const AttachClaim& claim, absl::string_view) override {
    MutexLock lock(mu_);
    abandoned_.push_back(claim.connection_uid);
  }
  void TakeBack(const AttachClaim& claim, absl::string_view) override {
    MutexLock lock(mu_);
    taken_back_.push_back(claim.connection_uid);
  }

  size_t tickets() const { return tickets_.size(); }
  std::vector<UniqueFd> TakeEnds() {
    MutexLock lock(mu_);
    return std::exchange(ends_, {});
  }
  int attach_count() {
    MutexLock lock(mu_);
    return attach_count_;
  }

  std::vector<std::string> abandoned() {
    MutexLock lock(mu_);
    return abandoned_;
  }

  std::vector<std::string> taken_back() {
    MutexLock lock(mu_);
    return taken_back_;
  }

  std::string failing_;
  Reason failure_ = Reason::CONNECTION_NOT_PENDING;
  std::atomic<bool> blocked_ = false;
  gofer::test::Latch entered_;
  gofer::test::Latch go_on_;

 private:
  tickets::TicketTable tickets_{100};
  std::atomic<int> last_ = 0;
  gofer::base::Mutex mu_;
  std::vector<UniqueFd> ends_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> abandoned_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> taken_back_ ABSL_GUARDED_BY(mu_);
  int attach_count_ ABSL_GUARDED_BY(mu_) = 0;
};

struct Got {
  attach_record::AttachAnswer answer;
  std::vector<UniqueFd> fds;
};

class AttachServerTest : public ::testing::Test {
 protected:
  AttachServerTest() {
    std::string pattern = ::testing::TempDir() + "attach-XXXXXX";
    base_ = ::mkdtemp(pattern.data());
    audit_ = *auth::AuditLog::Open(base_ + "/audit");
    config_.set_path(base_ + "/attach/attach.sock");
    Restart({});
  }
  ~AttachServerTest() override {
    if (held_ != nullptr) held_->Open();
    supervisor_.go_on_.Open();
    server_.reset();
    std::filesystem::remove_all(base_);
  }

  void Restart(const AttachServer::Limits& limits) {
    server_.reset();
    auto server =
        AttachServer::Start(config_, *loop_, supervisor_, *audit_, limits);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  UniqueFd Connect() const {
    UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    config_.path().copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address),
                        sizeof(address)),
              0);
    return socket;
  }
  static void Send(int socket, const std::string& packet,
                   std::span<const int> fds = {}) {
    ASSERT_TRUE(gofer::uds::SendWithFds(
                    socket,
                    std::as_bytes(std::span(packet.data(), packet.size())), fds,
                    0)
                    .ok());
  }
  // Returns nothing when the server has closed without an answer.
  static std::optional<Got> Receive(int socket) {
    std::byte bytes[attach_record::kMaxAnswerBytes + 1];
    auto message = gofer::uds::ReceiveWithFds(socket, bytes,
                                              attach_record::kMaxTickets, 0);
    if (!message.ok() || message->byte_count == 0) return std::nullopt;
    auto answer = attach_record::DecodeAnswer(absl::string_view(
        reinterpret_cast<const char*>(bytes), message->byte_count));
    EXPECT_TRUE(answer.has_value());
    EXPECT_EQ(answer->fd_count, message->fds.size());
    return Got{*std::move(answer), std::move(message->fds)};
  }
  Got Exchange(const std::string& packet, std::span<const int> fds = {}) const {
    const UniqueFd socket = Connect();
    Send(socket.get(), packet, fds);
    auto got = Receive(socket.get());
    EXPECT_TRUE(got.has_value());
    return got ? std::move(*got) : Got{};
  }
  Got Take(const std::vector<std::string>& tickets) const {
    return Exchange(*attach_record::EncodeRequest(
        {attach_record::AttachOp::kTake, tickets}));
  }
  Got Give(const std::vector<std::string>& tickets,
           std::span<const int> fds) const {
    return Exchange(*attach_record::EncodeRequest(
                        {attach_record::AttachOp::kGive, tickets}),
                    fds);
  }
  static Reason ReasonIn(const Got& got) {
    return static_cast<Reason>(got.answer.reason);
  }
  static bool AreConnected(int one, int other) {
    char byte = 0;
    return ::write(one, "x", 1) == 1 && ::read(other, &byte, 1) == 1 &&
           byte == 'x';
  }
  static bool HasEnded(int socket) {
    char byte;
    return ::recv(socket, &byte, 1, 0) == 0;
  }

  // A record is written before its answer is sent.
  std::string Audit() const {
    std::ifstream file(base_ + "/audit");
    return {std::istreambuf_iterator<char>(file), {}};
  }

  // Keeps the loop busy until held_ is opened, at the end at the latest.
  void HoldLoop() {
    held_ = std::make_shared<gofer::test::Latch>();
    gofer::test::Latch entered;
    loop_->Post([&entered, held = held_] {
      entered.Open();
      held->Wait();
    });
    entered.Wait();
  }
  // A client that sends the last descriptor there is of `lingering`.
  UniqueFd SendLingering(const std::string& packet,
                         const gofer::test::LingeringSocket& lingering) {
    const bool hold = held_ == nullptr;
    if (hold) HoldLoop();
    UniqueFd socket = Connect();
    const int fd = lingering.socket.get();
    // Fails when the server has refused the client already; the last close is
    // ours then.
    (void)gofer::uds::SendWithFds(
        socket.get(), std::as_bytes(std::span(packet.data(), packet.size())),
        {&fd, 1}, 0);
    const gofer::base::BriefCloses brief;
    lingering.socket.reset();
    if (hold) std::exchange(held_, nullptr)->Open();
    return socket;
  }

  std::string base_;
  std::shared_ptr<gofer::test::Latch> held_;
  std::unique_ptr<auth::AuditLog> audit_;
  config::v1::AttachConfig config_;
  TicketSupervisor supervisor_;
  std::unique_ptr<event_loop::EventLoop> loop_ =
      *event_loop::EventLoop::Start();
  std::unique_ptr<AttachServer> server_;
};

TEST_F(AttachServerTest, TakeGivesOneEndForEachTicketInOrder) {
  const auto got = Take({supervisor_.Issue(ATTACH_MODE_TAKE),
                         supervisor_.Issue(ATTACH_MODE_TAKE)});
  EXPECT_EQ(got.answer.status, 0u);
  ASSERT_EQ(got.fds.size(), 2u);
  const auto ends = supervisor_.TakeEnds();
  ASSERT_EQ(ends.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_TRUE(AreConnected(got.fds[i].get(), ends[i].get()));
    EXPECT_EQ(::fcntl(got.fds[i].get(), F_GETFL) & O_NONBLOCK, 0);
  }
}

TEST_F(AttachServerTest, TakesTheMaximumOfTicketsInOneRequest) {
  Restart({});
  std::vector<std::string> tickets;
  for (int i = 0; i < 100; ++i) {
    tickets.push_back(supervisor_.Issue(ATTACH_MODE_TAKE));
  }
  EXPECT_EQ(Take(tickets).fds.size(), 100u);
}

TEST_F(AttachServerTest, GiveHandsOverTheSocket) {
  const auto pair = *gofer::uds::MakeSocketPair(SocketType::kStream);
  const int fd = pair.second.get();
  EXPECT_EQ(Give({supervisor_.Issue(ATTACH_MODE_GIVE)}, {&fd, 1}).answer.status,
            0u);
  const auto ends = supervisor_.TakeEnds();
  ASSERT_EQ(ends.size(), 1u);
  EXPECT_TRUE(AreConnected(pair.first.get(), ends[0].get()));
}

TEST_F(AttachServerTest, UnknownUsedExpiredAndOfAnotherModeAnswerTheSame) {
  const std::string used = supervisor_.Issue(ATTACH_MODE_TAKE);
  EXPECT_EQ(Take({used}).answer.status, 0u);
  const std::string bad[] = {
      std::string(attach_record::kTicketSize, 'x'), used,
      supervisor_.Issue(ATTACH_MODE_TAKE, std::nullopt, -absl::Seconds(1)),
      supervisor_.Issue(ATTACH_MODE_GIVE)};
  const std::string text = Take({bad[0]}).answer.text;
  for (const std::string& ticket : bad) {
    const auto got = Take({ticket});
    EXPECT_EQ(ReasonIn(got), Reason::TICKET_INVALID);
    EXPECT_EQ(got.answer.status, 16u);  // UNAUTHENTICATED
    EXPECT_EQ(got.answer.text, text);
    EXPECT_TRUE(got.fds.empty());
  }
}

TEST_F(AttachServerTest, OneBadTicketCostsTheOthersNothing) {
  const std::string good = supervisor_.Issue(ATTACH_MODE_TAKE);
  EXPECT_EQ(
      ReasonIn(Take({good, std::string(attach_record::kTicketSize, 'x')})),
      Reason::TICKET_INVALID);
  EXPECT_EQ(ReasonIn(Take({good, good})), Reason::TICKET_INVALID);
  EXPECT_EQ(supervisor_.attach_count(), 0);
  EXPECT_EQ(Take({good}).answer.status, 0u);
}

TEST_F(AttachServerTest, AnotherPeerIsRefusedAndTheTicketStaysGood) {
  admin::v1::Peer peer;
  peer.set_pid(::getpid() + 1);
  const std::string ticket = supervisor_.Issue(ATTACH_MODE_TAKE, peer);
  EXPECT_EQ(ReasonIn(Take({ticket})), Reason::PEER_MISMATCH);
  EXPECT_EQ(supervisor_.tickets(), 1u);
}

TEST_F(AttachServerTest, TheExpectedPeerIsServed) {
  admin::v1::Peer peer;
  peer.set_pid(::getpid());
  peer.set_uid(::getuid());
  peer.set_gid(::getgid());
  EXPECT_EQ(Take({supervisor_.Issue(ATTACH_MODE_TAKE, peer)}).answer.status,
            0u);
}

TEST_F(AttachServerTest, AuditsUsesOfTicketsWithoutTheTickets) {
  const std::string good = supervisor_.Issue(ATTACH_MODE_TAKE);
  const std::string dying = supervisor_.Issue(ATTACH_MODE_TAKE);
  supervisor_.failing_ = "uid-2";
  Take({good, dying});
  Take({good});
  const std::string text = Audit();
  EXPECT_THAT(text, ::testing::HasSubstr(absl::StrCat(
                        "\"caller\":\"uid=", ::getuid(), " gid=", ::getgid(),
                        " pid=", ::getpid(), "\"")));
  EXPECT_THAT(text, ::testing::HasSubstr(
                        "\"method\":\"attach/TAKE\",\"resource\":\"servers/"
                        "server/connections/uid-1\",\"code\":\"OK\""));
  EXPECT_THAT(text, ::testing::HasSubstr(
                        "connections/uid-2\",\"code\":\"FAILED_PRECONDITION\","
                        "\"reason\":\"CONNECTION_NOT_PENDING\""));
  EXPECT_THAT(text, ::testing::HasSubstr("\"reason\":\"TICKET_INVALID\""));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
  EXPECT_EQ(text.find(good), std::string::npos);
}

TEST_F(AttachServerTest, AFloodOfBadTicketsDoesNotFillTheAuditLog) {
  for (int i = 0; i < 50; ++i)
    Take({std::string(attach_record::kTicketSize, 'x')});
  const std::string text = Audit();
  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 25);
  EXPECT_NE(text, "");
}

TEST_F(AttachServerTest, ServesOneOfTwoRacingClientsWithOneTicket) {
  for (int round = 0; round < 50; ++round) {
    const std::string ticket = supervisor_.Issue(ATTACH_MODE_TAKE);
    std::atomic<int> winners = 0;
    std::atomic<int> losers = 0;
    const auto show = [&] {
      const auto got = Take({ticket});
      if (got.answer.status == 0) {
        ++winners;
      } else if (ReasonIn(got) == Reason::TICKET_INVALID) {
        ++losers;
      }
    };
    auto one = *Thread::Start("one", show);
    auto other = *Thread::Start("other", show);
    one.Join();
    other.Join();
    EXPECT_EQ(winners, 1);
    EXPECT_EQ(losers, 1);
  }
}

TEST_F(AttachServerTest, DescriptorsOfAnotherKindAreRefusedAndClosed) {
  const std::string ticket = supervisor_.Issue(ATTACH_MODE_GIVE);
  const auto packets = *gofer::uds::MakeSocketPair(SocketType::kSeqPacket);
  const UniqueFd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const UniqueFd event(::eventfd(0, EFD_CLOEXEC));
  const UniqueFd tcp(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const UniqueFd unconnected(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const UniqueFd path(::open("/", O_PATH | O_CLOEXEC));
  for (const UniqueFd* one :
       {&packets.first, &file, &event, &tcp, &unconnected, &path}) {
    const int fd = one->get();
    EXPECT_EQ(ReasonIn(Give({ticket}, {&fd, 1})), Reason::FIELD_INVALID);
  }
  EXPECT_EQ(supervisor_.tickets(), 1u);
}

TEST_F(AttachServerTest, ClosesDescriptorsOfARefusedRequest) {
  auto pair = *gofer::uds::MakeSocketPair(SocketType::kStream);
  const int fd = pair.second.get();
  EXPECT_EQ(
      ReasonIn(Give({std::string(attach_record::kTicketSize, 'x')}, {&fd, 1})),
      Reason::TICKET_INVALID);
  pair.second.reset();
  EXPECT_TRUE(HasEnded(pair.first.get()));
}

TEST_F(AttachServerTest, AWrongNumberOfDescriptorsIsRefused) {
  const std::string give = supervisor_.Issue(ATTACH_MODE_GIVE);
  const std::string take = supervisor_.Issue(ATTACH_MODE_TAKE);
  const auto pair = *gofer::uds::MakeSocketPair(SocketType::kStream);
  const int fds[] = {pair.first.get(), pair.second.get()};
  EXPECT_EQ(ReasonIn(Give({give}, {})), Reason::FIELD_INVALID);
  EXPECT_EQ(ReasonIn(Give({give}, fds)), Reason::FIELD_INVALID);
  EXPECT_EQ(ReasonIn(Exchange(*attach_record::EncodeRequest(
                                  {attach_record::AttachOp::kTake, {take}}),
                              fds)),
            Reason::FIELD_INVALID);
  EXPECT_EQ(supervisor_.tickets(), 2u);
}

TEST_F(AttachServerTest, MoreDescriptorsThanAreTakenAreAllClosed) {
  auto pair = *gofer::uds::MakeSocketPair(SocketType::kStream);
  const std::vector<int> fds(gofer::uds::kMaxFdsPerMessage, pair.second.get());
  EXPECT_EQ(ReasonIn(Give({supervisor_.Issue(ATTACH_MODE_GIVE)}, fds)),
            Reason::FIELD_INVALID);
  pair.second.reset();
  EXPECT_TRUE(HasEnded(pair.first.get()));
}

TEST_F(AttachServerTest, RefusesPacketsThatAreNoRequest) {
  const std::string good = *attach_record::EncodeRequest(
      {attach_record::AttachOp::kTake, {supervisor_.Issue(ATTACH_MODE_TAKE)}});
  const std::string bad[] = {
      "x", good.substr(0, 11), good + "x",
      std::string(attach_record::kMaxRequestBytes + 1, 'x'),
      std::string(100'000, 'x')};
  for (const std::string& packet : bad) {
    EXPECT_EQ(ReasonIn(Exchange(packet)), Reason::FIELD_INVALID)
        << packet.size();
  }
  EXPECT_EQ(supervisor_.tickets(), 1u);
}

TEST_F(AttachServerTest, EndsAClientThatSendsNothing) {
  Restart({.patience = absl::Milliseconds(20)});
  const UniqueFd silent = Connect();
  const auto got = Receive(silent.get());
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->answer.status,
            static_cast<uint32_t>(absl::StatusCode::kDeadlineExceeded));
  EXPECT_TRUE(HasEnded(silent.get()));
}

TEST_F(AttachServerTest, PatienceEndsWithTheRequestNotWithTheAnswer) {
  Restart({.patience = absl::Milliseconds(20)});
  supervisor_.blocked_ = true;
  const UniqueFd socket = Connect();
  Send(socket.get(),
       *attach_record::EncodeRequest({attach_record::AttachOp::kTake,
                                      {supervisor_.Issue(ATTACH_MODE_TAKE)}}));
  supervisor_.entered_.Wait();
  gofer::test::Latch later;
  loop_->After(absl::Milliseconds(60), [&] { later.Open(); });
  later.Wait();
  supervisor_.go_on_.Open();
  const auto got = Receive(socket.get());
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->answer.status, 0u);
}

TEST_F(AttachServerTest, AFloodIsRefusedAtOnceAndThereIsRoomAgain) {
  Restart({.clients_of_user = 4, .waiting = 0});
  std::vector<UniqueFd> silent;
  for (int i = 0; i < 4; ++i) silent.push_back(Connect());
  for (int i = 0; i < 50; ++i) {
    const UniqueFd one_more = Connect();
    const auto got = Receive(one_more.get());
    ASSERT_TRUE(got.has_value());
    EXPECT_EQ(ReasonIn(*got), Reason::PROCESS_LIMIT);
  }
  // Its end is seen when the answer to its garbage has come.
  Send(silent[0].get(), "x");
  ASSERT_TRUE(Receive(silent[0].get()).has_value());
  EXPECT_TRUE(HasEnded(silent[0].get()));
  // A client sees its end a moment before its place is free. Until then others
  // are refused, maybe before they have sent what they want.
  const std::string packet = *attach_record::EncodeRequest(
      {attach_record::AttachOp::kTake, {supervisor_.Issue(ATTACH_MODE_TAKE)}});
  std::optional<Got> got;
  do {
    const UniqueFd socket = Connect();
    (void)::send(socket.get(), packet.data(), packet.size(), MSG_NOSIGNAL);
    got = Receive(socket.get());
  } while (!got || ReasonIn(*got) == Reason::PROCESS_LIMIT);
  EXPECT_EQ(got->answer.status, 0u);
}

TEST_F(AttachServerTest, ClientsWithoutAPlaceWaitForOne) {
  Restart({.clients_of_user = 2});
  const UniqueFd silent[] = {Connect(), Connect()};
  std::vector<UniqueFd> waiting;
  for (int i = 0; i < 20; ++i) {
    waiting.push_back(Connect());
    Send(waiting.back().get(), *attach_record::EncodeRequest(
                                   {attach_record::AttachOp::kTake,
                                    {supervisor_.Issue(ATTACH_MODE_TAKE)}}));
  }
  Send(silent[0].get(), "x");
  for (const UniqueFd& client : waiting) {
    const auto got = Receive(client.get());
    ASSERT_TRUE(got.has_value());
    EXPECT_EQ(got->answer.status, 0u) << got->answer.text;
    EXPECT_EQ(got->fds.size(), 1u);
  }
}

TEST_F(AttachServerTest, AClientThatWaitsTooLongIsRefused) {
  Restart({.clients_of_user = 1, .wait = absl::Milliseconds(1)});
  const UniqueFd silent = Connect();
  const UniqueFd waiting = Connect();
  const auto got = Receive(waiting.get());
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(ReasonIn(*got), Reason::PROCESS_LIMIT);
}

TEST_F(AttachServerTest, AUserWhoFloodsTheQueueIsRefused) {
  Restart({.clients_of_user = 1, .waiting_of_user = 1});
  const UniqueFd silent = Connect();
  const UniqueFd waiting = Connect();
  const UniqueFd one_more = Connect();
  const auto got = Receive(one_more.get());
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(ReasonIn(*got), Reason::PROCESS_LIMIT);
}

TEST_F(AttachServerTest, OneFailureEndsAllConnectionsOfTheOrder) {
  const std::vector<std::string> tickets = {
      supervisor_.Issue(ATTACH_MODE_TAKE), supervisor_.Issue(ATTACH_MODE_TAKE),
      supervisor_.Issue(ATTACH_MODE_TAKE)};
  supervisor_.failing_ = "uid-2";
  const auto got = Take(tickets);
  EXPECT_EQ(ReasonIn(got), Reason::CONNECTION_NOT_PENDING);
  EXPECT_TRUE(got.fds.empty());
  // The one before it is taken back, the one behind it is not tried.
  EXPECT_EQ(supervisor_.attach_count(), 2);
  EXPECT_EQ(supervisor_.taken_back(), std::vector<std::string>({"uid-1"}));
  EXPECT_EQ(supervisor_.abandoned(),
            std::vector<std::string>({"uid-2", "uid-3"}));
  for (const UniqueFd& end : supervisor_.TakeEnds()) {
    EXPECT_TRUE(HasEnded(end.get()));
  }
}

TEST_F(AttachServerTest, AHungGoferIsAskedOnceAndAllItsClaimsEnd) {
  std::vector<std::string> tickets;
  for (int i = 0; i < 100; ++i) {
    tickets.push_back(supervisor_.Issue(ATTACH_MODE_TAKE));
  }
  supervisor_.failing_ = "uid-1";
  supervisor_.failure_ = Reason::GOFER_UNREACHABLE;
  EXPECT_EQ(ReasonIn(Take(tickets)), Reason::GOFER_UNREACHABLE);
  EXPECT_EQ(supervisor_.attach_count(), 1);
  EXPECT_EQ(supervisor_.abandoned().size(), 100u);
}

TEST_F(AttachServerTest, AnOrderThatTakesTooLongEndsAllItsClaims) {
  Restart({.order_time = absl::ZeroDuration()});
  EXPECT_EQ(ReasonIn(Take({supervisor_.Issue(ATTACH_MODE_TAKE),
                           supervisor_.Issue(ATTACH_MODE_TAKE)})),
            Reason::GOFER_UNREACHABLE);
  EXPECT_EQ(supervisor_.attach_count(), 0);
  EXPECT_EQ(supervisor_.abandoned().size(), 2u);
}

TEST_F(AttachServerTest, JunkTicketsMakeNoDescriptors) {
  std::vector<std::string> junk(attach_record::kMaxTickets,
                                std::string(attach_record::kTicketSize, 'x'));
  for (size_t i = 0; i < junk.size(); ++i) junk[i][0] = static_cast<char>(i);
  const UniqueFd socket = Connect();
  rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(socket.get()) + 20;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  Send(socket.get(),
       *attach_record::EncodeRequest({attach_record::AttachOp::kTake, junk}));
  const auto got = Receive(socket.get());
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(ReasonIn(*got), Reason::TICKET_INVALID);
}

// Whoever waits for such a socket to close exceeds every bound of these tests.
constexpr int kLingerSeconds = 60;
constexpr uint64_t kSoon = 20'000'000'000;

TEST_F(AttachServerTest, ALingeringSocketBesideJunkDelaysNobody) {
  const uint64_t begin = gofer::base::MonotonicNanos();
  const std::vector<std::string> tickets{
      std::string(attach_record::kTicketSize, 'x')};
  for (const std::string& packet :
       {std::string("junk"), *attach_record::EncodeRequest(
                                 {attach_record::AttachOp::kGive, tickets})}) {
    const gofer::test::LingeringSocket lingering(kLingerSeconds);
    const UniqueFd socket = SendLingering(packet, lingering);
    EXPECT_TRUE(Receive(socket.get()).has_value());
  }
  EXPECT_LT(gofer::base::MonotonicNanos() - begin, kSoon);
}

TEST_F(AttachServerTest, LingeringSocketsOfRefusedClientsDelayNobody) {
  Restart({.clients_of_user = 1, .waiting = 0});
  const uint64_t begin = gofer::base::MonotonicNanos();
  const UniqueFd silent = Connect();
  for (int i = 0; i < 4; ++i) {
    const gofer::test::LingeringSocket lingering(kLingerSeconds);
    const UniqueFd socket = SendLingering("junk", lingering);
    const auto got = Receive(socket.get());
    ASSERT_TRUE(got.has_value());
    EXPECT_EQ(ReasonIn(*got), Reason::PROCESS_LIMIT);
  }
  Send(silent.get(), "x");
  EXPECT_TRUE(Receive(silent.get()).has_value());
  EXPECT_TRUE(HasEnded(silent.get()));
  // A client sees its end a moment before its place is free.
  uint32_t status = 0;
  do {
    status = Take({supervisor_.Issue(ATTACH_MODE_TAKE)}).answer.status;
  } while (status ==
               static_cast<uint32_t>(absl::StatusCode::kResourceExhausted) &&
           gofer::base::MonotonicNanos() - begin < kSoon);
  EXPECT_EQ(status, 0u);
  EXPECT_LT(gofer::base::MonotonicNanos() - begin, kSoon);
}

TEST_F(AttachServerTest, LingeringSocketsInTheQueueDoNotDelayDestruction) {
  const gofer::test::LingeringSocket lingering(kLingerSeconds);
  HoldLoop();
  const UniqueFd socket = SendLingering("junk", lingering);
  const uint64_t begin = gofer::base::MonotonicNanos();
  server_.reset();
  EXPECT_LT(gofer::base::MonotonicNanos() - begin, kSoon);
}

TEST_F(AttachServerTest, AFileThatNeverClosesCostsNobodyButItsClient) {
  const auto file = gofer::test::SilentFuseFile::Make();
  if (file == nullptr) GTEST_SKIP() << "no FUSE here";
  Restart({.clients_of_user = 2, .waiting = 0});
  const UniqueFd socket = Connect();
  const int fd = file->fd();
  Send(socket.get(),
       *attach_record::EncodeRequest({attach_record::AttachOp::kGive,
                                      {supervisor_.Issue(ATTACH_MODE_GIVE)}}),
       {&fd, 1});
  file->AwaitClose();
  EXPECT_EQ(Take({supervisor_.Issue(ATTACH_MODE_TAKE)}).answer.status, 0u);
  // It keeps its place: one of two further clients is refused. Which of them
  // depends on whether the place of the client before is free already.
  const UniqueFd others[] = {Connect(), Connect()};
  pollfd answers[] = {{others[0].get(), POLLIN, 0},
                      {others[1].get(), POLLIN, 0}};
  ASSERT_GT(::poll(answers, 2, -1), 0);
  const auto got = Receive(answers[answers[0].revents != 0 ? 0 : 1].fd);
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(ReasonIn(*got), Reason::PROCESS_LIMIT);
  server_.reset();
}

TEST_F(AttachServerTest, AClientThatIsGoneLosesItsConnection) {
  supervisor_.blocked_ = true;
  {
    const UniqueFd socket = Connect();
    Send(socket.get(), *attach_record::EncodeRequest(
                           {attach_record::AttachOp::kTake,
                            {supervisor_.Issue(ATTACH_MODE_TAKE)}}));
    supervisor_.entered_.Wait();
  }
  supervisor_.go_on_.Open();
  server_.reset();
  const auto ends = supervisor_.TakeEnds();
  ASSERT_EQ(ends.size(), 1u);
  EXPECT_TRUE(HasEnded(ends[0].get()));
}

TEST_F(AttachServerTest, NoDescriptorIsLeftBehind) {
  const int before = gofer::test::CountOpenFds();
  for (int i = 0; i < 20; ++i) {
    const auto pair = *gofer::uds::MakeSocketPair(SocketType::kStream);
    const int fds[] = {pair.first.get(), pair.second.get()};
    Give({std::string(attach_record::kTicketSize, 'x')}, fds);
    Give({std::string(attach_record::kTicketSize, 'x')}, {fds, 1});
    Take({supervisor_.Issue(ATTACH_MODE_TAKE)});
    Connect();
  }
  supervisor_.TakeEnds();
  server_.reset();
  // The listener and its directory have gone, too.
  EXPECT_EQ(gofer::test::CountOpenFds(), before - 2);
}

TEST_F(AttachServerTest, EndsWhileClientsWait) {
  const UniqueFd silent = Connect();
  const UniqueFd other = Connect();
  Send(other.get(), "x");
  ASSERT_TRUE(Receive(other.get()).has_value());
  server_.reset();
  EXPECT_TRUE(HasEnded(silent.get()));
}

}  // namespace
}  // namespace goferd::handoff
