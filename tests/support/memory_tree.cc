#include "tests/support/memory_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <utility>

#include "server/base/check.h"
#include "server/base/syscall.h"

namespace gofer::test {
namespace {

struct Place {
  std::string directory;
  std::string name;
};

Place Split(const std::string& path) {
  const size_t slash = path.rfind('/');
  return {path.substr(0, slash == 0 ? 1 : slash), path.substr(slash + 1)};
}

}  // namespace

std::unique_ptr<lisafs::Backend> MemoryTree::MakeBackend(
    lisafs::ProtocolLevel level, const FilePolicy& policy) {
  return std::make_unique<MemoryBackend>(fs_, level, policy);
}

lisafs::ServerOptions MemoryTree::server_options() const {
  lisafs::ServerOptions options;
  options.walk_stat_supported = false;
  return options;
}

void MemoryTree::Add(const std::string& path, const MemoryFs::InodePtr& inode) {
  const Place place = Split(path);
  const auto directory = fs_.Resolve(place.directory);
  GOFER_CHECK(directory.ok());
  GOFER_CHECK(MemoryFs::Add(**directory, place.name, inode).ok());
}

void MemoryTree::MakeDirectory(const std::string& path) {
  Add(path, fs_.NewInode(S_IFDIR | 0755, lisafs::Owner()));
}

void MemoryTree::MakeFile(const std::string& path, absl::string_view content) {
  const auto inode = fs_.NewInode(S_IFREG | 0644, lisafs::Owner());
  if (!content.empty()) {
    const auto fd = inode->OpenContent(O_WRONLY);
    GOFER_CHECK(fd.ok() && ::write(fd->get(), content.data(), content.size()) ==
                               static_cast<ssize_t>(content.size()));
  }
  Add(path, inode);
}

void MemoryTree::MakeSymlink(const std::string& path,
                             const std::string& target) {
  Add(path, fs_.NewInode(S_IFLNK | 0777, lisafs::Owner(), 0, 0, target));
}

void MemoryTree::MakeFifo(const std::string& path) {
  Add(path, fs_.NewInode(S_IFIFO | 0644, lisafs::Owner()));
}

void MemoryTree::MakeSocket(const std::string& path, int type) {
  auto socket = base::SyscallFd(
      [&] { return ::socket(AF_UNIX, type | SOCK_CLOEXEC, 0); });
  GOFER_CHECK(socket.ok());
  const sockaddr_un any = {.sun_family = AF_UNIX, .sun_path = {}};
  GOFER_CHECK(::bind(socket->get(), reinterpret_cast<const sockaddr*>(&any),
                     sizeof(any.sun_family)) == 0);
  GOFER_CHECK(type == SOCK_DGRAM || ::listen(socket->get(), 8) == 0);
  const auto inode = fs_.NewInode(S_IFSOCK | 0755, lisafs::Owner());
  inode->set_socket(std::make_shared<base::UniqueFd>(*std::move(socket)));
  Add(path, inode);
}

bool MemoryTree::MakeDevice(const std::string& path, mode_t mode,
                            uint32_t major, uint32_t minor) {
  Add(path, fs_.NewInode(mode, lisafs::Owner(), major, minor));
  return true;
}

void MemoryTree::Rename(const std::string& from, const std::string& to) {
  const Place old_place = Split(from);
  const Place new_place = Split(to);
  const auto old_directory = fs_.Resolve(old_place.directory);
  const auto new_directory = fs_.Resolve(new_place.directory);
  GOFER_CHECK(old_directory.ok() && new_directory.ok());
  GOFER_CHECK(MemoryFs::Rename(**old_directory, old_place.name, **new_directory,
                               new_place.name, 0, false)
                  .ok());
}

std::optional<TestTree::File> MemoryTree::Look(const std::string& path) {
  const auto inode = fs_.Resolve(path);
  if (!inode.ok()) return std::nullopt;
  const wire::Statx stat = (*inode)->Stat();
  return File{.ino = stat.ino,
              .mode = stat.mode,
              .uid = stat.uid,
              .gid = stat.gid,
              .size = stat.size,
              .mtime_sec = stat.mtime.sec};
}

std::string MemoryTree::Content(const std::string& path) {
  const auto inode = fs_.Resolve(path);
  GOFER_CHECK(inode.ok());
  const auto fd = (*inode)->OpenContent(O_RDONLY);
  GOFER_CHECK(fd.ok());
  std::string content((*inode)->Stat().size, '\0');
  GOFER_CHECK(::pread(fd->get(), content.data(), content.size(), 0) ==
              static_cast<ssize_t>(content.size()));
  return content;
}

}  // namespace gofer::test
