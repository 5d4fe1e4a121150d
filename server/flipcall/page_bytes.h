// PageBytes: the unit of window offsets and lengths.

#ifndef GOFER_SERVER_FLIPCALL_PAGE_BYTES_H_
#define GOFER_SERVER_FLIPCALL_PAGE_BYTES_H_

#include <unistd.h>

#include <cstdint>

namespace gofer::flipcall {

// The size of this machine's pages, in bytes.
inline uint64_t PageBytes() {
  return static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace gofer::flipcall

#endif  // GOFER_SERVER_FLIPCALL_PAGE_BYTES_H_
