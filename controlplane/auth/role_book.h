// RoleBook: the role table in force, kept up with its file.

#ifndef GOFERD_CONTROLPLANE_AUTH_ROLE_BOOK_H_
#define GOFERD_CONTROLPLANE_AUTH_ROLE_BOOK_H_

#include <sys/stat.h>
#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controlplane/auth/role_table.h"
#include "server/base/mutex.h"

namespace goferd::auth {

// Thread-safe. A reader keeps the table that it got for as long as it wants; it
// never changes.
class RoleBook {
 public:
  // Reads the file. It stands for config::ReadTextFile, which this room may not
  // include: it is on the same floor.
  using Reader = std::function<absl::Status(const std::string& path,
                                            config::v1::RoleBindings& to)>;

  // Reads `path`. With an empty path `own_uid` is ROLE_ADMIN and nobody else
  // has a role. Errors: those of `reader` and RoleTable::FromBindings.
  static absl::StatusOr<std::unique_ptr<RoleBook>> Open(const std::string& path,
                                                        uid_t own_uid,
                                                        Reader reader);

  std::shared_ptr<const RoleTable> table() const;

  // Reads the file again if it was replaced or changed since the last reading.
  // When it has faults, or is gone, the table in force stays, and the failure
  // is logged once for each change.
  void ReloadIfChanged();
  // Does what ReloadIfChanged does, whether the file has changed or not.
  void Reload();

 private:
  // Properties of the file that differ when its content does.
  struct Stamp {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = -1;
    timespec modified{};
    timespec changed{};
    bool operator==(const Stamp& other) const;
  };

  using TablePtr = std::shared_ptr<const RoleTable>;

  RoleBook(std::string path, Reader reader)
      : path_(std::move(path)), reader_(std::move(reader)) {}
  static Stamp StampOf(const std::string& path);
  absl::StatusOr<TablePtr> Read() const;

  const std::string path_;
  const Reader reader_;
  mutable gofer::base::Mutex mu_;
  TablePtr table_ ABSL_GUARDED_BY(mu_);
  Stamp stamp_ ABSL_GUARDED_BY(mu_);
};

}  // namespace goferd::auth

#endif  // GOFERD_CONTROLPLANE_AUTH_ROLE_BOOK_H_
