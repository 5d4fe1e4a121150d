#include "controlplane/handoff/listen_server.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "controlplane/handoff/listen_directory.h"
#include "controlplane/supervisor/attachments.h"
#include "controlplane/tickets/ticket_table.h"
#include "server/base/thread.h"
#include "tests/support/latch.h"
#include "tests/support/open_fds.h"

namespace goferd::handoff {
namespace {

using admin::v1::ATTACH_MODE_LISTEN;
using admin::v1::AttachMode;
using errors::Reason;
using gofer::base::MutexLock;
using gofer::base::Thread;
using gofer::base::UniqueFd;
using ::testing::IsEmpty;
using tickets::AttachClaim;
using tickets::ConnectionSockets;
using tickets::TicketTable;

// Real tickets with their sockets; the gofers' ends are kept for the test.
class SocketSupervisor : public supervisor::Attachments {
 public:
  // Returns a path, or the error for which there is none.
  absl::StatusOr<std::string> Start(
      const std::string& uid,
      const std::optional<admin::v1::Peer>& peer = std::nullopt,
      absl::Duration ttl = absl::Hours(1)) {
    const auto sockets = this->sockets();
    const std::string ticket = *tickets_.Issue(
        {"server", uid, uid}, ATTACH_MODE_LISTEN, peer, absl::Now() + ttl);
    auto socket = sockets->Open(ticket);
    if (!socket.ok()) {
      tickets_.Revoke(uid);
      return socket.status();
    }
    const std::string path = (*socket)->path();
    tickets_.Keep(TicketTable::HashOf(ticket), *std::move(socket));
    return path;
  }
  // Knows the ticket as if an earlier run had issued it.
  void Remember(const std::string& ticket) {
    tickets_.Restore(TicketTable::HashOf(ticket), {"server", "old", "old"},
                     ATTACH_MODE_LISTEN, std::nullopt,
                     absl::Now() + absl::Hours(1));
  }
  void Restore(ConnectionSockets::Others others) {
    auto opened = sockets()->Reopen(tickets_.WithoutSocket(), others);
    for (auto& [sha256, socket] : opened) {
      tickets_.Keep(sha256, std::move(socket));
    }
  }

  void SetSockets(std::shared_ptr<ConnectionSockets> sockets) override {
    {
      MutexLock lock(mu_);
      sockets_ = sockets;
    }
    if (sockets != nullptr) Restore(ConnectionSockets::Others::kKeep);
  }
  absl::Status CheckTickets(const std::vector<std::string>& tickets,
                            const gofer::uds::PeerCredentials& peer,
                            AttachMode mode) override {
    return tickets_.Check(tickets, peer, mode, absl::Now());
  }
  void Abandon(const AttachClaim&, absl::string_view) override {}
  void TakeBack(const AttachClaim&, absl::string_view) override {}
  absl::StatusOr<std::vector<AttachClaim>> ClaimTickets(
      const std::vector<std::string>& tickets,
      const gofer::uds::PeerCredentials& peer, AttachMode mode) override {
    ++claims_;
    return tickets_.Claim(tickets, peer, mode, absl::Now());
  }
  absl::Status Attach(const AttachClaim& claim, UniqueFd gofer_end,
                      const gofer::uds::PeerCredentials& peer) override {
    entered_.Open();
    if (blocked_) go_on_.Wait();
    MutexLock lock(mu_);
    attached_.push_back(claim.connection_uid);
    pid_ = peer.pid;
    if (claim.connection_uid == "failing") {
      return errors::Error(Reason::GOFER_UNREACHABLE, "it died");
    }
    ends_.push_back(std::move(gofer_end));
    changed_.NotifyAll();
    return absl::OkStatus();
  }

