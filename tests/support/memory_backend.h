// MemoryBackend: serves a MemoryFs, and checks the promises of the generic
// layer while it does.

#ifndef GOFER_TESTS_SUPPORT_MEMORY_BACKEND_H_
#define GOFER_TESTS_SUPPORT_MEMORY_BACKEND_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "server/base/errno.h"
#include "server/lisafs/backend.h"
#include "server/lisafs/protocol_level.h"
#include "server/wire/limits.h"
#include "server/wire/message_id.h"
#include "tests/support/memory_fs.h"

namespace gofer::test {

// What the sandbox may do with sockets and FIFOs, as the host gofer's policy.
struct FilePolicy {
  bool connect_sockets = true;
  bool create_sockets = true;
  bool open_fifos = true;
  // Called where a host may take long: by SetStat, Open, Read, Write and
  // Allocate of the memory backend.
  std::function<void()> in_slow_call = {};
};

// Behaves as the host backend does where the protocol can tell; its WalkStat
// knows no path, so that connections use walk_stat_supported = false.
class MemoryBackend : public lisafs::Backend {
 public:
  // `fs` outlives the connection.
  MemoryBackend(MemoryFs& fs, lisafs::ProtocolLevel level,
                const FilePolicy& policy = {})
      : fs_(fs), level_(level), policy_(policy) {}

  base::ErrnoOr<lisafs::MountResult> Mount(
      lisafs::Connection& connection,
      const lisafs::ReadGuarantee& guarantee) override;
  std::span<const wire::MessageId> SupportedMessages() const override;
  uint32_t MaxMessageSize() const override { return wire::kMaxMessageSize; }
  bool wants_renamed() const override { return true; }

  MemoryFs& fs() const { return fs_; }
  lisafs::ProtocolLevel level() const { return level_; }
  const FilePolicy& policy() const { return policy_; }

 private:
  MemoryFs& fs_;
  const lisafs::ProtocolLevel level_;
  const FilePolicy policy_;
};

}  // namespace gofer::test

#endif  // GOFER_TESTS_SUPPORT_MEMORY_BACKEND_H_
