#include "clients/goferctl/format.h"

#include <gtest/gtest.h>

#include "clients/goferctl/json.h"
#include "clients/goferctl/stats_view.h"
#include "goferd/admin/v1/server.pb.h"
#include "goferd/admin/v1/server_service.pb.h"

namespace goferctl {
namespace {

TEST(FormatTest, ShortensDurations) {
  EXPECT_EQ(ShortDuration(absl::Hours(76)), "3d4h");
  EXPECT_EQ(ShortDuration(absl::Minutes(125) + absl::Seconds(9)), "2h5m");
  EXPECT_EQ(ShortDuration(absl::Seconds(90) + absl::Milliseconds(9)), "1m30s");
  EXPECT_EQ(ShortDuration(absl::Milliseconds(250) + absl::Nanoseconds(1)),
            "250ms");
  EXPECT_EQ(ShortDuration(absl::Microseconds(12)), "12us");
}

TEST(FormatTest, ShowsBytesAndWords) {
  EXPECT_EQ(Bytes(0), "0");
  EXPECT_EQ(Bytes(1023), "1023B");
  EXPECT_EQ(Bytes(2 << 20), "2.0MiB");
  EXPECT_EQ(Word("PENDING_ATTACH"), "pending-attach");
  EXPECT_EQ(Word("LOG_LEVEL_INFO", "LOG_LEVEL_"), "info");
  EXPECT_EQ(Word("STATE_UNSPECIFIED"), "");
}

TEST(FormatTest, ParsesBytes) {
  EXPECT_EQ(ParseBytes("512"), 512);
  EXPECT_EQ(ParseBytes("256M"), int64_t{256} << 20);
  EXPECT_EQ(ParseBytes("1T"), int64_t{1} << 40);
  for (const char* text : {"", "M", "-1", "1.5G", "12X", "9999999999T"}) {
    EXPECT_FALSE(ParseBytes(text).has_value()) << text;
  }
}

TEST(FormatTest, ShowsAnAbsentTimeAsEmpty) {
  google::protobuf::Timestamp time;
  EXPECT_EQ(Age(time), "");
  EXPECT_EQ(Moment(time), "");
  time.set_seconds(1'700'000'000);
  EXPECT_EQ(Moment(time), "2023-11-14T22:13:20Z");
}

TEST(FormatTest, WritesDurationsAsProto) {
  const auto proto = ToProto(absl::Milliseconds(1500));
  EXPECT_EQ(proto.seconds(), 1);
  EXPECT_EQ(proto.nanos(), 500'000'000);
}

TEST(FormatTest, FindsPercentiles) {
  goferd::admin::v1::Stats stats;
  for (const int64_t bound : {1000, 1'000'000}) {
    stats.add_latency_bounds_ns(bound);
  }
  goferd::admin::v1::LatencyHistogram histogram;
  EXPECT_EQ(Percentile(histogram, stats.latency_bounds_ns(), 50), "");
  for (const int64_t count : {98, 1, 1}) histogram.add_bucket_counts(count);
  EXPECT_EQ(Percentile(histogram, stats.latency_bounds_ns(), 50), "<1us");
  EXPECT_EQ(Percentile(histogram, stats.latency_bounds_ns(), 99), "<1ms");
  EXPECT_EQ(Percentile(histogram, stats.latency_bounds_ns(), 100), ">1ms");
}

TEST(JsonTest, NamesTheEndpointFirst) {
  goferd::admin::v1::IdRange range;
  range.set_count(3);
  EXPECT_EQ(ToJson(range, JsonStyle::kOneLine, "a\"b"),
            R"({"endpoint":"a\"b","hostId":0,"sandboxId":0,"count":3})");
  EXPECT_EQ(ToJson(goferd::admin::v1::GetServerRequest(), JsonStyle::kOneLine),
            R"({"name":""})");
}

TEST(JsonTest, RefusesUnknownFields) {
  goferd::admin::v1::IdRange range;
  EXPECT_TRUE(FromJson(R"({"count": 4})", &range).ok());
  EXPECT_EQ(range.count(), 4u);
  EXPECT_FALSE(FromJson(R"({"cuont": 4})", &range).ok());
  EXPECT_FALSE(FromJson("", &range).ok());
}

}  // namespace
}  // namespace goferctl
