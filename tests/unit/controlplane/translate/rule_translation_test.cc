#include "controlplane/translate/rule_translation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "controlplane/translate/connection_options.h"
#include "controlplane/translate/time_conversion.h"

namespace goferd::translate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

admin::HandlerRule Rule() {
  admin::HandlerRule rule;
  rule.set_name("servers/a/handlerRules/slow");
  rule.set_uid("uid");
  rule.mutable_error()->set_code("ENOSPC");
  return rule;
}

TEST(RuleTranslationTest, TranslatesErrnosByName) {
  EXPECT_EQ(ErrnoNumber("EIO"), EIO);
  EXPECT_EQ(ErrnoNumber("EWOULDBLOCK"), EAGAIN);
  EXPECT_EQ(ErrnoNumber("ENOTSUP"), EOPNOTSUPP);
  for (const char* name : {"", "eio", "5", "ENONE"}) {
    EXPECT_EQ(ErrnoNumber(name), 0) << name;
  }
  EXPECT_EQ(ErrnoName(ENOENT), "ENOENT");
  EXPECT_EQ(ErrnoName(4000), "4000");
}

TEST(RuleTranslationTest, TranslatesEveryAction) {
  admin::HandlerRule rule = Rule();
  EXPECT_EQ(ToWorker(rule, 1, {}).error_number(), ENOSPC);
  rule.mutable_deny();
  EXPECT_EQ(ToWorker(rule, 1, {}).error_number(), EACCES);
  *rule.mutable_delay()->mutable_fixed() = ToProto(absl::Milliseconds(1500));
  EXPECT_EQ(ToWorker(rule, 1, {}).delay().fixed_ns(), 1'500'000'000);
  rule.mutable_readonly();
  EXPECT_TRUE(ToWorker(rule, 1, {}).has_readonly());
  rule.mutable_short_io()->set_max_bytes(7);
  EXPECT_EQ(ToWorker(rule, 1, {}).short_io_bytes(), 7u);
  rule.mutable_disconnect();
  EXPECT_TRUE(ToWorker(rule, 1, {}).has_disconnect());
  rule.mutable_hang();
  EXPECT_TRUE(ToWorker(rule, 1, {}).has_hang());
  rule.mutable_refuse_fd_donation();
  EXPECT_TRUE(ToWorker(rule, 1, {}).has_refuse_fd_donation());
  rule.mutable_observe();
  EXPECT_TRUE(ToWorker(rule, 1, {}).has_observe());
}

TEST(RuleTranslationTest, TranslatesMatchAndTrigger) {
  admin::HandlerRule rule = Rule();
  auto& match = *rule.mutable_match();
  match.add_mids(admin::MID_OPEN_AT);
  match.set_connection("servers/a/connections/web");
  match.set_path_glob("/x/**");
  match.set_uid(0);
  auto& trigger = *rule.mutable_trigger();
  trigger.set_every_nth(3);
  trigger.set_skip_first(2);
  trigger.mutable_probability()->set_numerator(1);
  trigger.mutable_probability()->set_denominator(4);
  trigger.set_seed(99);
  rule.set_priority(-5);
  *rule.mutable_expire_time() = ToProto(absl::FromUnixNanos(1234));
  const auto to = ToWorker(rule, 8, {});
  EXPECT_THAT(to.mids(), ElementsAre(admin::MID_OPEN_AT));
  EXPECT_EQ(to.rule_id(), "slow");
  EXPECT_EQ(to.connection_id(), "web");
  EXPECT_EQ(to.path_glob(), "/x/**");
  EXPECT_TRUE(to.has_request_uid());
  EXPECT_EQ(to.every_nth(), 3u);
  EXPECT_EQ(to.skip_first(), 2u);
  EXPECT_EQ(to.probability_denominator(), 4u);
  EXPECT_EQ(to.seed(), 99u);
  EXPECT_EQ(to.max_active(), 16u);
  EXPECT_EQ(to.priority(), -5);
  EXPECT_EQ(to.age_number(), 8u);
  EXPECT_EQ(to.expire_unix_ns(), 1234);
  admin::HandlerRule kept;
  ASSERT_TRUE(kept.ParseFromString(to.daemon_data()));
  EXPECT_EQ(kept.name(), rule.name());
}

TEST(RuleTranslationTest, ExpandsClassesToMessages) {
  const std::vector<uint32_t> known{admin::MID_FSTAT, admin::MID_PREAD,
                                    admin::MID_PWRITE, admin::MID_FALLOCATE};
  admin::HandlerRule::Match match;
  EXPECT_THAT(*MidsOf(match, known), IsEmpty());
  match.set_op_class(admin::OP_CLASS_WRITE);
  EXPECT_THAT(*MidsOf(match, known),
              ElementsAre(admin::MID_PWRITE, admin::MID_FALLOCATE));
  match.add_mids(admin::MID_PWRITE);
  EXPECT_THAT(*MidsOf(match, known), ElementsAre(admin::MID_PWRITE));
  match.set_op_class(admin::OP_CLASS_READ);
  EXPECT_FALSE(MidsOf(match, known).has_value());
}

TEST(RuleTranslationTest, ARuleThatCanMatchNothingMatchesNothing) {
  admin::HandlerRule rule = Rule();
  rule.mutable_match()->add_mids(admin::MID_PWRITE);
  rule.mutable_match()->set_op_class(admin::OP_CLASS_READ);
  EXPECT_THAT(ToWorker(rule, 1, {}).mids(), ElementsAre(0u));
}

TEST(RuleTranslationTest, TellsFaultsFromPolicies) {
  admin::HandlerRule rule = Rule();
  EXPECT_TRUE(IsFault(rule));
  rule.mutable_hang();
  EXPECT_TRUE(IsFault(rule));
  rule.mutable_deny();
  EXPECT_FALSE(IsFault(rule));
  rule.mutable_refuse_fd_donation();
  EXPECT_FALSE(IsFault(rule));
}

TEST(ConnectionOptionsTest, DefaultsFillFieldsThatAreLeftOut) {
  const auto complete = CompleteOptions({}, {}, 1000);
  EXPECT_FALSE(complete.readonly());
  EXPECT_EQ(complete.donate_host_fds(), admin::ConnectionOptions::FILES);
  EXPECT_EQ(complete.host_uds(), admin::ConnectionOptions::NONE);
  EXPECT_EQ(complete.host_fifo(), admin::ConnectionOptions::REFUSE_FIFOS);
  EXPECT_EQ(complete.character_devices(),
            admin::ConnectionOptions::OPEN_DEVICES);
  EXPECT_EQ(complete.max_message_size(), 2093056);
  EXPECT_EQ(complete.max_fds(), 1000);
  EXPECT_EQ(complete.max_nodes(), 131072);
  EXPECT_GE(complete.max_channels(), 2);
  EXPECT_LE(complete.max_channels(), 4);
}

TEST(ConnectionOptionsTest, OwnOptionsGoBeforeTheServersBeforeTheApis) {
  admin::ConnectionOptions server;
  server.set_readonly(true);
  server.set_max_fds(500);
  server.set_protocol_level(admin::ConnectionOptions::AUG_2026);
  admin::ConnectionOptions own;
  own.set_readonly(false);
  own.set_max_nodes(50);
  const auto complete = CompleteOptions(own, server, 1000);
  EXPECT_FALSE(complete.readonly());
  EXPECT_EQ(complete.max_fds(), 500);
  EXPECT_EQ(complete.max_nodes(), 50);
  EXPECT_EQ(complete.character_devices(),
            admin::ConnectionOptions::REFUSE_DEVICES);
}

TEST(ConnectionOptionsTest,
     AServersDefaultsLeaveFieldsOpenThatDependOnTheConnection) {
  admin::ConnectionOptions daemon;
  daemon.set_max_nodes(50);
  const auto defaults = CompleteDefaults({}, daemon);
  EXPECT_TRUE(defaults.has_readonly());
  EXPECT_EQ(defaults.donate_host_fds(), admin::ConnectionOptions::FILES);
  EXPECT_EQ(defaults.host_uds(), admin::ConnectionOptions::NONE);
  EXPECT_EQ(defaults.host_fifo(), admin::ConnectionOptions::REFUSE_FIFOS);
  EXPECT_EQ(defaults.protocol_level(), admin::ConnectionOptions::NOV_2023);
  EXPECT_EQ(defaults.max_message_size(), 2093056);
  EXPECT_GE(defaults.max_channels(), 2);
  EXPECT_EQ(defaults.max_nodes(), 50);
  admin::ConnectionOptions newer;
  newer.set_protocol_level(admin::ConnectionOptions::AUG_2026);
  const auto connection = CompleteOptions(newer, defaults, 1000);
  EXPECT_EQ(connection.character_devices(),
            admin::ConnectionOptions::REFUSE_DEVICES);
  EXPECT_EQ(connection.max_fds(), 1000);
}

TEST(ConnectionOptionsTest, SurvivesTranslationThereAndBack) {
  admin::ConnectionOptions options;
  options.set_readonly(true);
  options.set_donate_host_fds(admin::ConnectionOptions::NO_FDS);
  options.set_host_uds(admin::ConnectionOptions::ALL);
  options.set_host_fifo(admin::ConnectionOptions::OPEN_FIFOS);
  options.set_character_devices(admin::ConnectionOptions::REFUSE_DEVICES);
  const auto complete = CompleteOptions(options, {}, 1000);
  EXPECT_EQ(ToAdmin(ToWorker(complete)).SerializeAsString(),
            complete.SerializeAsString());
}

}  // namespace
}  // namespace goferd::translate
