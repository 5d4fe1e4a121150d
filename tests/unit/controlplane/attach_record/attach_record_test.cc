#include "controlplane/attach_record/attach_record.h"

#include <gtest/gtest.h>

#include <string>

namespace goferd::attach_record {
namespace {

const std::string kTicket = "0123456789abcdef";

AttachRequest Give(size_t count) {
  return {AttachOp::kGive, std::vector<std::string>(count, kTicket)};
}

TEST(AttachRequestTest, HasTheBytesThatItAlwaysHad) {
  EXPECT_EQ(*EncodeRequest(Give(2)),
            std::string("GFRq\1\0\2\0\2\0\0\0", 12) + kTicket + kTicket);
}

TEST(AttachRequestTest, DecodesEveryNumberOfTickets) {
  for (const size_t count : {size_t{1}, size_t{2}, kMaxTickets}) {
    const auto packet = EncodeRequest(Give(count));
    ASSERT_TRUE(packet.has_value());
    const auto request = DecodeRequest(*packet);
    ASSERT_TRUE(request.has_value());
    EXPECT_EQ(request->op, AttachOp::kGive);
    EXPECT_EQ(request->tickets, Give(count).tickets);
  }
}

TEST(AttachRequestTest, DoesNotEncodeRequestsThatAreNotAllowed) {
  EXPECT_FALSE(EncodeRequest(Give(0)).has_value());
  EXPECT_FALSE(EncodeRequest(Give(kMaxTickets + 1)).has_value());
  EXPECT_FALSE(EncodeRequest({AttachOp::kTake, {"short"}}).has_value());
}

TEST(AttachRequestTest, EveryPrefixIsRefused) {
  const std::string packet = *EncodeRequest(Give(2));
  for (size_t size = 0; size < packet.size(); ++size) {
    EXPECT_FALSE(DecodeRequest(packet.substr(0, size)).has_value()) << size;
  }
  EXPECT_FALSE(DecodeRequest(packet + "x").has_value());
}

TEST(AttachRequestTest, AWrongHeaderIsRefused) {
  for (size_t offset = 0; offset < 12; ++offset) {
    std::string packet = *EncodeRequest(Give(1));
    packet[offset] = '\x7f';
    EXPECT_FALSE(DecodeRequest(packet).has_value()) << offset;
  }
}

TEST(AttachRequestTest, TooManyTicketsAreRefused) {
  std::string packet = *EncodeRequest(Give(kMaxTickets));
  packet[8] = static_cast<char>(kMaxTickets + 1);
  EXPECT_FALSE(DecodeRequest(packet + kTicket).has_value());
}

TEST(AttachAnswerTest, DecodesWhatWasEncoded) {
  const AttachAnswer answer{16, 37, 0, "no"};
  const auto decoded = DecodeAnswer(EncodeAnswer(answer));
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->status, 16u);
  EXPECT_EQ(decoded->reason, 37u);
  EXPECT_EQ(decoded->fd_count, 0);
  EXPECT_EQ(decoded->text, "no");
}

TEST(AttachAnswerTest, HasTheBytesThatItAlwaysHad) {
  EXPECT_EQ(EncodeAnswer({0, 0, 2, ""}),
            std::string("GFAn\1\0\2\0\0\0\0\0\0\0\0\0", 16));
}

TEST(AttachAnswerTest, ALongTextIsCut) {
  const std::string packet = EncodeAnswer({1, 1, 0, std::string(9999, 'x')});
  EXPECT_EQ(packet.size(), kMaxAnswerBytes);
  EXPECT_TRUE(DecodeAnswer(packet).has_value());
  EXPECT_FALSE(DecodeAnswer(packet + "x").has_value());
}

TEST(AttachAnswerTest, RefusesEveryTruncatedAnswer) {
  const std::string packet = EncodeAnswer({});
  for (size_t size = 0; size < packet.size(); ++size) {
    EXPECT_FALSE(DecodeAnswer(packet.substr(0, size)).has_value()) << size;
  }
}

}  // namespace
}  // namespace goferd::attach_record
