#include "server/worker/container_facts.h"

#include <unistd.h>

#include "server/control/versions.h"
#include "server/lisafs/options.h"
#include "server/rules/unix_clock.h"
#include "server/worker/container_labels.h"
#include "server/worker/protocol_translation.h"
#include "server/worker/sandbox_steps.h"

namespace gofer::worker {

GoferFacts ContainerFacts(const sandbox::Plan& plan, const oci::OciSpec& spec,
                          absl::string_view bundle) {
  namespace v1 = ::goferd::worker::v1;
  GoferFacts facts;
  v1::BootstrapResult& result = *facts.adopt.mutable_bootstrap();
  *result.mutable_party() = control::MakeParty(
      GOFERD_VERSION, {v1::CAPABILITY_HANDLER_SWAP, v1::CAPABILITY_RULES,
                       v1::CAPABILITY_STATS, v1::CAPABILITY_PAGES});
  result.set_pid(::getpid());
  for (const std::string& step : StepNames(plan)) {
    result.add_sandbox_steps(step);
  }
  AddSupportedMids(result);
  facts.adopt.set_root(spec.root);
  for (const auto& [key, value] : ContainerLabels(spec, bundle)) {
    (*facts.adopt.mutable_labels())[key] = value;
  }
  const lisafs::ServerOptions options;
  v1::ServerOptions& to = *facts.adopt.mutable_options();
  to.set_walk_stat_supported(options.walk_stat_supported);
  to.set_set_attr_on_deleted(options.set_attr_on_deleted);
  to.set_allocate_on_deleted(options.allocate_on_deleted);
  facts.adopt.set_sandbox_mode(v1::SANDBOX_MODE_FULL);
  facts.adopt.set_start_unix_ns(rules::UnixNanos());
  return facts;
}

}  // namespace gofer::worker
