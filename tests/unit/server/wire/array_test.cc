#include "server/wire/array.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <iterator>
#include <vector>

#include "server/wire/dirent64.h"
#include "server/wire/types.h"
#include "tests/support/wire_bytes.h"
#include "tests/support/wire_printer.h"

namespace gofer::wire {
namespace {

using ::testing::ElementsAre;

static_assert(std::forward_iterator<Array<FdId>::Iterator>);
static_assert(std::forward_iterator<StringArray::Iterator>);

TEST(ArrayTest, DefaultIsEmpty) {
  const StringArray strings;
  EXPECT_TRUE(strings.empty());
  EXPECT_EQ(strings.size(), 0U);
  EXPECT_TRUE(strings.begin() == strings.end());
}

TEST(ArrayTest, ShowsHostValues) {
  const std::vector<absl::string_view> names = {"a", "", "ccc"};
  const StringArray strings = names;
  EXPECT_THAT(std::vector<absl::string_view>(strings.begin(), strings.end()),
              ElementsAre("a", "", "ccc"));
  const FdId fds[] = {FdId{7}, FdId{8}};
  const Array<FdId> array = fds;
  EXPECT_EQ(array.size(), 2U);
  EXPECT_EQ(array[1], FdId{8});
}

TEST(ArrayTest, ShowsEncodedValuesAtOddAddresses) {
  const test::ExactPayload payload(
      test::FromHex("00 0700000000000000 ffffffffffffffff"));
  const auto array = Array<FdId>::OfChecked(payload.span().data() + 1, 2);
  EXPECT_EQ(array[0], FdId{7});
  EXPECT_EQ(array[1], FdId{0xFFFFFFFFFFFFFFFF});
  EXPECT_THAT(std::vector<FdId>(array.begin(), array.end()),
              ElementsAre(FdId{7}, FdId{0xFFFFFFFFFFFFFFFF}));
}

TEST(ArrayTest, StepsOverEncodedValuesOfDifferentSizes) {
  const Dirent64 dirents[] = {{.ino = 1, .name = "one"},
                              {.ino = 2, .name = ""},
                              {.ino = 3, .name = "three"}};
  std::vector<std::byte> bytes;
  for (const Dirent64& dirent : dirents) {
    const std::vector<std::byte> one = test::Encoded(dirent);
    bytes.insert(bytes.end(), one.begin(), one.end());
  }
  const test::ExactPayload payload(bytes);
  const auto array = Array<Dirent64>::OfChecked(payload.span().data(), 3);
  auto it = array.begin();
  EXPECT_EQ((*it++).name, "one");
  EXPECT_EQ((*it).ino, 2U);
  EXPECT_EQ((*++it).name, "three");
  EXPECT_TRUE(++it == array.end());
}

TEST(ArrayTest, EqualityIsThatOfTheElements) {
  const test::ExactPayload payload(test::FromHex("010061 0000"));
  const auto encoded = StringArray::OfChecked(payload.span().data(), 2);
  const std::vector<absl::string_view> same = {"a", ""};
  const std::vector<absl::string_view> shorter = {"a"};
  const std::vector<absl::string_view> other = {"a", "b"};
  EXPECT_TRUE(encoded == StringArray(same));
  EXPECT_FALSE(encoded == StringArray(shorter));
  EXPECT_FALSE(encoded == StringArray(other));
}

}  // namespace
}  // namespace gofer::wire
