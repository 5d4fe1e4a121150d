// TestTree: a file tree that a Server can serve and that a test can prepare and
// inspect from outside.

#ifndef GOFER_TESTS_SUPPORT_TEST_TREE_H_
#define GOFER_TESTS_SUPPORT_TEST_TREE_H_

#include <sys/socket.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "server/lisafs/backend.h"
#include "server/lisafs/options.h"
#include "server/lisafs/protocol_level.h"
#include "tests/support/memory_backend.h"

namespace gofer::test {

// Paths are absolute in the tree. Preparing aborts when it fails. Outlives the
// Server that serves it.
class TestTree {
 public:
  enum class Kind { kMemory, kHost };

  // What a look from outside shows.
  struct File {
    uint64_t ino = 0;
    uint32_t mode = 0;
    uint32_t uid = 0;
    uint32_t gid = 0;
    uint64_t size = 0;
    int64_t mtime_sec = 0;
  };

  static std::unique_ptr<TestTree> Make(Kind kind);

  TestTree() = default;
  virtual ~TestTree() = default;
  TestTree(const TestTree&) = delete;
  TestTree& operator=(const TestTree&) = delete;

  // A backend for one connection, and the Server behaviour that it needs.
  virtual std::unique_ptr<lisafs::Backend> MakeBackend(
      lisafs::ProtocolLevel level, const FilePolicy& policy) = 0;
  virtual lisafs::ServerOptions server_options() const = 0;

  virtual void MakeDirectory(const std::string& path) = 0;
  virtual void MakeFile(const std::string& path, absl::string_view content) = 0;
  virtual void MakeSymlink(const std::string& path,
                           const std::string& target) = 0;
  virtual void MakeFifo(const std::string& path) = 0;
  // A socket that listens (unless it is a datagram socket) until the tree dies.
  virtual void MakeSocket(const std::string& path, int type = SOCK_STREAM) = 0;
  // `mode` is S_IFBLK or S_IFCHR with permissions. False when the process may
  // not make devices.
  virtual bool MakeDevice(const std::string& path, mode_t mode, uint32_t major,
                          uint32_t minor) = 0;
  virtual void Rename(const std::string& from, const std::string& to) = 0;

  // The file itself, also of a symlink; nothing when there is none.
  virtual std::optional<File> Look(const std::string& path) = 0;
  virtual std::string Content(const std::string& path) = 0;
};

}  // namespace gofer::test

#endif  // GOFER_TESTS_SUPPORT_TEST_TREE_H_
