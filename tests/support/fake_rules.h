// FakeRules: rules in a map.

#ifndef GOFERD_TESTS_SUPPORT_FAKE_RULES_H_
#define GOFERD_TESTS_SUPPORT_FAKE_RULES_H_

#include "controlplane/supervisor/rule_spec.h"
#include "controlplane/supervisor/rules.h"
#include "tests/support/fake_state.h"

namespace goferd::testing {

// Thread-safe; `state` outlives it.
class FakeRules : public supervisor::Rules {
 public:
  explicit FakeRules(FakeState& state) : state_(state) {}
  absl::StatusOr<std::vector<admin::v1::HandlerRule>> Upsert(
      absl::string_view server_id,
      const std::vector<supervisor::RuleSpec>& rules,
      supervisor::Existing existing, supervisor::Effect effect,
      supervisor::Escapes escapes) override;
  absl::StatusOr<admin::v1::HandlerRule> Get(
      absl::string_view server_id, absl::string_view rule_id) override;
  absl::StatusOr<supervisor::RuleList> List(
      const names::ServerScope& servers) override;
  absl::Status Delete(absl::string_view server_id, absl::string_view rule_id,
                      absl::string_view etag,
                      supervisor::Effect effect) override;

 private:
  FakeState& state_;
};

}  // namespace goferd::testing

#endif  // GOFERD_TESTS_SUPPORT_FAKE_RULES_H_
