#include "clients/lisafs/open_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "clients/lisafs/client.h"
#include "server/wire/limits.h"
#include "tests/unit/clients/lisafs/fake_server.h"

namespace gofer::client {
namespace {

using test::Answer;
using test::FakeReply;
using test::FakeRequest;
using test::FakeServer;
using testing::ElementsAre;
using testing::SizeIs;
using wire::MessageId;

class OpenFileTest : public testing::Test {
 protected:
  OpenFileTest() : client_(*Client::Mount(server_.TakeClientEnd())) {
    server_.On(MessageId::kOpenAt, [this](const FakeRequest&) {
      FakeReply reply = Answer(MessageId::kOpenAt,
                               wire::OpenAtResp{.open_fd = wire::FdId{5}});
      if (donate_ >= 0) reply.fds.push_back(*base::DupFd(donate_));
      return reply;
    });
    server_.On(MessageId::kPRead, [this](const FakeRequest& request) {
      return ServeRead(*wire::Decode<wire::PReadReq>(request.payload));
    });
    server_.On(MessageId::kPWrite, [this](const FakeRequest& request) {
      const auto write = *wire::Decode<wire::PWriteReq>(request.payload);
      write_sizes_.push_back(write.num_bytes);
      return Answer(MessageId::kPWrite,
                    wire::PWriteResp{.count = write.num_bytes});
    });
  }

  OpenFile Open() { return *client_.root().Open(O_RDWR); }

  // A file of content_size_ bytes, each the low byte of its offset.
  FakeReply ServeRead(const wire::PReadReq& read) {
    read_counts_.push_back(read.count);
    uint64_t count = 0;
    if (read.offset < content_size_) {
      count = std::min<uint64_t>(read.count, content_size_ - read.offset);
    }
    FakeReply reply =
        Answer(MessageId::kPRead, wire::PReadResp{.num_bytes = count});
    for (uint64_t i = 0; i < count; ++i) {
      reply.payload.push_back(static_cast<std::byte>(read.offset + i));
    }
    return reply;
  }

  // Only the server's thread uses them during a call.
  std::vector<uint32_t> read_counts_;
  std::vector<uint32_t> write_sizes_;
  uint64_t content_size_ = 0;
  int donate_ = -1;

