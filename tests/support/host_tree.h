// HostTree: a TestTree in a temporary directory of the host.

#ifndef GOFER_TESTS_SUPPORT_HOST_TREE_H_
#define GOFER_TESTS_SUPPORT_HOST_TREE_H_

#include <memory>
#include <string>
#include <vector>

#include "server/base/unique_fd.h"
#include "server/hostfs/host_tree.h"
#include "tests/support/test_tree.h"

namespace gofer::test {

// Clears the process's umask, as a gofer does. Removes the directory in the
// end.
class HostTree final : public TestTree {
 public:
  HostTree();
  ~HostTree() override;

  std::unique_ptr<lisafs::Backend> MakeBackend(
      lisafs::ProtocolLevel level, const FilePolicy& policy) override;
  lisafs::ServerOptions server_options() const override { return {}; }
  void MakeDirectory(const std::string& path) override;
  void MakeFile(const std::string& path, absl::string_view content) override;
  void MakeSymlink(const std::string& path, const std::string& target) override;
  void MakeFifo(const std::string& path) override;
  void MakeSocket(const std::string& path, int type) override;
  bool MakeDevice(const std::string& path, mode_t mode, uint32_t major,
                  uint32_t minor) override;
  void Rename(const std::string& from, const std::string& to) override;
  std::optional<File> Look(const std::string& path) override;
  std::string Content(const std::string& path) override;

 private:
  std::string On(const std::string& path) const { return root_ + path; }

  std::string root_;
  std::shared_ptr<hostfs::HostTree> tree_;
  std::vector<base::UniqueFd> sockets_;
};

}  // namespace gofer::test

#endif  // GOFER_TESTS_SUPPORT_HOST_TREE_H_
