#include "server/metrics/latency_histogram.h"

#include <gtest/gtest.h>

namespace gofer::metrics {
namespace {

using Histogram = LatencyHistogram;

TEST(LatencyHistogramTest, BoundsBelongToTheNextBucket) {
  EXPECT_EQ(Histogram::BucketOf(0), 0u);
  EXPECT_EQ(Histogram::BucketOf(255), 0u);
  EXPECT_EQ(Histogram::BucketOf(256), 1u);
  for (size_t bucket = 0; bucket + 1 < Histogram::kBuckets; ++bucket) {
    const uint64_t bound = Histogram::UpperBound(bucket);
    EXPECT_EQ(Histogram::BucketOf(bound - 1), bucket);
    EXPECT_EQ(Histogram::BucketOf(bound), bucket + 1);
  }
}

TEST(LatencyHistogramTest, LastBucketHasNoBound) {
  constexpr size_t kLast = Histogram::kBuckets - 1;
  EXPECT_EQ(Histogram::BucketOf(UINT64_MAX), kLast);
  EXPECT_EQ(Histogram::UpperBound(kLast), UINT64_MAX);
}

TEST(LatencyHistogramTest, SumsAndCountsDurations) {
  Histogram histogram;
  histogram.Add(100);
  histogram.Add(200);
  histogram.Add(300);
  EXPECT_EQ(histogram.bucket(0), 2u);
  EXPECT_EQ(histogram.bucket(1), 1u);
  EXPECT_EQ(histogram.sum_ns(), 600u);
}

}  // namespace
}  // namespace gofer::metrics
