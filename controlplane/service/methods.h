// Methods: the bodies of all services, made together.

#ifndef GOFERD_CONTROLPLANE_SERVICE_METHODS_H_
#define GOFERD_CONTROLPLANE_SERVICE_METHODS_H_

#include <utility>

#include "controlplane/service/connection_methods.h"
#include "controlplane/service/daemon_methods.h"
#include "controlplane/service/handler_methods.h"
#include "controlplane/service/request_id_cache.h"
#include "controlplane/service/server_methods.h"
#include "controlplane/service/stats_methods.h"
#include "controlplane/supervisor/node.h"
#include "controlplane/translate/time_conversion.h"

namespace goferd::service {

// The bodies of the admin API's methods, without gRPC; they are not owned. Each
// body checks its request, does the work and answers. Bodies are called from
// many threads at once, and may block unless auth/method_policy.h says that
// they run inline. Errors are made by controlplane/errors. The watches and
// WaitServer have no body here, since they do not end by themselves: see
// live_calls.h.
struct Bodies {
  ServerMethods& servers;
  ConnectionMethods& connections;
  HandlerMethods& handlers;
  StatsMethods& stats;
  DaemonMethods& daemon;
};

// Owns the bodies and what they share. Thread-safe.
class Methods {
 public:
  // The parts that `node` names outlive the object.
  Methods(const supervisor::Node& node, DaemonFacts facts)
      : request_ids_(BoundsOf(node.config)),
        servers_(node.servers, node.config, request_ids_),
        connections_(node.servers, node.connections, request_ids_),
        handlers_(node.handlers, node.rules, request_ids_),
        stats_(node.statistics),
        daemon_(node, request_ids_, std::move(facts)) {}
  Methods(const Methods&) = delete;
  Methods& operator=(const Methods&) = delete;

  Bodies bodies() {
    return {servers_, connections_, handlers_, stats_, daemon_};
  }

 private:
  static RequestIdCache::Bounds BoundsOf(
      const config::v1::DaemonConfig& config) {
    RequestIdCache::Bounds bounds;
    if (config.has_request_id_retention()) {
      bounds.retention = translate::ToDuration(config.request_id_retention());
    }
    return bounds;
  }

  RequestIdCache request_ids_;
  ServerMethods servers_;
  ConnectionMethods connections_;
  HandlerMethods handlers_;
  StatsMethods stats_;
  DaemonMethods daemon_;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_METHODS_H_
