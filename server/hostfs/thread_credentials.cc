#include "server/hostfs/thread_credentials.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "server/base/check.h"
#include "server/base/log.h"

namespace gofer::hostfs {
namespace {

base::RateLimit refusal_log_limit;

// The real and the saved id stay, so that the way back is always allowed.
bool SetEffective(long call, uint32_t id) {
  return ::syscall(call, -1, id, -1) == 0;
}

bool Change(long call, uint32_t wanted, uint32_t now, const char* what) {
  if (wanted == wire::kNoId || wanted == now) return false;
  if (SetEffective(call, wanted)) return true;
  uint64_t suppressed = 0;
  if (refusal_log_limit.Allow(&suppressed)) {
    base::Log().warn("cannot connect as {} {}: errno {} ({} more)", what,
                     wanted, errno, suppressed);
  }
  return false;
}

}  // namespace

ThreadCredentials::ThreadCredentials(lisafs::Owner user)
    : old_uid_(::geteuid()), old_gid_(::getegid()) {
  // The group first, while we may still.
  gid_changed_ = Change(SYS_setresgid, user.gid, old_gid_, "group");
  uid_changed_ = Change(SYS_setresuid, user.uid, old_uid_, "user");
}

ThreadCredentials::~ThreadCredentials() {
  if (uid_changed_) GOFER_CHECK(SetEffective(SYS_setresuid, old_uid_));
  if (gid_changed_) GOFER_CHECK(SetEffective(SYS_setresgid, old_gid_));
}

}  // namespace gofer::hostfs
