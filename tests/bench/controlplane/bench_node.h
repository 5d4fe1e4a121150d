// BenchNode: a goferd of the benchmark's own.

#ifndef GOFERD_TESTS_BENCH_CONTROLPLANE_BENCH_NODE_H_
#define GOFERD_TESTS_BENCH_CONTROLPLANE_BENCH_NODE_H_

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "clients/admin/admin_client.h"
#include "clients/lisafs/client.h"
#include "server/base/unique_fd.h"

namespace goferd::bench {

// Says what went wrong, removes what was started, and ends the benchmark.
[[noreturn]] void Fail(const std::string& what);

// A goferd process with a state directory and a served tree below a temporary
// directory, all gone on destruction. Not thread-safe but for admin().
class BenchNode {
 public:
  struct Programs {
    std::string goferd;
    std::string gofer;
  };

  // `configuration`: further fields of a DaemonConfig in text format.
  BenchNode(const Programs& programs, const std::string& configuration);
  ~BenchNode();
  BenchNode(const BenchNode&) = delete;
  BenchNode& operator=(const BenchNode&) = delete;

  // Ends it by SIGKILL; its gofers go on.
  void Kill();
  // From exec to the first answer of its health service.
  absl::Duration Start();

  pid_t pid() const { return pid_; }
  const std::string& tree() const { return tree_; }
  client::AdminClient& admin() { return *admin_; }

  // A server on tree(), and its gofer's pid.
  pid_t CreateServer(const std::string& id);
  void DeleteServer(const std::string& id);
  // The client's end of a new connection to "/".
  gofer::base::UniqueFd Connect(const std::string& server_id);
  // A connection that has its first reply.
  gofer::client::Client Mount(const std::string& server_id);

 private:
  void End(int how);
  void EndGofers();

  const Programs programs_;
  std::string directory_;
  std::string tree_;
  std::string config_;
  pid_t pid_ = -1;
  std::unique_ptr<client::AdminClient> admin_;
};

}  // namespace goferd::bench

#endif  // GOFERD_TESTS_BENCH_CONTROLPLANE_BENCH_NODE_H_
