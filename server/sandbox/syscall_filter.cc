#include "server/sandbox/syscall_filter.h"

#include <seccomp.h>
#include <unistd.h>

#include <memory>
#include <type_traits>
#include <vector>

#include "server/base/log.h"
#include "server/sandbox/syscall_policy.h"

namespace gofer::sandbox {
namespace {

// GCC says by macros which sanitizer is on, clang by __has_feature.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define GOFER_SANITIZER
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
    defined(GOFER_SANITIZER)
constexpr bool kSanitizer = true;
#else
constexpr bool kSanitizer = false;
#endif

struct ReleaseFilter {
  void operator()(void* filter) const { ::seccomp_release(filter); }
};
using Filter =
    std::unique_ptr<std::remove_pointer_t<scmp_filter_ctx>, ReleaseFilter>;

// libseccomp returns negative error numbers.
base::ErrnoOr<void> Checked(int result) {
  if (result < 0) return base::Errno(-result);
  return {};
}

// A negative number means that the architecture has no such call.
int Number(const char* name) { return ::seccomp_syscall_resolve_name(name); }

base::ErrnoOr<void> Allow(const Filter& filter, const SyscallRow& row) {
  const int number = Number(row.name);
  if (number < 0) return {};
  std::vector<scmp_arg_cmp> comparisons;
  for (const ArgumentTest& test : row.tests) {
    const uint64_t value =
        test.value == kOwnPid ? static_cast<uint64_t>(::getpid()) : test.value;
    comparisons.push_back({.arg = test.index,
                           .op = SCMP_CMP_MASKED_EQ,
                           .datum_a = test.mask,
                           .datum_b = value});
  }
  return Checked(::seccomp_rule_add_array(
      filter.get(), SCMP_ACT_ALLOW, number,
      static_cast<unsigned>(comparisons.size()), comparisons.data()));
}

base::ErrnoOr<void> SetOptions(const Filter& filter) {
  // libseccomp must not set no_new_privs: that is for the caller to decide.
  constexpr struct {
    scmp_filter_attr name;
    uint32_t value;
  } kOptions[] = {
      {SCMP_FLTATR_CTL_NNP, 0},
      {SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS},
      // If there are other threads after all, they get the filter too.
      {SCMP_FLTATR_CTL_TSYNC, 1},
      // Makes libseccomp return the kernel's error numbers instead of
      // ECANCELED.
      {SCMP_FLTATR_API_SYSRAWRC, 1},
      // Makes the filter a binary tree, since every call runs it.
      {SCMP_FLTATR_CTL_OPTIMIZE, 2},
  };
  for (const auto& option : kOptions) {
    const auto set =
        Checked(::seccomp_attr_set(filter.get(), option.name, option.value));
    if (!set.ok()) return set;
  }
  return {};
}

base::ErrnoOr<Filter> MakeFilter(const SyscallPlan& plan) {
  Filter filter(::seccomp_init(SCMP_ACT_KILL_PROCESS));
  if (filter == nullptr) return base::Errno(ENOMEM);
  if (auto set = SetOptions(filter); !set.ok()) return set.error();
  for (const SyscallRow& row : SyscallRows()) {
    if (!Allows(plan, row.group)) continue;
    if (auto added = Allow(filter, row); !added.ok()) return added.error();
  }
  const auto added = Checked(::seccomp_rule_add_array(
      filter.get(), SCMP_ACT_ERRNO(ENOSYS), Number("clone3"), 0, nullptr));
  if (!added.ok()) return added.error();
  return filter;
}

}  // namespace

base::ErrnoOr<void> InstallSyscallFilter(const SyscallPlan& plan) {
  // Makes the logger, which looks at the terminal.
  auto& log = base::Log();
  if (kSanitizer) {
    log.warn("built with a sanitizer: no filter of system calls");
    return {};
  }
  const auto filter = MakeFilter(plan);
  if (!filter.ok()) return filter.error();
  return Checked(::seccomp_load(filter->get()));
}

}  // namespace gofer::sandbox
