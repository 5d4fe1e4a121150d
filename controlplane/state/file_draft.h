// FileDraft: a file's new content that is on the disk, but not in its place.

#ifndef GOFERD_CONTROLPLANE_STATE_FILE_DRAFT_H_
#define GOFERD_CONTROLPLANE_STATE_FILE_DRAFT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "server/base/errno.h"
#include "server/base/unique_fd.h"

namespace goferd::state {

// For a change that must not happen when it cannot be kept: write the draft,
// make the change, put the draft in place. The last step needs no space. A
// draft that is destroyed without it leaves the file as it was. One thread at a
// time; two drafts of one file at once would overwrite each other.
class FileDraft {
 public:
  // Makes a draft that changes nothing.
  FileDraft() = default;
  // Drafts the file `name` in `directory`. Empty `bytes` stand for no file. A
  // file that has this content already needs neither space nor permission.
  // Errors: those of the host; EROFS and EACCES also when a file could not be
  // removed.
  static gofer::base::ErrnoOr<FileDraft> Write(gofer::base::UniqueFd directory,
                                               const std::string& name,
                                               absl::string_view bytes);
  FileDraft(FileDraft&& other) noexcept = default;
  FileDraft& operator=(FileDraft&& other) = delete;
  ~FileDraft();

  gofer::base::ErrnoOr<void> PutInPlace();

 private:
  FileDraft(gofer::base::UniqueFd directory, std::string name,
            std::string draft_name);

  gofer::base::UniqueFd directory_;
  std::string name_;
  // Empty when the file is to be removed.
  std::string draft_name_;
};

}  // namespace goferd::state

#endif  // GOFERD_CONTROLPLANE_STATE_FILE_DRAFT_H_
