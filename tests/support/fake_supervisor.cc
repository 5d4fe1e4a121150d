#include "tests/support/fake_supervisor.h"

#include <utility>

namespace goferd::testing {
namespace {

using gofer::base::MutexLock;

config::v1::DaemonConfig WithAttachPath(config::v1::DaemonConfig config) {
  config.mutable_attach()->set_path("/run/test/attach.sock");
  return config;
}

}  // namespace

FakeSupervisor::FakeSupervisor(config::v1::DaemonConfig config,
                               size_t kept_events)
    : config_(WithAttachPath(std::move(config))), state_(kept_events) {}

void FakeSupervisor::FailNext(absl::Status status) {
  MutexLock lock(state_.mu);
  state_.next_failure = std::move(status);
}

void FakeSupervisor::SetUnreachable(absl::string_view server) {
  MutexLock lock(state_.mu);
  state_.unreachable.emplace_back(server);
}

void FakeSupervisor::SetInflight(std::vector<admin::v1::InflightRpc> rpcs) {
  MutexLock lock(state_.mu);
  state_.inflight = std::move(rpcs);
}

int FakeSupervisor::changes() const {
  MutexLock lock(state_.mu);
  return state_.changes;
}

std::optional<supervisor::Escapes> FakeSupervisor::escapes() const {
  MutexLock lock(state_.mu);
  return state_.escapes;
}

bool FakeSupervisor::is_shut_down() const {
  MutexLock lock(state_.mu);
  return state_.shut_down;
}

void FakeSupervisor::Shutdown() {
  MutexLock lock(state_.mu);
  state_.shut_down = true;
}

}  // namespace goferd::testing
