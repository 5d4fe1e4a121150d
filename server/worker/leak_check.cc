// AddressSanitizer looks for leaks when the process ends, and finds its threads
// in /proc. A sandbox has none: there it is asked not to.

#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GOFER_ADDRESS_SANITIZER
#endif
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(GOFER_ADDRESS_SANITIZER)
// The sanitizer's name for its question. NOLINTNEXTLINE(bugprone-reserved-*)
extern "C" int __lsan_is_turned_off() {
  return ::access("/proc/self/task", F_OK) != 0 ? 1 : 0;
}
#endif
