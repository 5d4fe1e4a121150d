// Context: the nodes, flags and streams that a command works with.

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

// A goferd. `name`: its endpoint as it was given.
struct Node {
  std::string name;
  std::unique_ptr<goferd::client::AdminClient> client;
};

// Borrows the flags and the environment. Used by one thread, except where a
// method says otherwise.
class Context {
 public:
  // The most endpoints that one command takes.
  static constexpr size_t kMaxNodes = 256;

  Context(const GlobalFlags& flags, Environment& environment)
      : flags_(flags), environment_(environment) {}

  const GlobalFlags& flags() const { return flags_; }
  Environment& environment() const { return environment_; }
  std::ostream& out() const { return environment_.out; }
  // Writes `text` to stderr at once. Thread-safe.
  void Tell(absl::string_view text) const;

  // Whether the output has rows of several nodes, which need a column NODE.
  bool has_several_nodes() const { return flags_.endpoints.size() > 1; }
  // The only node. Usage error when there are several, and for a malformed
  // endpoint.
  absl::StatusOr<Node> OneNode() const;
  absl::StatusOr<std::vector<Node>> AllNodes() const;

  // Options of a call that goferd answers soon. Thread-safe.
  goferd::client::CallOptions call_options() const;
  // Options of a call that may take any time: only --timeout bounds it.
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
