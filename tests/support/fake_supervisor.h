// FakeSupervisor: a node in memory, without processes.

#ifndef GOFERD_TESTS_SUPPORT_FAKE_SUPERVISOR_H_
#define GOFERD_TESTS_SUPPORT_FAKE_SUPERVISOR_H_

#include "controlplane/supervisor/node.h"
#include "controlplane/supervisor/stopper.h"
#include "goferd/config/v1/config.pb.h"
#include "tests/support/fake_attachments.h"
#include "tests/support/fake_connections.h"
#include "tests/support/fake_handlers.h"
#include "tests/support/fake_rules.h"
#include "tests/support/fake_servers.h"
#include "tests/support/fake_state.h"
#include "tests/support/fake_statistics.h"

namespace goferd::testing {

// Behaves as a Supervisor whose gofers do all that they are told, at once.
// Thread-safe.
class FakeSupervisor : public supervisor::Stopper {
 public:
  explicit FakeSupervisor(config::v1::DaemonConfig config = {},
                          size_t kept_events = 1024);

  supervisor::Node node() {
    return {config_,      state_.events, *this,  servers_,   connections_,
            attachments_, handlers_,     rules_, statistics_};
  }
  FakeServers& servers() { return servers_; }
  FakeConnections& connections() { return connections_; }
  FakeStatistics& statistics() { return statistics_; }
  model::EventLog& events() { return state_.events; }

  // FOR TESTS

  // The next call that changes something fails with `status`, once.
  void FailNext(absl::Status status);
  // From now on `server` (a resource name) does not answer; lists name it.
  void SetUnreachable(absl::string_view server);
  void SetConnectionState(absl::string_view server_id,
                          absl::string_view connection_id,
                          admin::v1::Connection::State state) {
    state_.SetConnectionState(server_id, connection_id, state);
  }
  void SetInflight(std::vector<admin::v1::InflightRpc> rpcs);
  // How many calls with Effect::kReal changed something.
  int changes() const;
  // What the last mutation said that knows it.
  std::optional<supervisor::Escapes> escapes() const;
  bool is_shut_down() const;

  // STOPPER

  void Shutdown() override;
  void GiveUp() override {}

 private:
  const config::v1::DaemonConfig config_;
  FakeState state_;
  FakeServers servers_{state_};
  FakeConnections connections_{state_};
  FakeAttachments attachments_{state_};
  FakeHandlers handlers_{state_};
  FakeRules rules_{state_};
  FakeStatistics statistics_{state_};
};

}  // namespace goferd::testing

#endif  // GOFERD_TESTS_SUPPORT_FAKE_SUPERVISOR_H_