  FakeServer server_;
  Client client_;
};

TEST_F(OpenFileTest, AReadOfTheLargestCountIsOneRequest) {
  static_assert(wire::kMaxPReadCount == 2'093'048);
  content_size_ = wire::kMaxPReadCount;
  const OpenFile file = Open();
  std::vector<std::byte> into(wire::kMaxPReadCount);
  EXPECT_EQ(*file.Read(0, into), into.size());
  EXPECT_THAT(read_counts_, ElementsAre(2'093'048));
}

TEST_F(OpenFileTest, AReadOfOneByteMoreIsTwoRequests) {
  content_size_ = uint64_t{wire::kMaxPReadCount} + 10;
  const OpenFile file = Open();
  std::vector<std::byte> into(wire::kMaxPReadCount + 1);
  EXPECT_EQ(*file.Read(3, into), into.size());
  EXPECT_THAT(read_counts_, ElementsAre(2'093'048, 1));
  for (size_t i = 0; i < into.size(); i += 4099) {
    ASSERT_EQ(into[i], static_cast<std::byte>(i + 3)) << i;
  }
  EXPECT_EQ(into.back(), static_cast<std::byte>(into.size() + 2));
}

TEST_F(OpenFileTest, AShortChunkEndsTheRead) {
  content_size_ = 100;
  const OpenFile file = Open();
  std::vector<std::byte> into(3 * wire::kMaxPReadCount);
  EXPECT_EQ(*file.Read(0, into), 100u);
  EXPECT_THAT(read_counts_, SizeIs(1));
}

TEST_F(OpenFileTest, AtTheEndThereAreNoBytes) {
  content_size_ = 10;
  const OpenFile file = Open();
  std::vector<std::byte> into(10);
  EXPECT_EQ(*file.Read(10, into), 0u);
}

TEST_F(OpenFileTest, AWriteOfTheLargestSizeIsOneRequest) {
  static_assert(wire::kMaxPWriteCount == 2'093'036);
  const OpenFile file = Open();
  const std::vector<std::byte> bytes(wire::kMaxPWriteCount);
  EXPECT_EQ(*file.Write(0, bytes), bytes.size());
  EXPECT_THAT(write_sizes_, ElementsAre(2'093'036));
}

TEST_F(OpenFileTest, AWriteOfOneByteMoreIsTwoRequests) {
  const OpenFile file = Open();
  std::vector<std::byte> bytes(wire::kMaxPWriteCount + 1);
  bytes.back() = std::byte{42};
  EXPECT_EQ(*file.Write(1000, bytes), bytes.size());
  EXPECT_THAT(write_sizes_, ElementsAre(2'093'036, 1));
  const auto last = server_.RequestsOf(MessageId::kPWrite).back().payload;
  ASSERT_THAT(last, SizeIs(21));
  EXPECT_EQ(last.back(), std::byte{42});
  EXPECT_EQ(wire::Decode<wire::PWriteReq>(last)->offset, 1000 + 2'093'036u);
}

TEST_F(OpenFileTest, ChunksFollowTheServersMaximum) {
  FakeServer server;
  server.set_max_message_size(1020);
  server.On(MessageId::kOpenAt, [](const FakeRequest&) {
    return Answer(MessageId::kOpenAt,
                  wire::OpenAtResp{.open_fd = wire::FdId{5}});
  });
  server.On(MessageId::kPWrite, [](const FakeRequest& request) {
    const auto write = *wire::Decode<wire::PWriteReq>(request.payload);
    return Answer(MessageId::kPWrite,
                  wire::PWriteResp{.count = write.num_bytes});
  });
  const Client client = *Client::Mount(server.TakeClientEnd());
  const auto file = client.root().Open(O_RDWR);
  EXPECT_EQ(*file->Write(0, std::vector<std::byte>(2500)), 2500u);
  EXPECT_EQ(server.Count(MessageId::kPWrite), 3u);
}

TEST_F(OpenFileTest, AnEmptyTransferStillAsksTheServer) {
  const OpenFile file = Open();
  EXPECT_EQ(*file.Write(0, {}), 0u);
  EXPECT_THAT(write_sizes_, ElementsAre(0));
}

TEST_F(OpenFileTest, AnErrorAfterTheFirstChunkShortensTheRead) {
  content_size_ = 10'000'000;
  int reads = 0;
  server_.On(MessageId::kPRead, [&](const FakeRequest& request) {
    if (++reads == 2) return test::AnswerError(EIO);
    return ServeRead(*wire::Decode<wire::PReadReq>(request.payload));
  });
  const OpenFile file = Open();
  std::vector<std::byte> into(2 * wire::kMaxPReadCount);
  EXPECT_EQ(*file.Read(0, into), wire::kMaxPReadCount);
}

TEST_F(OpenFileTest, AServerThatReadsMoreThanWasAskedFor) {
  server_.On(MessageId::kPRead, [](const FakeRequest&) {
    FakeReply reply =
        Answer(MessageId::kPRead, wire::PReadResp{.num_bytes = 11});
    reply.payload.resize(8 + 11);
    return reply;
  });
  const OpenFile file = Open();
  std::vector<std::byte> into(10);
  EXPECT_EQ(file.Read(0, into).error(), base::Errno(EIO));
}

TEST_F(OpenFileTest, AServerThatClaimsBytesItDidNotSend) {
  server_.On(MessageId::kPRead, [](const FakeRequest&) {
    return Answer(MessageId::kPRead, wire::PReadResp{.num_bytes = 10});
  });
  const OpenFile file = Open();
  std::vector<std::byte> into(10);
  EXPECT_EQ(file.Read(0, into).error(), base::Errno(EIO));
}

TEST_F(OpenFileTest, AServerThatWroteMoreThanItGot) {
  server_.On(MessageId::kPWrite, [](const FakeRequest&) {
    return Answer(MessageId::kPWrite,
                  wire::PWriteResp{.count = 0xFFFFFFFFFFFFFFFF});
  });
  const OpenFile file = Open();
  EXPECT_EQ(file.Write(0, std::vector<std::byte>(10)).error(),
            base::Errno(EIO));
}

TEST_F(OpenFileTest, ADonatedFdIsUsedUnlessToldOtherwise) {
  const base::UniqueFd memory(::memfd_create("donated", MFD_CLOEXEC));
  donate_ = memory.get();
  content_size_ = 4;
  OpenFile file = Open();
  ASSERT_GE(file.host_fd(), 0);
  const std::string text = "hello";
  EXPECT_EQ(*file.Write(2, std::as_bytes(std::span(text))), 5u);
  std::vector<std::byte> into(100);
  EXPECT_EQ(*file.Read(0, into), 7u);
  EXPECT_EQ(into[2], std::byte{'h'});
  EXPECT_EQ(server_.Count(MessageId::kPRead), 0u);
  EXPECT_EQ(server_.Count(MessageId::kPWrite), 0u);
  EXPECT_EQ(file.Read(uint64_t{1} << 63, into).error(), base::Errno(EINVAL));

  file.set_data_path(DataPath::kServer);
  EXPECT_EQ(*file.Read(0, into), 4u);
  EXPECT_EQ(server_.Count(MessageId::kPRead), 1u);
}

TEST_F(OpenFileTest, ADirectoryIsListedFromItsStartToItsEnd) {
  server_.On(MessageId::kGetdents64, [](const FakeRequest& request) {
    const auto list = *wire::Decode<wire::Getdents64Req>(request.payload);
    std::vector<wire::Dirent64> entries;
    if (list.count < 0) {
      entries.push_back({.ino = 1, .name = "."});
      entries.push_back({.ino = 2, .name = ".."});
      entries.push_back(
          {.ino = 3, .dev_minor = 4, .off = 5, .type = 8, .name = "file"});
    }
    return Answer(MessageId::kGetdents64,
                  wire::Getdents64Resp{.dirents = entries});
  });
  const OpenFile directory = Open();
  const auto entries = directory.ReadDir();
  ASSERT_TRUE(entries.ok());
  ASSERT_THAT(*entries, SizeIs(1));
  EXPECT_EQ(entries->front().name, "file");
  EXPECT_EQ(entries->front().ino, 3u);
  EXPECT_EQ(entries->front().dev_minor, 4u);
  EXPECT_EQ(entries->front().type, 8);
  std::vector<int32_t> counts;
  for (const FakeRequest& request :
       server_.RequestsOf(MessageId::kGetdents64)) {
    counts.push_back(wire::Decode<wire::Getdents64Req>(request.payload)->count);
  }
  EXPECT_THAT(counts, ElementsAre(-65536, 65536));
}

TEST_F(OpenFileTest, AnEntryWhoseNameLeavesTheDirectoryIsRefused) {
  server_.On(MessageId::kGetdents64, [](const FakeRequest&) {
    const std::vector<wire::Dirent64> entries = {
        {.ino = 1, .name = "../../etc/passwd"}};
    return Answer(MessageId::kGetdents64,
                  wire::Getdents64Resp{.dirents = entries});
  });
  const OpenFile directory = Open();
  EXPECT_EQ(directory.ReadDir().error(), base::Errno(EPROTO));
}

TEST_F(OpenFileTest, SyncNamesTheFile) {
  server_.On(MessageId::kFSync, [](const FakeRequest&) {
    return test::AnswerEmpty(MessageId::kFSync);
  });
  const OpenFile file = Open();
  EXPECT_TRUE(file.Sync().ok());
  const auto sync = server_.RequestsOf(MessageId::kFSync)[0];
  EXPECT_EQ(test::ToHex(sync.payload), "01000500000000000000");
}

TEST_F(OpenFileTest, FlushIsSkippedWhereItIsNotAnnounced) {
  FakeServer server;
  server.set_supported({1, 7, 9});
  server.On(MessageId::kOpenAt, [](const FakeRequest&) {
    return Answer(MessageId::kOpenAt,
                  wire::OpenAtResp{.open_fd = wire::FdId{5}});
  });
  const Client client = *Client::Mount(server.TakeClientEnd());
  const auto file = client.root().Open(O_RDONLY);
  EXPECT_TRUE(file->Flush().ok());
  EXPECT_EQ(server.Count(MessageId::kFlush), 0u);
  // Where it is, it is sent.
  EXPECT_EQ(Open().Flush().error(), base::Errno(ENOTTY));
}

}  // namespace
}  // namespace gofer::client
