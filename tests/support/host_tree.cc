#include "tests/support/host_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "server/base/check.h"
#include "server/base/syscall.h"
#include "server/hostfs/host_backend.h"

namespace gofer::test {

HostTree::HostTree() {
  ::umask(0);
  std::string path =
      (std::filesystem::temp_directory_path() / "goferXXXXXX").string();
  GOFER_CHECK(::mkdtemp(path.data()) != nullptr);
  GOFER_CHECK(::chmod(path.c_str(), 0755) == 0);
  root_ = path;
  auto tree = hostfs::HostTree::Open(root_.c_str());
  GOFER_CHECK(tree.ok());
  tree_ = *std::move(tree);
}

HostTree::~HostTree() {
  std::error_code ignored;
  std::filesystem::remove_all(root_, ignored);
}

std::unique_ptr<lisafs::Backend> HostTree::MakeBackend(
    lisafs::ProtocolLevel level, const FilePolicy& policy) {
  hostfs::HostOptions options;
  const int uds =
      (policy.connect_sockets ? 1 : 0) | (policy.create_sockets ? 2 : 0);
  options.host_uds = static_cast<hostfs::HostUds>(uds);
  options.host_fifo =
      policy.open_fifos ? hostfs::HostFifo::kOpen : hostfs::HostFifo::kNone;
  return std::make_unique<hostfs::HostBackend>(tree_, options, level);
}

void HostTree::MakeDirectory(const std::string& path) {
  GOFER_CHECK(::mkdir(On(path).c_str(), 0755) == 0);
}

void HostTree::MakeFile(const std::string& path, absl::string_view content) {
  const base::UniqueFd fd(
      ::open(On(path).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  GOFER_CHECK(fd.valid() && ::write(fd.get(), content.data(), content.size()) ==
                                static_cast<ssize_t>(content.size()));
}

void HostTree::MakeSymlink(const std::string& path, const std::string& target) {
  GOFER_CHECK(::symlink(target.c_str(), On(path).c_str()) == 0);
}

void HostTree::MakeFifo(const std::string& path) {
  GOFER_CHECK(::mkfifo(On(path).c_str(), 0644) == 0);
}

void HostTree::MakeSocket(const std::string& path, int type) {
  base::UniqueFd socket(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = {}};
  const std::string host_path = On(path);
  GOFER_CHECK(host_path.size() < sizeof(address.sun_path));
  std::memcpy(address.sun_path, host_path.c_str(), host_path.size() + 1);
  GOFER_CHECK(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address),
                     sizeof(address)) == 0);
  GOFER_CHECK(type == SOCK_DGRAM || ::listen(socket.get(), 8) == 0);
  sockets_.push_back(std::move(socket));
}

bool HostTree::MakeDevice(const std::string& path, mode_t mode, uint32_t major,
                          uint32_t minor) {
  return ::mknod(On(path).c_str(), mode, ::makedev(major, minor)) == 0;
}

void HostTree::Rename(const std::string& from, const std::string& to) {
  GOFER_CHECK(::rename(On(from).c_str(), On(to).c_str()) == 0);
}

std::optional<TestTree::File> HostTree::Look(const std::string& path) {
  struct stat stat;
  if (::lstat(On(path).c_str(), &stat) != 0) return std::nullopt;
  return File{.ino = stat.st_ino,
              .mode = stat.st_mode,
              .uid = stat.st_uid,
              .gid = stat.st_gid,
              .size = static_cast<uint64_t>(stat.st_size),
              .mtime_sec = stat.st_mtim.tv_sec};
}

std::string HostTree::Content(const std::string& path) {
  const base::UniqueFd fd(::open(On(path).c_str(), O_RDONLY | O_CLOEXEC));
  GOFER_CHECK(fd.valid());
  std::string content(Look(path)->size, '\0');
  GOFER_CHECK(::pread(fd.get(), content.data(), content.size(), 0) ==
              static_cast<ssize_t>(content.size()));
  return content;
}

}  // namespace gofer::test
