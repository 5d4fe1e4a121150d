#include "tests/support/served_tree.h"

#include <utility>

#include "server/base/check.h"
#include "server/uds/unix_socket.h"

namespace gofer::test {

ServedTree::ServedTree(TestTree::Kind kind, lisafs::Server::EndCallback on_end)
    : tree_(TestTree::Make(kind)),
      server_(std::make_unique<lisafs::Server>(tree_->server_options(),
                                               std::move(on_end))) {
  tree_->MakeDirectory("/scratch");
  tree_->MakeDirectory("/scratch/d1");
  tree_->MakeDirectory("/scratch/d1/d2");
  tree_->MakeDirectory("/scratch/d1/d2/d3");
  tree_->MakeFile("/scratch/f", "hello world");
  tree_->MakeSymlink("/scratch/ln", "d1");
  tree_->MakeFifo("/scratch/fifo");
}

Session ServedTree::Connect(const ClientOptions& options) {
  auto sockets = uds::MakeSocketPair(uds::SocketType::kStream);
  GOFER_CHECK(sockets.ok());
  auto connection = server_->CreateConnection(
      std::move(sockets->first), options.mount_path, options.connection,
      tree_->MakeBackend(options.connection.level, options.policy));
  GOFER_CHECK(connection.ok());
  GOFER_CHECK(server_->StartConnection(*connection).ok());
  return {std::make_unique<FileClient>(std::move(sockets->second)),
          *std::move(connection), FdId::kInvalid};
}

Session ServedTree::Mount(const ClientOptions& options) {
  Session session = Connect(options);
  const auto mounted = session->Mount();
  GOFER_CHECK(mounted.ok());
  session.root = mounted->root.control_fd;
  return session;
}

}  // namespace gofer::test
