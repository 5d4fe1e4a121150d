// FakeState: servers, connections and rules in maps, without processes.

#ifndef GOFERD_TESTS_SUPPORT_FAKE_STATE_H_
#define GOFERD_TESTS_SUPPORT_FAKE_STATE_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "controlplane/model/event_log.h"
#include "controlplane/names/resource_name.h"
#include "controlplane/names/scope.h"
#include "controlplane/supervisor/effect.h"
#include "goferd/admin/v1/connection.pb.h"
#include "goferd/admin/v1/daemon_service.pb.h"
#include "goferd/admin/v1/handler.pb.h"
#include "goferd/admin/v1/handler_rule.pb.h"
#include "goferd/admin/v1/server.pb.h"
#include "goferd/admin/v1/stats.pb.h"
#include "server/base/mutex.h"

namespace goferd::testing {

// What the fakes of a FakeSupervisor share. Resources get the uids "uid-1",
// "uid-2"... and etags that change with every change. Every change is
// published.
struct FakeState {
  explicit FakeState(size_t kept_events)
      : events(kept_events, "00000000-0000-4000-8000-00000000face") {}

  struct ServerState {
    admin::v1::Server server;
    std::map<std::string, admin::v1::Handler> handlers;
    admin::v1::LogLevel log_level = admin::v1::LOG_LEVEL_WARNING;
  };

  absl::Status StartChange() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  absl::Status CheckServer(absl::string_view id, absl::string_view etag) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  std::string NextUid() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  template <typename Resource>
  void Touch(Resource& resource) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    resource.set_etag(absl::StrCat("etag-", ++last_etag));
    ++changes;
  }
  void Publish(admin::v1::Event::Type type, const admin::v1::Server& server);
  void Publish(admin::v1::Event::Type type,
               const admin::v1::Connection& connection);
  void Publish(admin::v1::Event::Type type, const admin::v1::HandlerRule& rule);
  int64_t CountActive(absl::string_view server_id) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  // Takes the lock.
  void SetConnectionState(absl::string_view server_id,
                          absl::string_view connection_id,
                          admin::v1::Connection::State state);

  model::EventLog events;
  mutable gofer::base::Mutex mu;
  // By id.
  std::map<std::string, ServerState> servers ABSL_GUARDED_BY(mu);
  // By resource name.
  std::map<std::string, admin::v1::Connection> connections ABSL_GUARDED_BY(mu);
  std::map<std::string, admin::v1::HandlerRule> rules ABSL_GUARDED_BY(mu);
  std::vector<admin::v1::InflightRpc> inflight ABSL_GUARDED_BY(mu);
  std::vector<std::string> unreachable ABSL_GUARDED_BY(mu);
  std::optional<absl::Status> next_failure ABSL_GUARDED_BY(mu);
  // What the last mutation said that knows it.
  std::optional<supervisor::Escapes> escapes ABSL_GUARDED_BY(mu);
  int changes ABSL_GUARDED_BY(mu) = 0;
  int last_uid ABSL_GUARDED_BY(mu) = 0;
  int last_etag ABSL_GUARDED_BY(mu) = 0;
  bool shut_down ABSL_GUARDED_BY(mu) = false;
};

// Whether the resource `name` is under a server of the scope.
inline bool IsUnder(absl::string_view name, const names::ServerScope& scope) {
  return scope.is_all() ||
         absl::StartsWith(
             name, absl::StrCat(names::FormatServerName(scope.id()), "/"));
}

inline absl::Status CheckEtag(absl::string_view wanted,
                              absl::string_view present) {
  if (wanted.empty() || wanted == present) return absl::OkStatus();
  return errors::Error(errors::Reason::ETAG_MISMATCH,
                       "the etag is another; read it again");
}

inline bool IsActive(const admin::v1::Connection& connection) {
  return connection.state() == admin::v1::Connection::ATTACHED ||
         connection.state() == admin::v1::Connection::MOUNTED ||
         connection.state() == admin::v1::Connection::DRAINING;
}

}  // namespace goferd::testing

#endif  // GOFERD_TESTS_SUPPORT_FAKE_STATE_H_
