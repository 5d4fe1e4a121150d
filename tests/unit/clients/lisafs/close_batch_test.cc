#include "clients/lisafs/close_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gofer::client {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

wire::FdId Id(size_t number) { return static_cast<wire::FdId>(number); }

TEST(CloseBatchTest, TheHundredthIdFillsIt) {
  CloseBatch batch;
  for (size_t i = 1; i < CloseBatch::kFull; ++i) {
    ASSERT_THAT(batch.Add(Id(i)), IsEmpty());
  }
  const auto full = batch.Add(Id(CloseBatch::kFull));
  EXPECT_THAT(full, SizeIs(100));
  EXPECT_EQ(full.front(), Id(1));
  EXPECT_EQ(full.back(), Id(100));
  EXPECT_THAT(batch.Take(), IsEmpty());
}

TEST(CloseBatchTest, TakeReturnsEachIdOnce) {
  CloseBatch batch;
  (void)batch.Add(Id(7));
  (void)batch.Add(Id(8));
  EXPECT_THAT(batch.Take(), ElementsAre(Id(7), Id(8)));
  EXPECT_THAT(batch.Take(), IsEmpty());
}

}  // namespace
}  // namespace gofer::client
