#include "controlplane/gofers/server_failure.h"

#include <signal.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controlplane/translate/time_conversion.h"
#include "server/base/log.h"

namespace goferd::gofers {

std::string DescribeExit(const process::GoferExit& end) {
  if (end.signal) return absl::StrCat("signal ", *end.signal);
  if (end.exit_code) return absl::StrCat("exit code ", *end.exit_code);
  return "unknown: it was not our child";
}

admin::ServerFailure FailureOf(const process::GoferExit& end) {
  admin::ServerFailure failure;
  if (end.exit_code) failure.set_exit_code(*end.exit_code);
  if (end.signal) failure.set_signal_number(*end.signal);
  if (end.out_of_memory) {
    failure.set_reason(admin::ServerFailure::OOM_KILLED);
  } else if (end.signal == SIGSYS) {
    failure.set_reason(admin::ServerFailure::SECCOMP_VIOLATION);
  } else if (end.exit_code) {
    failure.set_reason(admin::ServerFailure::EXITED);
  } else {
    failure.set_reason(admin::ServerFailure::CRASHED);
  }
  failure.set_message("the gofer died: " + DescribeExit(end));
  return failure;
}

admin::ServerFailure DamageOf(const model::ServerRecord& server) {
  admin::ServerFailure failure;
  failure.set_reason(admin::ServerFailure::STATE_DAMAGED);
  failure.set_message(server.damage.text());
  return failure;
}

void MarkFailed(const model::ModelLock& lock, model::Model& model,
                model::ServerRecord& server, admin::ServerFailure failure) {
  // One that an earlier goferd has seen has its time.
  if (!failure.has_failure_time()) {
    *failure.mutable_failure_time() = translate::ToProto(absl::Now());
  }
  *server.resource.mutable_failure() = std::move(failure);
  *server.resource.mutable_last_failure() = server.resource.failure();
  const absl::Status failed =
      model.SetState(lock, server, admin::Server::FAILED);
  if (!failed.ok()) {
    gofer::base::Log().error("{}", std::string(failed.message()));
  }
}

}  // namespace goferd::gofers
