#include "tests/support/hostile_fds.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace gofer::test {
namespace {

template <typename Body>
void Reply(int device, uint64_t unique, const Body& body) {
  fuse_out_header header = {};
  header.len = sizeof(header) + sizeof(body);
  header.unique = unique;
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof(header));
  bytes.append(reinterpret_cast<const char*>(&body), sizeof(body));
  (void)!::write(device, bytes.data(), bytes.size());
}

void ReplyError(int device, uint64_t unique, int error) {
  const fuse_out_header header = {sizeof(header), -error, unique};
  (void)!::write(device, &header, sizeof(header));
}

}  // namespace

LingeringSocket::LingeringSocket(int seconds) {
  const base::UniqueFd listener(
      ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof(address);
  ::bind(listener.get(), generic, size);
  ::listen(listener.get(), 1);
  ::getsockname(listener.get(), generic, &size);
  socket.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ::connect(socket.get(), generic, size);
  peer.reset(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const std::vector<char> bytes(size_t{1} << 16);
  while (::send(socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT) > 0) {
  }
  const linger long_linger = {1, seconds};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &long_linger,
               sizeof(long_linger));
}

std::unique_ptr<SilentFuseFile> SilentFuseFile::Make() {
  std::unique_ptr<SilentFuseFile> made(new SilentFuseFile());
  made->device_.reset(::open("/dev/fuse", O_RDWR | O_CLOEXEC));
  made->stop_.reset(::eventfd(0, EFD_CLOEXEC));
  if (!made->device_ || !made->stop_) return nullptr;
  std::string place = "/tmp/silent-fuse-XXXXXX";
  const base::UniqueFd point(::mkostemp(place.data(), O_CLOEXEC));
  const std::string options = absl::StrCat(
      "fd=", made->device_.get(), ",rootmode=100000,user_id=", ::getuid(),
      ",group_id=", ::getgid());
  const bool mounted = ::mount("silent", place.c_str(), "fuse",
                               MS_NOSUID | MS_NODEV, options.c_str()) == 0;
  if (mounted) {
    made->daemon_ =
        *base::Thread::Start("fuse", [file = made.get()] { file->Serve(); });
    made->file_.reset(::open(place.c_str(), O_RDWR | O_CLOEXEC));
    // The descriptor keeps it.
    ::umount2(place.c_str(), MNT_DETACH);
  }
  ::unlink(place.c_str());
  return made->file_ ? std::move(made) : nullptr;
}

SilentFuseFile::~SilentFuseFile() {
  const uint64_t one = 1;
  (void)!::write(stop_.get(), &one, sizeof(one));
  daemon_.Join();
  // What waits for an answer fails now.
  device_.reset();
}

void SilentFuseFile::Serve() {
  while (true) {
    pollfd entries[] = {{device_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
    if (::poll(entries, 2, -1) < 0 || entries[1].revents != 0) return;
    if (!Answer()) return;
  }
}

bool SilentFuseFile::Answer() {
  alignas(fuse_in_header) char request[1 << 16];
  const ssize_t size = ::read(device_.get(), request, sizeof(request));
  if (size < 0) return errno == EINTR || errno == EAGAIN || errno == ENOENT;
  fuse_in_header header;
  std::memcpy(&header, request, sizeof(header));
  switch (header.opcode) {
    case FUSE_INIT: {
      fuse_init_out init = {};
      init.major = FUSE_KERNEL_VERSION;
      init.minor = 31;
      init.max_write = 4096;
      Reply(device_.get(), header.unique, init);
      break;
    }
    case FUSE_GETATTR: {
      fuse_attr_out attributes = {};
      attributes.attr_valid = 3600;
      attributes.attr.ino = 1;
      attributes.attr.mode = 0100600;
      attributes.attr.nlink = 1;
      Reply(device_.get(), header.unique, attributes);
      break;
    }
    case FUSE_OPEN:
      Reply(device_.get(), header.unique, fuse_open_out{});
      break;
    case FUSE_FLUSH:
      closing_.Open();
      break;
    case FUSE_INTERRUPT:
    case FUSE_FORGET:
      break;
    default:
      ReplyError(device_.get(), header.unique, ENOSYS);
  }
  return true;
}

}  // namespace gofer::test
