#include "tests/support/memory_backend.h"

#include <sys/stat.h>

#include <array>
#include <utility>
#include <vector>

#include "server/lisafs/connection.h"
#include "tests/support/memory_control_fd.h"

namespace gofer::test {
namespace {

using Id = wire::MessageId;

// 1 to 19, then what the release's host gofer has besides.
std::vector<Id> Supported(std::initializer_list<Id> others) {
  std::vector<Id> ids;
  for (uint16_t id = 1; id <= 19; ++id) ids.push_back(static_cast<Id>(id));
  ids.insert(ids.end(), others);
  return ids;
}

}  // namespace

base::ErrnoOr<lisafs::MountResult> MemoryBackend::Mount(
    lisafs::Connection& connection, const lisafs::ReadGuarantee& guarantee) {
  const auto inode = fs_.Resolve(guarantee.node().FilePath(guarantee.tree()));
  if (!inode.ok()) return inode.error();
  if ((*inode)->type() == S_IFBLK) return base::Errno(EPERM);
  lisafs::QuotaSlot slot = connection.TakeFdSlot();
  if (!slot) return base::Errno(EMFILE);
  auto root = base::MakeRef<MemoryControlFd>(
      connection, base::RefPtr<lisafs::Node>::Share(&guarantee.node()),
      std::move(slot), *this, *inode,
      guarantee.node().FilePath(guarantee.tree()));
  return lisafs::MountResult{{std::move(root), (*inode)->Stat()}, {}};
}

std::span<const wire::MessageId> MemoryBackend::SupportedMessages() const {
  static const auto* const nov_2023 = new std::vector<Id>(Supported(
      {Id::kConnect, Id::kUnlinkAt, Id::kRenameAt, Id::kGetdents64,
       Id::kFGetXattr, Id::kFSetXattr, Id::kBindAt, Id::kListen, Id::kAccept}));
  static const auto* const aug_2026 = new std::vector<Id>(
      Supported({Id::kConnect, Id::kUnlinkAt, Id::kRenameAt, Id::kGetdents64,
                 Id::kFGetXattr, Id::kFSetXattr, Id::kFListXattr,
                 Id::kFRemoveXattr, Id::kBindAt, Id::kListen, Id::kAccept,
                 Id::kConnectWithCreds, Id::kRenameAt2}));
  return level_ == lisafs::ProtocolLevel::kAug2026 ? *aug_2026 : *nov_2023;
}

}  // namespace gofer::test
