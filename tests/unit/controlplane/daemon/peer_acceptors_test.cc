#include "controlplane/daemon/peer_acceptors.h"

#include <fcntl.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "goferd/admin/v1/daemon_service.grpc.pb.h"
#include "server/uds/unix_socket.h"

namespace goferd::daemon {
namespace {

using gofer::base::UniqueFd;

// All peers of these tests are taken by role.
class PeerAcceptorsTest : public testing::Test {
 protected:
  PeerAcceptorsTest() {
    path_ = testing::TempDir() + "roles-XXXXXX";
    const UniqueFd file(::mkostemp(path_.data(), O_CLOEXEC));
    book_ = *auth::RoleBook::Open(
        path_, 0, [](const std::string&, config::v1::RoleBindings& to) {
          auto& binding = *to.add_bindings();
          binding.set_uid(1234);
          binding.set_role(config::v1::Role::ROLE_ADMIN);
          return absl::OkStatus();
        });
    grpc::ServerBuilder builder;
    builder.RegisterService(&service_);
    acceptors_ = std::make_unique<PeerAcceptors>(builder, *book_, 0);
    server_ = builder.BuildAndStart();
  }
  ~PeerAcceptorsTest() override {
    server_->Shutdown();
    std::filesystem::remove(path_);
  }

  UniqueFd Connect() {
    auto pair = *gofer::uds::MakeSocketPair(gofer::uds::SocketType::kStream);
    ::fcntl(pair.second.get(), F_SETFL, O_NONBLOCK);
    acceptors_->HandOver(std::move(pair.second), {1, 1234, 1234});
    return std::move(pair.first);
  }
  // Waits for gRPC's first bytes, which it sends when it takes a connection.
  static bool IsTaken(int socket) {
    char settings[4096];
    return ::recv(socket, settings, sizeof(settings), 0) > 0;
  }
  static void AwaitEnd(int socket) {
    char bytes[4096];
    while (::recv(socket, bytes, sizeof(bytes), 0) > 0) {
    }
  }

  std::string path_;
  std::unique_ptr<auth::RoleBook> book_;
  std::unique_ptr<PeerAcceptors> acceptors_;
  admin::v1::DaemonService::CallbackService service_;
  std::unique_ptr<grpc::Server> server_;
};

TEST_F(PeerAcceptorsTest, ARoleThatWasRevokedEndsItsConnections) {
  const UniqueFd before = Connect();
  ASSERT_TRUE(IsTaken(before.get()));
  acceptors_->RolesMayHaveChanged();
  pollfd entry = {before.get(), POLLRDHUP, 0};
  EXPECT_EQ(::poll(&entry, 1, 0), 0);
  book_->Reload();
  acceptors_->RolesMayHaveChanged();
  AwaitEnd(before.get());
  const UniqueFd after = Connect();
  EXPECT_TRUE(IsTaken(after.get()));
}

TEST_F(PeerAcceptorsTest, ConnectionsByRoleAreBounded) {
  std::vector<UniqueFd> sockets;
  for (size_t i = 0; i < PeerAcceptors::kMostByRole; ++i) {
    sockets.push_back(Connect());
    ASSERT_TRUE(IsTaken(sockets.back().get())) << i;
  }
  EXPECT_FALSE(IsTaken(Connect().get()));
  sockets.pop_back();
  EXPECT_TRUE(IsTaken(Connect().get()));
}

TEST_F(PeerAcceptorsTest, ShutdownEndsTheConnections) {
  const UniqueFd socket = Connect();
  ASSERT_TRUE(IsTaken(socket.get()));
  // Without a deadline gRPC waits 20 s for a client that does not answer its
  // farewell.
  server_->Shutdown(std::chrono::system_clock::now());
  AwaitEnd(socket.get());
}

}  // namespace
}  // namespace goferd::daemon
