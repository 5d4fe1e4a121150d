#include "controlplane/service/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "controlplane/service/resource_filters.h"
#include "tests/unit/controlplane/service/bad_request.h"

namespace goferd::service {
namespace {

using goferd::testing::BadRequestOf;
using goferd::testing::FieldsOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const FilterSchema kSchema = {{{"state", {"ACTIVE", "FAILED", "DRAINING"}},
                               {"path", {}},
                               {"time", {}, FilterSchema::Field::Type::kTime}},
                              true};

// Whether a resource matches that is ACTIVE at "/data x" with tenant = a, of
// noon on a day in 2030.
bool Matches(const std::string& text) {
  const auto filter = ParseFilter(text, kSchema);
  EXPECT_TRUE(filter.ok()) << text << ": " << filter.status();
  if (!filter.ok()) return false;
  const std::map<std::string, std::string> fields = {
      {"state", "ACTIVE"},
      {"path", "/data x"},
      {"time", TimeValue(absl::FromCivil(absl::CivilSecond(2030, 5, 6, 12),
                                         absl::UTCTimeZone()))},
      {"labels.tenant", "a"}};
  return filter->Matches(
      [&](absl::string_view field) -> std::optional<std::string> {
        const auto found = fields.find(std::string(field));
        if (found == fields.end()) return std::nullopt;
        return found->second;
      });
}

std::string FaultOf(const std::string& text) {
  const auto filter = ParseFilter(text, kSchema);
  EXPECT_FALSE(filter.ok()) << text;
  EXPECT_THAT(FieldsOf(filter.status()), ElementsAre("filter")) << text;
  return BadRequestOf(filter.status()).field_violations(0).description();
}

TEST(FilterTest, ComparesFields) {
  EXPECT_TRUE(Matches(""));
  EXPECT_TRUE(Matches("  "));
  EXPECT_TRUE(Matches("state = ACTIVE"));
  EXPECT_TRUE(Matches("state=ACTIVE"));
  EXPECT_TRUE(Matches("state = \"ACTIVE\""));
  EXPECT_FALSE(Matches("state = FAILED"));
  EXPECT_FALSE(Matches("state != ACTIVE"));
  EXPECT_TRUE(Matches("path = '/data x'"));
  EXPECT_FALSE(Matches("path = /data"));
}

TEST(FilterTest, ComparesLabels) {
  EXPECT_TRUE(Matches("labels.tenant = a"));
  EXPECT_FALSE(Matches("labels.tenant = b"));
  EXPECT_TRUE(Matches("labels:tenant"));
  EXPECT_FALSE(Matches("labels:zone"));
  EXPECT_FALSE(Matches("labels.zone = a"));
  EXPECT_TRUE(Matches("labels.zone != a"));
  EXPECT_FALSE(Matches("labels.example.com/zone = a"));
}

TEST(FilterTest, OperatorsBindAsInAip160) {
  EXPECT_TRUE(Matches("state = ACTIVE AND labels.tenant = \"a\""));
  EXPECT_FALSE(Matches("state = ACTIVE AND labels.tenant = \"b\""));
  EXPECT_TRUE(Matches("state = FAILED OR labels:tenant"));
  EXPECT_TRUE(Matches("NOT state = FAILED"));
  EXPECT_TRUE(Matches("NOT NOT state = ACTIVE"));
  EXPECT_FALSE(Matches("NOT (state = ACTIVE OR labels:zone)"));
  // OR binds tighter: this is (A OR B) AND C, and not A OR (B AND C).
  EXPECT_FALSE(Matches("state = ACTIVE OR labels:tenant AND labels:zone"));
  EXPECT_TRUE(Matches("state = ACTIVE OR (labels:tenant AND labels:zone)"));
}

TEST(FilterTest, AndMayBeLeftOut) {
  EXPECT_TRUE(Matches("state = ACTIVE labels.tenant = a"));
  EXPECT_FALSE(Matches("state = ACTIVE labels.tenant = b"));
  EXPECT_TRUE(Matches("labels:tenant (state = FAILED OR state = ACTIVE)"));
  // OR binds tighter here, too.
  EXPECT_FALSE(Matches("labels:zone state = FAILED OR state = ACTIVE"));
}

TEST(FilterTest, AMinusIsANot) {
  EXPECT_TRUE(Matches("-state = FAILED"));
  EXPECT_FALSE(Matches("-labels:tenant"));
  EXPECT_TRUE(Matches("state = ACTIVE -labels:zone"));
  EXPECT_FALSE(Matches("-(state = ACTIVE OR labels:zone)"));
  EXPECT_FALSE(Matches("labels.tenant = -a"));
}

TEST(FilterTest, ComparesTextsAndTimesByTheirOrder) {
  EXPECT_TRUE(Matches("labels.tenant >= a"));
  EXPECT_FALSE(Matches("labels.tenant > a"));
  EXPECT_TRUE(Matches("labels.tenant < b"));
  EXPECT_FALSE(Matches("labels.zone < b OR labels.zone >= b"));
  EXPECT_TRUE(Matches("path<=\"/e\""));
  EXPECT_TRUE(Matches("time > \"2030-05-06T11:59:59.9Z\""));
  EXPECT_TRUE(Matches("time = \"2030-05-06T14:00:00+02:00\""));
  EXPECT_FALSE(Matches("time < \"2030-05-06T12:00:00Z\""));
  EXPECT_THAT(FaultOf("time > yesterday"), HasSubstr("is a time"));
  EXPECT_THAT(FaultOf("state > ACTIVE"), HasSubstr("no order"));
}

TEST(FilterTest, QuotesHaveEscapes) {
  EXPECT_FALSE(Matches(R"(path = "a\"b")"));
  EXPECT_TRUE(Matches(R"(path = "\/data\ x")"));
  EXPECT_FALSE(Matches("path = 'it\\'s'"));
  EXPECT_FALSE(Matches("labels.tenant = 'AND'"));
}

TEST(FilterTest, NamesTheKnownFieldsAndValuesForUnknownOnes) {
  EXPECT_THAT(FaultOf("colour = red"), HasSubstr("state, path, time, labels"));
  EXPECT_THAT(FaultOf("state = RED"), HasSubstr("ACTIVE, FAILED, DRAINING"));
  EXPECT_THAT(FaultOf("labels. = a"), HasSubstr("state, path, time, labels"));
}

TEST(FilterTest, FaultsNameTheirPlace) {
  EXPECT_THAT(FaultOf("state = ACTIVE 'state' = ACTIVE"), HasSubstr("byte 15"));
  for (const char* const bad : {"state",
                                "state =",
                                "= ACTIVE",
                                "AND",
                                "NOT",
                                "state = AND",
                                "state = ACTIVE AND",
                                "OR state = ACTIVE",
                                "(state = ACTIVE",
                                "state = ACTIVE)",
                                "()",
                                "state ! ACTIVE",
                                "state : ACTIVE",
                                "path = \"a",
                                "path = 'a\\",
                                "labels",
                                "labels = a",
                                "labels:",
                                "state == ACTIVE",
                                "\"state\" = ACTIVE",
                                "state < ACTIVE"}) {
    EXPECT_FALSE(FaultOf(bad).empty()) << bad;
  }
}

TEST(FilterTest, DeepNestingIsRefused) {
  const auto nested = [](int depth) {
    return absl::StrCat(std::string(static_cast<size_t>(depth), '('),
                        "state=ACTIVE",
                        std::string(static_cast<size_t>(depth), ')'));
  };
  EXPECT_TRUE(Matches(nested(32)));
  EXPECT_THAT(FaultOf(nested(33)), HasSubstr("32"));
  EXPECT_THAT(FaultOf(std::string(1024, '(')), HasSubstr("32"));
  std::string nots;
  for (int i = 0; i < 200; ++i) nots += "NOT ";
  EXPECT_THAT(FaultOf(nots + "state=ACTIVE"), HasSubstr("32"));
}

TEST(FilterTest, LongTextsAreRefused) {
  const std::string chain =
      absl::StrJoin(std::vector<std::string>(78, "path=/"), " AND ");
  EXPECT_FALSE(Matches(chain));
  EXPECT_THAT(FaultOf("path = " + std::string(1018, 'a')), HasSubstr("1024"));
  EXPECT_FALSE(Matches("path = " + std::string(1017, 'a')));
}

TEST(FilterTest, BytesThatAreNoTextAreRefused) {
  EXPECT_THAT(FaultOf("path = \xff"), HasSubstr("UTF-8"));
  EXPECT_FALSE(Matches(std::string("path = a\0b", 10)));
}

// Whether a resource could match whose state is ACTIVE now, but may change, and
// whose label tenant = a is fixed.
bool CouldMatch(const std::string& text) {
  const auto filter = ParseFilter(text, kSchema);
  EXPECT_TRUE(filter.ok()) << text << ": " << filter.status();
  return filter.ok() &&
         filter->CouldMatch(
             [](absl::string_view field) -> std::optional<std::string> {
               return field == "state" ? "ACTIVE" : "a";
             },
             [](absl::string_view field) { return field != "state"; });
}

TEST(FilterTest, CouldMatchWithOtherValuesOfFieldsThatAreNotFixed) {
  EXPECT_TRUE(CouldMatch(""));
  EXPECT_TRUE(CouldMatch("state = FAILED"));
  EXPECT_TRUE(CouldMatch("state != ACTIVE"));
  EXPECT_TRUE(CouldMatch("NOT state = ACTIVE AND labels.tenant = a"));
  EXPECT_FALSE(CouldMatch("state = FAILED AND labels.tenant = b"));
  EXPECT_TRUE(CouldMatch("state = FAILED OR labels.tenant = b"));
  EXPECT_FALSE(CouldMatch("labels.tenant = b"));
  EXPECT_FALSE(CouldMatch("NOT labels.tenant = a"));
  EXPECT_FALSE(CouldMatch("NOT (labels.tenant = a OR state = FAILED)"));
  EXPECT_TRUE(CouldMatch("NOT (labels.tenant = a AND state = FAILED)"));
}

TEST(FilterTest, MentionsTheFieldsThatItAsksFor) {
  const auto filter = ParseFilter("NOT (path = a OR labels:x)", kSchema);
  ASSERT_TRUE(filter.ok());
  EXPECT_TRUE(filter->Mentions("path"));
  EXPECT_TRUE(filter->Mentions("labels.x"));
  EXPECT_FALSE(filter->Mentions("state"));
}

TEST(ResourceFiltersTest, RulesAreFilteredByAction) {
  const auto filter =
      ParseFilter("action = short_io AND labels.a = b", RuleFilterSchema());
  ASSERT_TRUE(filter.ok());
  admin::HandlerRule rule;
  (*rule.mutable_labels())["a"] = "b";
  EXPECT_FALSE(service::Matches(*filter, rule));
  rule.mutable_short_io();
  EXPECT_TRUE(service::Matches(*filter, rule));
  EXPECT_FALSE(ParseFilter("action = nothing", RuleFilterSchema()).ok());
}

TEST(ResourceFiltersTest, ConnectionsAreFilteredByTheirEnd) {
  const auto filter = ParseFilter("end_reason = QUOTA AND mount_path = \"/a\"",
                                  ConnectionFilterSchema());
  ASSERT_TRUE(filter.ok());
  admin::Connection connection;
  connection.set_mount_path("/a");
  EXPECT_FALSE(service::Matches(*filter, connection));
  connection.set_end_reason(admin::Connection::QUOTA);
  EXPECT_TRUE(service::Matches(*filter, connection));
}

}  // namespace
}  // namespace goferd::service
