// FsSession: a short-lived connection of goferctl's own, to look into a tree.

#ifndef GOFERD_CLIENTS_GOFERCTL_FS_SESSION_H_
#define GOFERD_CLIENTS_GOFERCTL_FS_SESSION_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "clients/goferctl/context.h"
#include "clients/lisafs/client.h"

namespace goferctl {

// "cat /etc/x: No such file or directory", with the code that stands for the
// errno.
absl::Status FsError(absl::string_view what, gofer::base::Errno error);

// A file and the directory it is in.
struct Place {
  std::string parent;  // Empty: the root.
  std::string name;    // Empty: the root itself.
};
// Splits a path; empty components and "." are dropped.
Place PlaceOf(absl::string_view path);

// Owns a connection, which ends with the session. Used by one thread.
class FsSession {
 public:
  enum class Access { kReadOnly, kReadWrite };

  // Starts and attaches a connection on the root of `server` (as typed).
  // Errors: those of StartAndAttach; FsError for the mount.
  static absl::StatusOr<FsSession> Open(Context& context,
                                        const std::string& server,
                                        Access access);

  const gofer::client::ControlFile& root() const { return client_.root(); }
  // Calls `use` with the file at `path`; the root needs no walk. Returns what
  // `use` does, or the errno of the walk.
  template <class Use>
  auto With(absl::string_view path, Use use) const
      -> decltype(use(std::declval<const gofer::client::ControlFile&>())) {
    const Place place = PlaceOf(path);
    if (place.name.empty()) return use(client_.root());
    const auto file = client_.root().WalkPath(path);
    if (!file.ok()) return file.error();
    return use(*file);
  }

 private:
  explicit FsSession(gofer::client::Client client)
      : client_(std::move(client)) {}

  gofer::client::Client client_;
};

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_FS_SESSION_H_
