// What a hostile client may send in place of a message, tried on every message
// in both directions.

#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "server/wire/message_list.h"
#include "tests/support/wire_bytes.h"
#include "tests/support/wire_printer.h"
#include "tests/support/wire_random.h"

namespace gofer::wire {

// No message of the protocol has fields behind an array; a future one may.
struct ArraysInTheMiddle {
  Array<FdId> fds{};
  Array<Dirent64> dirents{};
  StringArray names{};
  uint32_t flags = 0;

  using Fields = FieldList<Field<"fds", &ArraysInTheMiddle::fds>, Pad<3>,
                           Field<"dirents", &ArraysInTheMiddle::dirents>,
                           Field<"names", &ArraysInTheMiddle::names>,
                           Field<"flags", &ArraysInTheMiddle::flags>>;
};

namespace {

using test::Encoded;
using test::ExactPayload;
using test::WireRandom;

constexpr uint32_t kSeeds = 40;

// Calls check.template operator()<T>(random) for every request and response
// type and `seeds` different states of the random source.
template <class Check>
void ForEachType(uint32_t seeds, Check check) {
  ForEachMessage([&]<class Row>() {
    for (uint32_t seed = 0; seed < seeds; ++seed) {
      SCOPED_TRACE(std::string(Row::kName.data(), Row::kName.size()) +
                   ", seed " + std::to_string(seed));
      WireRandom random(seed);
      check.template operator()<typename Row::Request>(random);
      check.template operator()<typename Row::Response>(random);
    }
  });
}

// Collects where in the encoding of `value` the lengths and counts sit.
template <class T>
void CollectLengths(const T& value, size_t& offset, std::vector<size_t>& out) {
  if constexpr (kIsStatic<T>) {
    offset += kFixedSize<T>;
  } else if constexpr (Message<T>) {
    ForEachField<T>([&]<class Item>() {
      if constexpr (Item::kIsPad) {
        offset += Item::kBytes;
      } else {
        CollectLengths(Item::In(value), offset, out);
      }
    });
  } else {
    out.push_back(offset);
    offset += sizeof(uint16_t);
    if constexpr (String<T>) {
      offset += value.size();
    } else {
      for (const auto& element : value) CollectLengths(element, offset, out);
    }
  }
}

template <class T>
std::vector<size_t> LengthOffsets(const T& value) {
  std::vector<size_t> offsets;
  size_t end = 0;
  CollectLengths(value, end, offsets);
  EXPECT_EQ(end, EncodedSize(value));
  return offsets;
}

std::string RandomPayload(WireRandom& random) {
  std::string bytes = random.MakeBytes(400);
  // Mostly small lengths: with random ones hardly a string would fit.
  for (char& byte : bytes) {
    if (random.Below(4) != 0) byte = static_cast<char>(random.Below(3));
  }
  return bytes;
}

TEST(MalformedTest, TruncationAtEveryByteIsEio) {
  ForEachType(kSeeds, []<class T>(WireRandom& random) {
    const std::vector<std::byte> bytes = Encoded(random.Make<T>());
    for (size_t size = 0; size < bytes.size(); ++size) {
      const ExactPayload payload({bytes.data(), size});
      const base::ErrnoOr<T> result = Decode<T>(payload.span());
      ASSERT_FALSE(result.ok()) << "cut to " << size << " bytes";
      ASSERT_EQ(result.error(), base::Errno(EIO));
    }
  });
}

TEST(MalformedTest, LengthsAndCountsBeyondThePayloadAreEio) {
  size_t lengths = 0;
  ForEachType(kSeeds, [&lengths]<class T>(WireRandom& random) {
    const T message = random.Make<T>();
    const std::vector<std::byte> bytes = Encoded(message);
    for (const size_t offset : LengthOffsets(message)) {
      std::vector<std::byte> forged = bytes;
      forged[offset] = forged[offset + 1] = std::byte{0xFF};
      const ExactPayload payload(forged);
      const base::ErrnoOr<T> result = Decode<T>(payload.span());
      ASSERT_FALSE(result.ok()) << "length at " << offset;
      ASSERT_EQ(result.error(), base::Errno(EIO));
      ++lengths;
    }
  });
  EXPECT_GT(lengths, kSeeds);
}

// In a message without arrays the lengths add up: one more in any of them is
// one byte more than there is.
TEST(MalformedTest, LengthsOneTooLongAreNeverReadBeyondThePayload) {
  ForEachType(kSeeds, []<class T>(WireRandom& random) {
    const T message = random.Make<T>();
    const std::vector<std::byte> bytes = Encoded(message);
    for (const size_t offset : LengthOffsets(message)) {
      std::vector<std::byte> forged = bytes;
      uint16_t length;
      std::memcpy(&length, &forged[offset], sizeof(length));
      ++length;
      std::memcpy(&forged[offset], &length, sizeof(length));
      const ExactPayload payload(forged);
      ASSERT_TRUE(test::RefusesOrRoundTrips<T>(payload.span()));
      if (offset == LengthOffsets(message).back()) {
        ASSERT_FALSE(Decode<T>(payload.span()).ok());
      }
    }
  });
}

TEST(MalformedTest, TrailingBytesAreIgnored) {
  ForEachType(kSeeds, []<class T>(WireRandom& random) {
    const T message = random.Make<T>();
    std::vector<std::byte> bytes = Encoded(message);
    bytes.insert(bytes.end(), 1 + random.Below(9), std::byte{0xFF});
    const ExactPayload payload(bytes);
    const base::ErrnoOr<T> result = Decode<T>(payload.span());
    ASSERT_TRUE(result.ok());
    ASSERT_EQ(*result, message);
  });
}

TEST(MalformedTest, RandomBytesAreRefusedOrRoundTrip) {
  size_t accepted = 0;
  ForEachType(50 * kSeeds, [&accepted]<class T>(WireRandom& random) {
    const std::string bytes = RandomPayload(random);
    const ExactPayload payload{std::as_bytes(std::span(bytes))};
    ASSERT_TRUE(test::RefusesOrRoundTrips<T>(payload.span()));
    accepted += Decode<T>(payload.span()).ok() ? 1 : 0;
  });
  EXPECT_GT(accepted, 1000U);
}

TEST(MalformedTest, ArraysThatLeaveNoRoomForWhatFollowsAreEio) {
  for (uint32_t seed = 0; seed < 20 * kSeeds; ++seed) {
    WireRandom random(seed);
    const auto message = random.Make<ArraysInTheMiddle>();
    const std::vector<std::byte> bytes = Encoded(message);
    const ExactPayload whole(bytes);
    ASSERT_EQ(*Decode<ArraysInTheMiddle>(whole.span()), message);
    for (size_t size = 0; size < bytes.size(); ++size) {
      const ExactPayload payload({bytes.data(), size});
      ASSERT_FALSE(Decode<ArraysInTheMiddle>(payload.span()).ok());
    }
  }
}

TEST(MalformedTest, CloseOfFiveFdsWithTheBytesOfOneIsEio) {
  const ExactPayload payload(test::FromHex("0500 0200000000000000"));
  EXPECT_FALSE(Decode<CloseReq>(payload.span()).ok());
}

TEST(MalformedTest, WalkOf65535EmptyNamesIsReadToItsEnd) {
  std::vector<std::byte> bytes = test::FromHex("0100000000000000 ffff");
  bytes.resize(bytes.size() + size_t{2} * 0xFFFF);
  const ExactPayload payload(bytes);
  const base::ErrnoOr<WalkReq> request = Decode<WalkReq>(payload.span());
  ASSERT_TRUE(request.ok());
  size_t count = 0;
  for (const absl::string_view name : request->path) {
    ASSERT_TRUE(name.empty());
    ++count;
  }
  EXPECT_EQ(count, 0xFFFFU);
}

TEST(RoundTripTest, RandomMessagesSurvive) {
  ForEachType(50 * kSeeds, []<class T>(WireRandom& random) {
    const T message = random.Make<T>();
    const ExactPayload payload(Encoded(message));
    const base::ErrnoOr<T> result = Decode<T>(payload.span());
    ASSERT_TRUE(result.ok());
    ASSERT_EQ(*result, message);
    ASSERT_EQ(test::ToHex(Encoded(*result)), test::ToHex(payload.span()));
  });
}

}  // namespace
}  // namespace gofer::wire
