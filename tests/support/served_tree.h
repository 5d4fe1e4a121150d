// ServedTree: a TestTree with a Server on it, and clients.

#ifndef GOFER_TESTS_SUPPORT_SERVED_TREE_H_
#define GOFER_TESTS_SUPPORT_SERVED_TREE_H_

#include <memory>
#include <string>

#include "server/lisafs/connection.h"
#include "server/lisafs/server.h"
#include "tests/support/file_client.h"
#include "tests/support/test_tree.h"

namespace gofer::test {

// A client and, to look at, the server's side of it.
struct Session {
  std::unique_ptr<FileClient> client;
  std::shared_ptr<lisafs::Connection> connection;
  // Where it mounted.
  FdId root{};

  FileClient* operator->() const { return client.get(); }
};

// Where a client mounts and what it may do.
struct ClientOptions {
  std::string mount_path = "/scratch";
  lisafs::ConnectionOptions connection;
  FilePolicy policy;
};

// The tree contains /scratch with d1/d2/d3, the file f ("hello world"), the
// symlink ln to d1 and the FIFO fifo.
class ServedTree {
 public:
  explicit ServedTree(TestTree::Kind kind,
                      lisafs::Server::EndCallback on_end = nullptr);

  TestTree& tree() { return *tree_; }
  lisafs::Server& server() { return *server_; }

  // A started connection that has not mounted.
  Session Connect(const ClientOptions& options = {});
  // One that has, on its socket.
  Session Mount(const ClientOptions& options = {});

 private:
  const std::unique_ptr<TestTree> tree_;
  std::unique_ptr<lisafs::Server> server_;
};

}  // namespace gofer::test

#endif  // GOFER_TESTS_SUPPORT_SERVED_TREE_H_
