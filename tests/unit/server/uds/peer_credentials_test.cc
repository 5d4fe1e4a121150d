#include "server/uds/peer_credentials.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "server/base/unique_fd.h"
#include "server/uds/unix_socket.h"

namespace gofer::uds {
namespace {

TEST(PeerCredentialsTest, PairHasOurOwnCredentials) {
  const auto pair = MakeSocketPair(SocketType::kStream);
  ASSERT_TRUE(pair.ok());
  const auto peer = GetPeerCredentials(pair->first.get());
  ASSERT_TRUE(peer.ok());
  EXPECT_EQ(peer->pid, ::getpid());
  EXPECT_EQ(peer->uid, ::geteuid());
  EXPECT_EQ(peer->gid, ::getegid());
}

TEST(PeerCredentialsTest, RefusesSocketWithoutPeer) {
  const base::UniqueFd lonely(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(GetPeerCredentials(lonely.get()).error(), base::Errno(ENOTCONN));
}

TEST(PeerCredentialsTest, RefusesSocketThatIsNoUnixSocket) {
  const base::UniqueFd inet(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(GetPeerCredentials(inet.get()).error(), base::Errno(EOPNOTSUPP));
  EXPECT_EQ(GetPeerCredentials(-1).error(), base::Errno(EBADF));
}

}  // namespace
}  // namespace gofer::uds
