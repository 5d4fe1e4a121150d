#include "server/sandbox/capabilities.h"

#include <sys/capability.h>

#include <algorithm>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/base/log.h"

namespace gofer::sandbox {
namespace {

struct FreeCap {
  void operator()(void* object) const { ::cap_free(object); }
};
using CapState = std::unique_ptr<std::remove_pointer_t<cap_t>, FreeCap>;

bool IsPermitted(cap_t state, cap_value_t capability) {
  cap_flag_value_t value = CAP_CLEAR;
  return ::cap_get_flag(state, capability, CAP_PERMITTED, &value) == 0 &&
         value == CAP_SET;
}

base::ErrnoOr<void> LimitBoundingSet(const std::vector<int>& keep) {
  for (cap_value_t capability = 0; capability < ::cap_max_bits();
       ++capability) {
    if (std::find(keep.begin(), keep.end(), capability) != keep.end()) continue;
    if (::cap_get_bound(capability) != 1) continue;
    if (::cap_drop_bound(capability) == 0) continue;
    const auto error = base::Errno::Last();
    if (error != base::Errno(EPERM)) return error;
    base::Log().info("the bounding set of capabilities stays: no CAP_SETPCAP");
    return {};
  }
  return {};
}

// Kernels before 4.3 have none.
base::ErrnoOr<void> ClearAmbientSet() {
  if (!CAP_AMBIENT_SUPPORTED() || ::cap_reset_ambient() == 0) return {};
  return base::Errno::Last();
}

}  // namespace

std::string CapabilityName(int capability) {
  const std::unique_ptr<char, FreeCap> name(::cap_to_name(capability));
  if (name == nullptr) return absl::StrCat(capability);
  return absl::AsciiStrToUpper(name.get());
}

base::ErrnoOr<void> KeepCapabilities(const std::vector<int>& keep) {
  const CapState now(::cap_get_proc());
  if (now == nullptr) return base::Errno::Last();
  if (auto limited = LimitBoundingSet(keep); !limited.ok()) return limited;
  if (auto cleared = ClearAmbientSet(); !cleared.ok()) return cleared;
  const CapState wanted(::cap_init());
  if (wanted == nullptr) return base::Errno::Last();
  for (const cap_value_t capability : keep) {
    if (!IsPermitted(now.get(), capability)) {
      base::Log().warn("{} is not permitted: left out",
                       CapabilityName(capability));
      continue;
    }
    for (const cap_flag_t set : {CAP_PERMITTED, CAP_EFFECTIVE}) {
      if (::cap_set_flag(wanted.get(), set, 1, &capability, CAP_SET) != 0) {
        return base::Errno::Last();
      }
    }
  }
  if (::cap_set_proc(wanted.get()) != 0) return base::Errno::Last();
  return {};
}

CapabilityPlan ServingCapabilities(const SyscallPlan& syscalls) {
  CapabilityPlan plan;
  plan.keep = {CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER,
               CAP_FSETID};
  if (syscalls.credentials) {
    plan.keep.push_back(CAP_SETUID);
    plan.keep.push_back(CAP_SETGID);
  }
  return plan;
}

}  // namespace gofer::sandbox