  std::shared_ptr<ConnectionSockets> sockets() {
    MutexLock lock(mu_);
    return sockets_;
  }
  // Waits for the next end that a gofer gets.
  UniqueFd WaitForEnd() {
    MutexLock lock(mu_);
    while (ends_.empty()) changed_.Wait(mu_);
    UniqueFd end = std::move(ends_.back());
    ends_.pop_back();
    return end;
  }
  int attach_count() {
    MutexLock lock(mu_);
    return static_cast<int>(attached_.size());
  }
  pid_t pid() {
    MutexLock lock(mu_);
    return pid_;
  }

  TicketTable tickets_{100};
  std::atomic<int> claims_ = 0;
  std::atomic<bool> blocked_ = false;
  gofer::test::Latch entered_;
  gofer::test::Latch go_on_;

 private:
  gofer::base::Mutex mu_;
  gofer::base::CondVar changed_;
  std::shared_ptr<ConnectionSockets> sockets_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> attached_ ABSL_GUARDED_BY(mu_);
  std::vector<UniqueFd> ends_ ABSL_GUARDED_BY(mu_);
  pid_t pid_ ABSL_GUARDED_BY(mu_) = 0;
};

class ListenServerTest : public ::testing::Test {
 protected:
  ListenServerTest() {
    std::string pattern = ::testing::TempDir() + "listen-XXXXXX";
    base_ = ::mkdtemp(pattern.data());
    audit_ = *auth::AuditLog::Open(base_ + "/audit");
    config_.set_path(base_ + "/attach.sock");
    Restart({});
  }
  ~ListenServerTest() override {
    supervisor_.go_on_.Open();
    server_.reset();
    std::filesystem::remove_all(base_);
  }

