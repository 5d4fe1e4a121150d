// Context: what a command runs with.

#ifndef GOFERD_CLIENTS_GOFERCTL_CONTEXT_H_
#define GOFERD_CLIENTS_GOFERCTL_CONTEXT_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "clients/admin/admin_client.h"
#include "clients/goferctl/environment.h"
#include "clients/goferctl/flags.h"
#include "server/base/mutex.h"

namespace goferctl {

// One goferd, known by the endpoint as it was given.
struct Node {
  std::string name;
  std::unique_ptr<goferd::client::AdminClient> client;
};

// Borrows the flags and the environment. Used by one thread, except where a
// method says otherwise.
class Context {
 public:
  // The most endpoints of one command.
  static constexpr size_t kMaxNodes = 256;

  Context(const GlobalFlags& flags, Environment& environment)
      : flags_(flags), environment_(environment) {}

  const GlobalFlags& flags() const { return flags_; }
  Environment& environment() const { return environment_; }
  std::ostream& out() const { return environment_.out; }
  // Text for stderr, at once. Thread-safe.
  void Tell(absl::string_view text) const;

  // Whether rows of several nodes stand side by side.
  bool has_several_nodes() const { return flags_.endpoints.size() > 1; }
  // The only node. Usage error when there are several, or for an endpoint that
  // makes no sense.
  absl::StatusOr<Node> OneNode() const;
  absl::StatusOr<std::vector<Node>> AllNodes() const;

  // Of a call that answers soon. Thread-safe.
  goferd::client::CallOptions call_options() const;
  // Of one that takes as long as it takes: bounded by --timeout alone.
  // Thread-safe.
  goferd::client::CallOptions long_call_options() const;

 private:
  absl::StatusOr<Node> MakeNode(const std::string& endpoint) const;

  const GlobalFlags& flags_;
  Environment& environment_;
  mutable gofer::base::Mutex mu_;
};

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_CONTEXT_H_
