#include "tests/support/test_tree.h"

#include "tests/support/host_tree.h"
#include "tests/support/memory_tree.h"

namespace gofer::test {

std::unique_ptr<TestTree> TestTree::Make(Kind kind) {
  if (kind == Kind::kHost) return std::make_unique<HostTree>();
  return std::make_unique<MemoryTree>();
}

}  // namespace gofer::test
