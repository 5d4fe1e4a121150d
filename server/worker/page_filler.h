// PageFiller: decides what of a long list goes into one page.

#ifndef GOFER_SERVER_WORKER_PAGE_FILLER_H_
#define GOFER_SERVER_WORKER_PAGE_FILLER_H_

#include <cstddef>
#include <string>

#include "goferd/worker/v1/page.pb.h"

namespace gofer::worker {

// Elements are offered in the order of their uids, those behind the page's
// after_uid only.
class PageFiller {
 public:
  explicit PageFiller(const goferd::worker::v1::Page& page)
      : max_bytes_(page.max_bytes()) {}

  // Whether the element belongs to this page. After the first "no" there is a
  // next page, and nothing further may be offered.
  bool Take(const std::string& uid, size_t bytes) {
    if (max_bytes_ != 0 && used_ > 0 && bytes > max_bytes_ - used_) {
      has_next_ = true;
      return false;
    }
    used_ = bytes > max_bytes_ - used_ ? max_bytes_ : used_ + bytes;
    last_ = uid;
    return true;
  }

  // The next page's after_uid; empty when there is none.
  std::string next_after_uid() const { return has_next_ ? last_ : ""; }

 private:
  const size_t max_bytes_;
  size_t used_ = 0;
  bool has_next_ = false;
  std::string last_;
};

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_PAGE_FILLER_H_
