// Methods: the bodies of all services, made together.

#ifndef GOFERD_CONTROLPLANE_SERVICE_METHODS_H_
#define GOFERD_CONTROLPLANE_SERVICE_METHODS_H_

#include <utility>

#include "controlplane/service/bodies.h"
#include "controlplane/service/connection_methods.h"
#include "controlplane/service/daemon_methods.h"
#include "controlplane/service/handler_methods.h"
#include "controlplane/service/request_id_cache.h"
#include "controlplane/service/server_methods.h"
#include "controlplane/service/stats_methods.h"
#include "controlplane/supervisor/supervisor.h"
#include "controlplane/translate/time_conversion.h"

namespace goferd::service {

// Owns the bodies and what they share. Thread-safe.
class Methods {
 public:
  // `supervisor` outlives it.
  Methods(supervisor::Supervisor& supervisor, DaemonFacts facts)
      : request_ids_(BoundsOf(supervisor.config())),
        servers_(supervisor, request_ids_),
        connections_(supervisor, request_ids_),
        handlers_(supervisor, request_ids_),
        stats_(supervisor),
        daemon_(supervisor, request_ids_, std::move(facts)) {}
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
