// FakeServers: servers whose gofers do all that they are told, at once.

#ifndef GOFERD_TESTS_SUPPORT_FAKE_SERVERS_H_
#define GOFERD_TESTS_SUPPORT_FAKE_SERVERS_H_

#include "controlplane/supervisor/servers.h"
#include "tests/support/fake_state.h"

namespace goferd::testing {

// Thread-safe; `state` outlives it.
class FakeServers : public supervisor::Servers {
 public:
  explicit FakeServers(FakeState& state) : state_(state) {}
  absl::StatusOr<admin::v1::Server> Create(
      absl::string_view id, const admin::v1::Server& spec,
      supervisor::Effect effect, const state::v1::RequestKey& request) override;
  absl::StatusOr<admin::v1::Server> Get(absl::string_view id) const override;
  int64_t Visit(
      absl::string_view after,
      absl::FunctionRef<bool(const admin::v1::Server&)> visit) const override;
  absl::StatusOr<admin::v1::Server> Update(
      absl::string_view id, absl::string_view etag, supervisor::Effect effect,
      supervisor::Escapes escapes,
      absl::FunctionRef<absl::Status(admin::v1::Server&)> change) override;
  absl::Status Delete(absl::string_view id, absl::string_view etag,
                      supervisor::Force force,
                      supervisor::Effect effect) override;
  absl::StatusOr<admin::v1::Server> SetDraining(
      absl::string_view id, absl::string_view etag, bool draining,
      supervisor::Effect effect, supervisor::Escapes escapes) override;

 private:
  FakeState& state_;
};

}  // namespace goferd::testing

#endif  // GOFERD_TESTS_SUPPORT_FAKE_SERVERS_H_
