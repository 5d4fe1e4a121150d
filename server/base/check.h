// GOFER_CHECK: ends the process when an invariant of our own code is broken.
// Never to be used on anything that a client or an administrator controls.

#ifndef GOFER_SERVER_BASE_CHECK_H_
#define GOFER_SERVER_BASE_CHECK_H_

#include <cstdio>
#include <cstdlib>

namespace gofer::base {

[[noreturn]] inline void CheckFailed(const char* expression, const char* file,
                                     int line) {
  std::fprintf(stderr, "%s:%d: broken invariant: %s\n", file, line, expression);
  std::abort();
}

}  // namespace gofer::base

#define GOFER_CHECK(expression)        \
  ((expression) ? static_cast<void>(0) \
                : ::gofer::base::CheckFailed(#expression, __FILE__, __LINE__))

#endif  // GOFER_SERVER_BASE_CHECK_H_
