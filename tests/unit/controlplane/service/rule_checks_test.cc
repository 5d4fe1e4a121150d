#include "controlplane/service/rule_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controlplane/service/bad_request.h"

namespace goferd::service {
namespace {

using goferd::testing::FieldsOf;
using goferd::testing::Proto;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

constexpr char kGood[] = "observe {} ttl { seconds: 1 }";

std::vector<std::string> FieldsOfRule(const std::string& text) {
  errors::FieldViolations violations;
  CheckRule(violations, "r", Proto<admin::HandlerRule>(text), "a",
            absl::FromUnixSeconds(1000));
  return FieldsOf(violations);
}

TEST(RuleChecksTest, AcceptsGoodRules) {
  for (const char* const rule : {
           kGood,
           "deny {} permanent: true",
           "hang {} expire_time { seconds: 1001 }",
           "error { code: 'EIO' } ttl { nanos: 1000000 }",
           "error { code: 'EWOULDBLOCK' } ttl { nanos: 1000000 }",
           "delay { fixed {} jitter { seconds: 60 } } permanent: true",
           "short_io { max_bytes: 1 } permanent: true",
           "observe {} permanent: true match { mids: MID_PREAD mids: MID_MOUNT "
           "connection: 'servers/a/connections/b' path_glob: '/x/**/[]a]*' "
           "mount_path_glob: '[!]]' op_class: OP_CLASS_READ uid: 0 }",
           "observe {} permanent: true match { path_glob: '/a\\\\[b' "
           "mount_path_glob: '[\\\\]]' }",
           "observe {} permanent: true trigger { every_nth: 2 max_active: 1024 "
           "probability { numerator: 1000000 denominator: 1000000 } seed: 0 }",
       }) {
    EXPECT_THAT(FieldsOfRule(rule), IsEmpty()) << rule;
  }
}

TEST(RuleChecksTest, ReportsFaultsOfRules) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases = {
      {"", {"r.action", "r.ttl"}},
      {"observe {}", {"r.ttl"}},
      {"permanent: true", {"r.action"}},
      {"observe {} permanent: false", {"r.permanent"}},
      {"observe {} ttl { nanos: 999999 }", {"r.ttl"}},
      {"observe {} ttl { seconds: -1 }", {"r.ttl"}},
      {"observe {} ttl { seconds: 315576000000 }", {"r.ttl"}},
      {"observe {} expire_time { seconds: 1000 }", {"r.expire_time"}},
      {"observe {} expire_time { seconds: 2000 nanos: -1 }", {"r.expire_time"}},
      {"error {} permanent: true", {"r.error.code"}},
      {"error { code: '5' } permanent: true", {"r.error.code"}},
      {"error { code: 'eio' } permanent: true", {"r.error.code"}},
      {"error { code: 'EOK' } permanent: true", {"r.error.code"}},
      {"delay {} permanent: true", {"r.delay"}},
      {"delay { fixed { seconds: 61 } jitter { seconds: -1 } } permanent: true",
       {"r.delay.fixed", "r.delay.jitter"}},
      {"short_io {} permanent: true", {"r.short_io.max_bytes"}},
  };
  for (const auto& [rule, fields] : cases) {
    EXPECT_THAT(FieldsOfRule(rule), ElementsAreArray(fields)) << rule;
  }
}

TEST(RuleChecksTest, ReportsFaultsOfMatches) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases = {
      {"mids: MID_UNSPECIFIED mids: MID_PREAD",
       {"r.match.mids[0] UNKNOWN_MID"}},
      {"connection: 'b'", {"r.match.connection"}},
      {"connection: 'servers/z/connections/b'", {"r.match.connection"}},
      {"connection: 'servers/-/connections/b'", {"r.match.connection"}},
      {"path_glob: '['", {"r.match.path_glob"}},
      {"path_glob: 'a[]'", {"r.match.path_glob"}},
      {"path_glob: '[!]'", {"r.match.path_glob"}},
      {"path_glob: '[z-a]'", {"r.match.path_glob"}},
      {"path_glob: '/a\\\\'", {"r.match.path_glob"}},
      {"path_glob: '[a\\\\]'", {"r.match.path_glob"}},
      {"mount_path_glob: '\\0'", {"r.match.mount_path_glob"}},
      {"path_glob: '" + std::string(4096, 'a') + "'", {"r.match.path_glob"}},
  };
  for (const auto& [match, fields] : cases) {
    EXPECT_THAT(FieldsOfRule(kGood + (" match { " + match + " }")),
                ElementsAreArray(fields))
        << match;
  }
}

TEST(RuleChecksTest, ReportsFaultsOfTriggers) {
  EXPECT_THAT(
      FieldsOfRule(std::string(kGood) +
                   " trigger { skip_first: -1 every_nth: -1 max_hits: -1 "
                   "max_active: 1025 probability { numerator: 2 "
                   "denominator: 1 } }"),
      ElementsAre("r.trigger.skip_first", "r.trigger.every_nth",
                  "r.trigger.probability.numerator", "r.trigger.max_hits",
                  "r.trigger.max_active"));
  EXPECT_THAT(FieldsOfRule(std::string(kGood) + " trigger { probability {} }"),
              ElementsAre("r.trigger.probability.denominator"));
}

TEST(RuleChecksTest, AnUnknownClassIsRefused) {
  auto rule = Proto<admin::HandlerRule>(kGood);
  rule.mutable_match()->set_op_class(static_cast<admin::OpClass>(77));
  errors::FieldViolations violations;
  CheckRule(violations, "r", rule, "a", absl::UnixEpoch());
  EXPECT_THAT(FieldsOf(violations), ElementsAre("r.match.op_class"));
}

}  // namespace
}  // namespace goferd::service
