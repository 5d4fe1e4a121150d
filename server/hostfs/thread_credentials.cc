#include "server/hostfs/thread_credentials.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "server/base/check.h"
#include "server/base/log.h"

namespace gofer::hostfs {
namespace {

base::RateLimit refusal_log_limit;

// The real and the saved id stay, so that the way back is always allowed.
bool SetEffective(long call, uint32_t id) {
  return ::syscall(call, -1, id, -1) == 0;
}

// Returns the id to put back, wire::kNoId when there is none.
uint32_t Change(long call, uint32_t wanted, uint32_t (*now)(),
                const char* what) {
  if (wanted == wire::kNoId) return wire::kNoId;
  const uint32_t old = now();
  if (wanted == old) return wire::kNoId;
  if (SetEffective(call, wanted)) return old;
  const int error = errno;
  uint64_t suppressed = 0;
  if (refusal_log_limit.Allow(&suppressed)) {
    base::Log().warn("cannot connect as {} {}: errno {} ({} more)", what,
                     wanted, error, suppressed);
  }
  return wire::kNoId;
}

void PutBack(long call, uint32_t old) {
  if (old != wire::kNoId) GOFER_CHECK(SetEffective(call, old));
}

}  // namespace

// The group first, while we may still; it is the first member, too.
ThreadCredentials::ThreadCredentials(lisafs::Owner user)
    : old_gid_(Change(
          SYS_setresgid, user.gid, [] { return ::getegid(); }, "group")),
      old_uid_(Change(
          SYS_setresuid, user.uid, [] { return ::geteuid(); }, "user")) {}

ThreadCredentials::~ThreadCredentials() {
  PutBack(SYS_setresuid, old_uid_);
  PutBack(SYS_setresgid, old_gid_);
}

}  // namespace gofer::hostfs
