// MemoryTree: a TestTree in memory.

#ifndef GOFER_TESTS_SUPPORT_MEMORY_TREE_H_
#define GOFER_TESTS_SUPPORT_MEMORY_TREE_H_

#include <memory>
#include <string>

#include "tests/support/memory_fs.h"
#include "tests/support/test_tree.h"

namespace gofer::test {

class MemoryTree final : public TestTree {
 public:
  std::unique_ptr<lisafs::Backend> MakeBackend(
      lisafs::ProtocolLevel level, const FilePolicy& policy) override;
  lisafs::ServerOptions server_options() const override;
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
  void Add(const std::string& path, const MemoryFs::InodePtr& inode);

  MemoryFs fs_;
};

}  // namespace gofer::test

#endif  // GOFER_TESTS_SUPPORT_MEMORY_TREE_H_
