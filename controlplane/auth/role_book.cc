#include "controlplane/auth/role_book.h"

#include <utility>

#include "server/base/log.h"

namespace goferd::auth {
namespace {

bool Same(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

}  // namespace

bool RoleBook::Stamp::operator==(const Stamp& other) const {
  return device == other.device && inode == other.inode && size == other.size &&
         Same(modified, other.modified) && Same(changed, other.changed);
}

absl::StatusOr<std::unique_ptr<RoleBook>> RoleBook::Open(
    const std::string& path, uid_t own_uid, Reader reader) {
  std::unique_ptr<RoleBook> book(new RoleBook(path, std::move(reader)));
  // The stamp is taken before the content is read: a change in between is seen
  // the next time.
  const Stamp stamp = StampOf(path);
  TablePtr table =
      std::make_shared<const RoleTable>(RoleTable::OnlyUser(own_uid));
  if (!path.empty()) {
    auto read = book->Read();
    if (!read.ok()) return read.status();
    table = *std::move(read);
  }
  {
    gofer::base::MutexLock lock(book->mu_);
    book->stamp_ = stamp;
    book->table_ = std::move(table);
  }
  return book;
}

RoleBook::Stamp RoleBook::StampOf(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {};
  return {info.st_dev, info.st_ino, info.st_size, info.st_mtim, info.st_ctim};
}

absl::StatusOr<RoleBook::TablePtr> RoleBook::Read() const {
  config::v1::RoleBindings bindings;
  if (auto status = reader_(path_, bindings); !status.ok()) return status;
  auto table = RoleTable::FromBindings(bindings);
  if (!table.ok()) return table.status();
  return std::make_shared<const RoleTable>(*std::move(table));
}

std::shared_ptr<const RoleTable> RoleBook::table() const {
  gofer::base::MutexLock lock(mu_);
  return table_;
}

void RoleBook::ReloadIfChanged() {
  if (path_.empty()) return;
  const Stamp stamp = StampOf(path_);
  {
    gofer::base::MutexLock lock(mu_);
    if (stamp == stamp_) return;
  }
  Reload();
}

void RoleBook::Reload() {
  if (path_.empty()) return;
  const Stamp stamp = StampOf(path_);
  auto table = Read();
  gofer::base::MutexLock lock(mu_);
  stamp_ = stamp;
  if (!table.ok()) {
    gofer::base::Log().error(
        "roles file has faults, the roles before stay in force: {}",
        std::string(table.status().message()));
    return;
  }
  table_ = *std::move(table);
  gofer::base::Log().info("roles read from {}: {} subjects", path_,
                          table_->size());
}

}  // namespace goferd::auth
