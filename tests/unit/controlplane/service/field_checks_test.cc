#include "controlplane/service/field_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "controlplane/service/utf8.h"
#include "goferd/admin/v1/connection.pb.h"
#include "goferd/admin/v1/log_level.pb.h"
#include "tests/unit/controlplane/service/bad_request.h"

namespace goferd::service {
namespace {

using errors::FieldViolations;
using goferd::testing::BadRequestOf;
using goferd::testing::FieldsOf;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Checked(
    const std::function<void(FieldViolations&)>& check) {
  FieldViolations violations;
  check(violations);
  return FieldsOf(violations);
}

TEST(FieldChecksTest, RefusesMalformedPaths) {
  const auto check = [](const std::string& path) {
    return Checked([&](FieldViolations& v) { CheckPath(v, "p", path); });
  };
  EXPECT_THAT(check("/"), IsEmpty());
  EXPECT_THAT(check("/a//../b"), IsEmpty());
  EXPECT_THAT(check("/" + std::string(4094, 'a')), IsEmpty());
  EXPECT_THAT(check(""), ElementsAre("p PATH_NOT_ABSOLUTE"));
  EXPECT_THAT(check("a/b"), ElementsAre("p PATH_NOT_ABSOLUTE"));
  EXPECT_THAT(check("/" + std::string(4095, 'a')), ElementsAre("p"));
  EXPECT_THAT(check(std::string("/a\0b", 4)), ElementsAre("p"));
  EXPECT_THAT(check("/\xff"), ElementsAre("p"));
}

TEST(FieldChecksTest, PathsAreCleanedLexically) {
  EXPECT_EQ(CleanPath("/"), "/");
  EXPECT_EQ(CleanPath("//a/./b/"), "/a/b");
  EXPECT_EQ(CleanPath("/a/../../b"), "/b");
  EXPECT_EQ(CleanPath("/../.."), "/");
}

TEST(FieldChecksTest, RefusesRequestIdsThatAreNoUuids) {
  const auto check = [](absl::string_view id) {
    return Checked([&](FieldViolations& v) { CheckRequestId(v, "r", id); });
  };
  EXPECT_THAT(check(""), IsEmpty());
  EXPECT_THAT(check("123e4567-E89B-42d3-a456-426614174000"), IsEmpty());
  for (const char* const bad : {"1", "123e4567e89b42d3a456426614174000",
                                "123e4567-e89b-42d3-a456-42661417400g",
                                "123e4567-e89b-42d3-a456-426614174000-",
                                "{123e4567-e89b-42d3-a456-42661417400}"}) {
    EXPECT_THAT(check(bad), ElementsAre("r")) << bad;
  }
}

TEST(FieldChecksTest, RefusesMalformedLabels) {
  const auto check = [](const Labels& labels) {
    return Checked([&](FieldViolations& v) { CheckLabels(v, "l", labels); });
  };
  Labels labels;
  labels["a.b/c-d_1"] = std::string(63, 'x');
  labels["empty"] = "";
  EXPECT_THAT(check(labels), IsEmpty());
  labels["Upper"] = "";
  labels["end-"] = "";
  labels["long"] = std::string(64, 'x');
  EXPECT_THAT(check(labels), ElementsAre("l", "l", "l.long"));
  labels.clear();
  for (int i = 0; i < 65; ++i) labels["k" + std::to_string(i)] = "";
  EXPECT_THAT(check(labels), ElementsAre("l"));
  labels.erase("k0");
  EXPECT_THAT(check(labels), IsEmpty());
}

TEST(FieldChecksTest, DurationsAreValidAndInRange) {
  const auto check = [](int64_t seconds, int32_t nanos) {
    google::protobuf::Duration duration;
    duration.set_seconds(seconds);
    duration.set_nanos(nanos);
    return Checked([&](FieldViolations& v) {
      CheckDuration(v, "d", duration, absl::Seconds(1), absl::Seconds(10));
    });
  };
  EXPECT_THAT(check(1, 0), IsEmpty());
  EXPECT_THAT(check(10, 0), IsEmpty());
  EXPECT_THAT(check(0, 999'999'999), ElementsAre("d"));
  EXPECT_THAT(check(10, 1), ElementsAre("d"));
  EXPECT_THAT(check(5, -1), ElementsAre("d"));
  EXPECT_THAT(check(5, 1'000'000'000), ElementsAre("d"));
  EXPECT_THAT(check(std::numeric_limits<int64_t>::max(), 0), ElementsAre("d"));
  EXPECT_THAT(check(std::numeric_limits<int64_t>::min(), 0), ElementsAre("d"));
}

TEST(FieldChecksTest, TimestampsAreOfTheYears1To9999) {
  const auto check = [](int64_t seconds, int32_t nanos) {
    google::protobuf::Timestamp timestamp;
    timestamp.set_seconds(seconds);
    timestamp.set_nanos(nanos);
    return Checked(
        [&](FieldViolations& v) { CheckTimestamp(v, "t", timestamp); });
  };
  EXPECT_THAT(check(0, 0), IsEmpty());
  EXPECT_THAT(check(253'402'300'799, 999'999'999), IsEmpty());
  EXPECT_THAT(check(253'402'300'800, 0), ElementsAre("t"));
  EXPECT_THAT(check(-62'135'596'801, 0), ElementsAre("t"));
  EXPECT_THAT(check(0, -1), ElementsAre("t"));
}

TEST(FieldChecksTest, NamesTheKnownValuesForAnUnknownEnumValue) {
  FieldViolations violations;
  CheckEnum(violations, "m", static_cast<admin::v1::AttachMode>(9));
  CheckEnum(violations, "n", admin::v1::LOG_LEVEL_UNSPECIFIED,
            Unspecified::kRefused);
  CheckEnum(violations, "o", admin::v1::LOG_LEVEL_UNSPECIFIED);
  EXPECT_THAT(FieldsOf(violations), ElementsAre("m", "n"));
  EXPECT_EQ(
      BadRequestOf(violations.ToStatus()).field_violations(0).description(),
      "must be one of ATTACH_MODE_TAKE, ATTACH_MODE_GIVE, "
      "ATTACH_MODE_LISTEN");
}

TEST(FieldChecksTest, RefusesMidsOutOfRange) {
  FieldViolations violations;
  CheckMid(violations, "a", 0);
  CheckMid(violations, "b", 1);
  CheckMid(violations, "c", 200);
  CheckMid(violations, "d", 65536);
  CheckMid(violations, "e", -1);
  EXPECT_THAT(FieldsOf(violations),
              ElementsAre("a UNKNOWN_MID", "d UNKNOWN_MID", "e UNKNOWN_MID"));
}

TEST(Utf8Test, IllFormedBytesAreRefused) {
  for (const char* const good : {"", "a", "\xc3\xa4", "\xe2\x82\xac",
                                 "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsUtf8(good)) << good;
  }
  for (const char* const bad :
       {"\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xe2\x82",
        "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"}) {
    EXPECT_FALSE(IsUtf8(bad));
  }
}

}  // namespace
}  // namespace goferd::service
