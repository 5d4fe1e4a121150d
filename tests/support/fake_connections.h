// FakeConnections: connections whose gofers do all that they are told.

#ifndef GOFERD_TESTS_SUPPORT_FAKE_CONNECTIONS_H_
#define GOFERD_TESTS_SUPPORT_FAKE_CONNECTIONS_H_

#include "controlplane/supervisor/connection_spec.h"
#include "controlplane/supervisor/connections.h"
#include "tests/support/fake_state.h"

namespace goferd::testing {

// Thread-safe; `state` outlives it.
class FakeConnections : public supervisor::Connections {
 public:
  explicit FakeConnections(FakeState& state) : state_(state) {}
  absl::StatusOr<std::vector<supervisor::StartedConnection>> Start(
      const std::vector<supervisor::ConnectionSpec>& specs,
      supervisor::Effect effect) override;
  absl::StatusOr<supervisor::StartedConnection> RenewTicket(
      absl::string_view server_id, absl::string_view connection_id,
      absl::string_view uid) override;
  absl::StatusOr<admin::v1::Connection> Get(
      absl::string_view server_id,
      absl::string_view connection_id) const override;
  absl::StatusOr<int64_t> Visit(
      const names::ServerScope& servers,
      const std::optional<names::ChildName>& after,
      absl::FunctionRef<bool(const admin::v1::Connection&)> visit)
      const override;
  absl::StatusOr<admin::v1::Connection> Stop(
      absl::string_view server_id, absl::string_view connection_id,
      const admin::v1::StopConnectionRequest& request) override;
  absl::StatusOr<model::ConnectionCounts> Count(
      const names::ServerScope& servers) const override;

 private:
  FakeState& state_;
};

}  // namespace goferd::testing

#endif  // GOFERD_TESTS_SUPPORT_FAKE_CONNECTIONS_H_
