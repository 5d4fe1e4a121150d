// CString: a copy of a client's name that the kernel can take.

#ifndef GOFER_SERVER_HOSTFS_C_STRING_H_
#define GOFER_SERVER_HOSTFS_C_STRING_H_

#include <cerrno>
#include <climits>

#include "absl/strings/string_view.h"
#include "server/base/errno.h"
#include "server/base/safe_name.h"

namespace gofer::hostfs {

// Holds the NUL-terminated copy on the stack. Of lengths it refuses only
// PATH_MAX bytes and more, as the kernel would: the file system decides how
// long a name may be. Check ok() before get().
class CString {
 public:
  explicit CString(absl::string_view text) {
    if (text.size() >= sizeof(text_)) {
      error_ = ENAMETOOLONG;
    } else if (!base::HasNoNul(text)) {
      // The core checks names already. The kernel would see a shorter name.
      error_ = EINVAL;
    } else {
      text_[text.copy(text_, text.size())] = '\0';
    }
  }
  CString(const CString&) = delete;
  CString& operator=(const CString&) = delete;

  bool ok() const { return error_ == 0; }
  base::Errno error() const { return base::Errno(error_); }
  // Call it only when ok().
  const char* get() const { return text_; }

 private:
  int error_ = 0;
  char text_[PATH_MAX];  // Not initialised: it is filled as far as needed.
};

}  // namespace gofer::hostfs

#endif  // GOFER_SERVER_HOSTFS_C_STRING_H_