  void Restart(const ListenServer::Limits& limits) {
    server_.reset();
    auto server =
        ListenServer::Start(config_, *loop_, supervisor_, *audit_, limits);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  std::string StartOne(
      const std::string& uid = "c1",
      const std::optional<admin::v1::Peer>& peer = std::nullopt,
      absl::Duration ttl = absl::Hours(1)) {
    auto path = supervisor_.Start(uid, peer, ttl);
    EXPECT_TRUE(path.ok()) << path.status();
    return path.value_or("");
  }
  static admin::v1::Peer SomebodyElse() {
    admin::v1::Peer peer;
    peer.set_pid(::getpid() + 1);
    return peer;
  }

  struct Connected {
    UniqueFd socket;
    int error = 0;
  };
  static Connected Connect(const std::string& path) {
    Connected connected;
    connected.socket =
        UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    if (::connect(connected.socket.get(),
                  reinterpret_cast<const sockaddr*>(&address),
                  sizeof(address)) != 0) {
      connected.error = errno;
    }
    return connected;
  }
  static bool HasEnded(int socket) {
    char byte;
    return ::recv(socket, &byte, 1, 0) <= 0;
  }
  static bool AreConnected(int one, int other) {
    char byte = 0;
    return ::write(one, "x", 1) == 1 && ::read(other, &byte, 1) == 1 &&
           byte == 'x';
  }
  std::vector<std::string> Paths() const {
    std::vector<std::string> paths;
    for (const auto& entry :
         std::filesystem::directory_iterator(config_.path() + ".d")) {
      paths.push_back(entry.path());
    }
    return paths;
  }
  // Waits until the loop has run everything that was posted before.
  void WaitForLoop() {
    gofer::test::Latch done;
    loop_->Post([&] { done.Open(); });
    done.Wait();
  }

  std::string base_;
  config::v1::AttachConfig config_;
  std::unique_ptr<auth::AuditLog> audit_;
  SocketSupervisor supervisor_;
  std::unique_ptr<event_loop::EventLoop> loop_ =
      *event_loop::EventLoop::Start();
  std::unique_ptr<ListenServer> server_;
};

TEST_F(ListenServerTest, GivesTheGoferTheAcceptedEnd) {
  const std::string path = StartOne();
  const Connected client = Connect(path);
  ASSERT_EQ(client.error, 0);
  const UniqueFd end = supervisor_.WaitForEnd();
  EXPECT_TRUE(AreConnected(client.socket.get(), end.get()));
  EXPECT_TRUE(AreConnected(end.get(), client.socket.get()));
  EXPECT_EQ(::fcntl(end.get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(supervisor_.pid(), ::getpid());
}

TEST_F(ListenServerTest, AuditsUsesWithoutThePath) {
  const std::string path = StartOne();
  const Connected client = Connect(path);
  ASSERT_EQ(client.error, 0);
  supervisor_.WaitForEnd();
  // Destruction waits for clients that are being attached.
  server_.reset();
  std::ifstream file(base_ + "/audit");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  EXPECT_THAT(text, ::testing::HasSubstr("\"method\":\"attach/LISTEN\""));
  EXPECT_THAT(text, ::testing::HasSubstr("\"code\":\"OK\""));
  EXPECT_EQ(text.find(path.substr(path.rfind('/') + 1)), std::string::npos);
}

TEST_F(ListenServerTest, AcceptsExactlyOnce) {
  const std::string path = StartOne();
  const Connected first = Connect(path);
  ASSERT_EQ(first.error, 0);
  supervisor_.WaitForEnd();
  EXPECT_THAT(Paths(), IsEmpty());
  EXPECT_EQ(Connect(path).error, ENOENT);
  EXPECT_EQ(supervisor_.attach_count(), 1);
}

TEST_F(ListenServerTest, AttachesExactlyOneOfManyRacingClients) {
  for (int round = 0; round < 20; ++round) {
    const std::string path = StartOne(absl::StrCat("c", round));
    std::vector<Connected> clients(4);
    {
      std::vector<Thread> threads;
      for (Connected& client : clients) {
        threads.push_back(
            *Thread::Start("client", [&] { client = Connect(path); }));
      }
      for (Thread& thread : threads) thread.Join();
    }
    const UniqueFd end = supervisor_.WaitForEnd();
    ASSERT_EQ(::write(end.get(), "x", 1), 1);
    int winners = 0;
    for (const Connected& client : clients) {
      winners += client.error == 0 && !HasEnded(client.socket.get()) ? 1 : 0;
    }
    EXPECT_EQ(winners, 1);
    EXPECT_EQ(supervisor_.attach_count(), round + 1);
  }
}

TEST_F(ListenServerTest, AttachesAClientThatSendsNothing) {
  const Connected client = Connect(StartOne());
  supervisor_.WaitForEnd();
}

TEST_F(ListenServerTest, AWrongPeerIsClosedAndDoesNotUseUpTheTicket) {
  const std::string path = StartOne("c1", SomebodyElse());
  for (int i = 0; i < 3; ++i) {
    const Connected wrong = Connect(path);
    ASSERT_EQ(wrong.error, 0);
    EXPECT_TRUE(HasEnded(wrong.socket.get()));
  }
  EXPECT_EQ(supervisor_.attach_count(), 0);
  EXPECT_EQ(supervisor_.tickets_.size(), 1u);
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(ListenServerTest, AFloodOfWrongPeersIsTakenSlowlyAndStarvesNobody) {
  // One pause is longer than the test: nobody is taken after it has begun.
  Restart({.pause = absl::Hours(1)});
  const std::string path = StartOne("flooded", SomebodyElse());
  const std::string other = StartOne("other");
  std::vector<UniqueFd> flood;
  for (int i = 0; i < 100; ++i) {
    UniqueFd socket(
        ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    // The call fails with EAGAIN once the queue is full.
    (void)::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address),
                    sizeof(address));
    flood.push_back(std::move(socket));
  }
  const Connected client = Connect(other);
  ASSERT_EQ(client.error, 0);
  supervisor_.WaitForEnd();
  // These are the 16 of one pause and the claim of `other`.
  EXPECT_LE(supervisor_.claims_, 17);
}

TEST_F(ListenServerTest, TakesTheExpectedPeerAfterThePause) {
  Restart({.pause = absl::Milliseconds(1)});
  admin::v1::Peer peer;
  peer.set_pid(::getpid());
  const std::string path = StartOne("c1", peer);
  const pid_t child = ::fork();
  if (child == 0) {
    for (int i = 0; i < 40; ++i) {
      const Connected wrong = Connect(path);
      if (wrong.error != 0 || !HasEnded(wrong.socket.get())) ::_exit(1);
    }
    ::_exit(0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  const Connected right = Connect(path);
  ASSERT_EQ(right.error, 0);
  EXPECT_TRUE(AreConnected(supervisor_.WaitForEnd().get(), right.socket.get()));
}

TEST_F(ListenServerTest, RefusesAnExpiredTicket) {
  const std::string path = StartOne("c1", std::nullopt, -absl::Seconds(1));
  const Connected client = Connect(path);
  ASSERT_EQ(client.error, 0);
  EXPECT_TRUE(HasEnded(client.socket.get()));
  EXPECT_EQ(supervisor_.tickets_.TakeExpired(absl::Now()).size(), 1u);
  EXPECT_EQ(Connect(path).error, ENOENT);
}

TEST_F(ListenServerTest, APathGoesWithItsTicket) {
  const std::string one = StartOne("c1");
  const std::string two = StartOne("c2");
  supervisor_.tickets_.Revoke("c1");
  EXPECT_EQ(Connect(one).error, ENOENT);
  supervisor_.tickets_.RevokeServer("server");
  EXPECT_EQ(Connect(two).error, ENOENT);
  EXPECT_THAT(Paths(), IsEmpty());
}

TEST_F(ListenServerTest, AClientInTheQueueOfARevokedPathIsSentAway) {
  // Keeps the loop from accepting.
  gofer::test::Latch entered;
  gofer::test::Latch go_on;
  const std::string path = StartOne();
  loop_->Post([&] {
    entered.Open();
    go_on.Wait();
  });
  entered.Wait();
  const Connected client = Connect(path);
  ASSERT_EQ(client.error, 0);
  supervisor_.tickets_.Revoke("c1");
  go_on.Open();
  EXPECT_TRUE(HasEnded(client.socket.get()));
  EXPECT_EQ(supervisor_.attach_count(), 0);
}

TEST_F(ListenServerTest, RefusesMorePathsThanItsBound) {
  Restart({.sockets = 2});
  StartOne("c1");
  StartOne("c2");
  const auto third = supervisor_.Start("c3");
  EXPECT_EQ(errors::ReasonOf(third.status()), Reason::FD_LIMIT);
  EXPECT_EQ(Paths().size(), 2u);
  supervisor_.tickets_.Revoke("c1");
  EXPECT_TRUE(supervisor_.Start("c3").ok());
}

TEST_F(ListenServerTest, RejectsPathsThatAreTooLong) {
  server_.reset();
  config_.set_path(base_ + "/" + std::string(100, 'p'));
  Restart({});
  EXPECT_EQ(errors::ReasonOf(supervisor_.sockets()->Check()),
            Reason::FIELD_INVALID);
}

TEST_F(ListenServerTest, AGoferThatFailsEndsTheClient) {
  const Connected client = Connect(StartOne("failing"));
  ASSERT_EQ(client.error, 0);
  EXPECT_TRUE(HasEnded(client.socket.get()));
}

TEST_F(ListenServerTest, AHungGoferHoldsUpNoAccept) {
  Restart({.threads = 1});
  supervisor_.blocked_ = true;
  const Connected first = Connect(StartOne("c1"));
  supervisor_.entered_.Wait();
  const std::string path = StartOne("c2");
  const Connected second = Connect(path);
  ASSERT_EQ(second.error, 0);
  while (std::filesystem::exists(path)) WaitForLoop();
  supervisor_.go_on_.Open();
  supervisor_.WaitForEnd();
  supervisor_.WaitForEnd();
}

TEST_F(ListenServerTest, NoDescriptorIsLeftBehind) {
  StartOne("warm");
  supervisor_.tickets_.Revoke("warm");
  WaitForLoop();
  const int before = gofer::test::CountOpenFds();
  for (int i = 0; i < 20; ++i) {
    Connect(StartOne("used"));
    supervisor_.WaitForEnd();
    StartOne("revoked");
    supervisor_.tickets_.Revoke("revoked");
    const Connected wrong = Connect(StartOne("wrong", SomebodyElse()));
    EXPECT_TRUE(HasEnded(wrong.socket.get()));
    supervisor_.tickets_.Revoke("wrong");
  }
  WaitForLoop();
  EXPECT_EQ(gofer::test::CountOpenFds(), before);
}

// RESTARTS

TEST_F(ListenServerTest, KeepsThePathAfterTheEndThoughNobodyListens) {
  const std::string path = StartOne();
  server_.reset();
  EXPECT_EQ(Connect(path).error, ECONNREFUSED);
  // The path stays even when the ticket goes with the supervisor.
  supervisor_.tickets_.Revoke("c1");
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(ListenServerTest, OpensAPathOfAnEarlierRunAgain) {
  server_.reset();
  const std::string ticket(16, 't');
  const std::string path = [&] {
    auto directory = ListenDirectory::Open(config_);
    EXPECT_TRUE(directory->Listen(ticket).ok());
    return directory->PathOf(ticket);
  }();
  EXPECT_EQ(Connect(path).error, ECONNREFUSED);
  supervisor_.Remember(ticket);
  Restart({});
  const Connected client = Connect(path);
  ASSERT_EQ(client.error, 0);
  EXPECT_TRUE(
      AreConnected(supervisor_.WaitForEnd().get(), client.socket.get()));
  EXPECT_THAT(Paths(), IsEmpty());
}

TEST_F(ListenServerTest, RemovesStalePathsWhenAllTicketsAreKnown) {
  server_.reset();
  const std::string known(16, 'k');
  {
    auto directory = ListenDirectory::Open(config_);
    ASSERT_TRUE(directory->Listen(known).ok());
    ASSERT_TRUE(directory->Listen(std::string(16, 's')).ok());
  }
  Restart({});
  EXPECT_EQ(Paths().size(), 2u);
  supervisor_.Remember(known);
  supervisor_.Restore(ConnectionSockets::Others::kRemove);
  EXPECT_EQ(Paths().size(), 1u);
  const std::string fresh = StartOne();
  supervisor_.Restore(ConnectionSockets::Others::kRemove);
  EXPECT_EQ(Connect(fresh).error, 0);
}

TEST_F(ListenServerTest, RetriesPathsThatCouldNotBeOpened) {
  server_.reset();
  const std::string ticket(16, 't');
  std::string path;
  {
    auto directory = ListenDirectory::Open(config_);
    ASSERT_TRUE(directory->Listen(ticket).ok());
    path = directory->PathOf(ticket);
  }
  Restart({.sockets = 1});
  StartOne("c1");
  supervisor_.Remember(ticket);
  supervisor_.Restore(ConnectionSockets::Others::kRemove);
  EXPECT_EQ(Connect(path).error, ECONNREFUSED);
  supervisor_.tickets_.Revoke("c1");
  supervisor_.Restore(ConnectionSockets::Others::kRemove);
  EXPECT_EQ(Connect(path).error, 0);
}

TEST_F(ListenServerTest, EndsWhileClientsAreAttached) {
  supervisor_.blocked_ = true;
  const Connected client = Connect(StartOne());
  supervisor_.entered_.Wait();
  auto end = *Thread::Start("end", [&] { server_.reset(); });
  supervisor_.go_on_.Open();
  end.Join();
  EXPECT_EQ(supervisor_.attach_count(), 1);
}

TEST_F(ListenServerTest, NothingIsOpenedAfterTheEnd) {
  const auto sockets = supervisor_.sockets();
  server_.reset();
  EXPECT_EQ(supervisor_.sockets(), nullptr);
  EXPECT_EQ(errors::ReasonOf(sockets->Open(std::string(16, 't')).status()),
            Reason::SHUTTING_DOWN);
}

}  // namespace
}  // namespace goferd::handoff
