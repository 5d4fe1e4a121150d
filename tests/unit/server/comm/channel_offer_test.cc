#include "server/comm/channel_offer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdint>

#include "server/uds/unix_socket.h"
#include "server/wire/limits.h"
#include "tests/support/open_fds.h"

namespace gofer::comm {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;

class ChannelOfferTest : public testing::Test {
 protected:
  base::ErrnoOr<ChannelOffer> Make() {
    return MakeChannelOffer(allocator_, wire::kMaxMessageSize);
  }

  flipcall::PacketWindowAllocator allocator_;
};

// Row 26.
TEST_F(ChannelOfferTest, OffersWindowsOfTheProtocolsSizeOneAfterAnother) {
  for (uint64_t i = 0; i < 4; ++i) {
    const auto offer = Make();
    ASSERT_TRUE(offer.ok());
    EXPECT_EQ(offer->window.offset, i * 2 * kMiB);
    EXPECT_EQ(offer->window.length, 2 * kMiB);
    struct stat status;
    ASSERT_EQ(::fstat(offer->data_fd.get(), &status), 0);
    EXPECT_EQ(status.st_size, static_cast<off_t>((i == 0   ? 2
                                                  : i == 1 ? 4
                                                           : 8) *
                                                 kMiB));
  }
}

// Rows 27 and 28.
TEST_F(ChannelOfferTest, DescriptorsAreASealedFileAndAConnectedSocket) {
  const auto offer = Make();
  ASSERT_TRUE(offer.ok());
  EXPECT_EQ(::fcntl(offer->data_fd.get(), F_GET_SEALS), 0x3);
  EXPECT_TRUE(
      uds::CheckConnected(offer->fd_socket.get(), uds::SocketType::kSeqPacket)
          .ok());
  EXPECT_TRUE(test::IsSameFile(offer->data_fd.get(), allocator_.fd()));
}

TEST_F(ChannelOfferTest, LeavesNothingOpenWhenDropped) {
  ASSERT_TRUE(Make().ok());
  const int before = test::CountOpenFds();
  ASSERT_TRUE(Make().ok());
  EXPECT_EQ(test::CountOpenFds(), before);
}

// With ever more descriptors available: no file, no socket pair, no duplicate.
TEST_F(ChannelOfferTest, RunningOutOfDescriptorsFailsCleanly) {
  const int first_free = ::dup(0);
  ASSERT_GE(first_free, 0);
  ASSERT_EQ(::close(first_free), 0);
  const int before = test::CountOpenFds();
  rlimit limit;
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const int expected[] = {EIO, EMFILE, EMFILE, EMFILE};
  for (rlim_t room = 0; room < 4; ++room) {
    flipcall::PacketWindowAllocator allocator;
    rlimit tight = limit;
    tight.rlim_cur = static_cast<rlim_t>(first_free) + room;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
    const auto offer = MakeChannelOffer(allocator, 4096);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    ASSERT_FALSE(offer.ok());
    EXPECT_EQ(offer.error().number(), expected[room]);
  }
  EXPECT_EQ(test::CountOpenFds(), before);
}

}  // namespace
}  // namespace gofer::comm
