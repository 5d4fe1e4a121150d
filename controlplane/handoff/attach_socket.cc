#include "controlplane/handoff/attach_socket.h"

#include <sys/socket.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "controlplane/handoff/named_socket.h"
#include "server/base/safe_name.h"

namespace goferd::handoff {
namespace {

using errors::Reason;

constexpr NamedSocketKind kAttachSocketKind = {SOCK_SEQPACKET, 64};

}  // namespace

absl::StatusOr<AttachSocket> AttachSocket::Listen(
    const config::v1::AttachConfig& config) {
  const std::string& path = config.path();
  const size_t slash = path.rfind('/');
  const std::string name =
      slash == std::string::npos ? "" : path.substr(slash + 1);
  if (slash == 0 || !gofer::base::IsSafeName(name)) {
    return errors::Error(Reason::FIELD_INVALID,
                         "attach.path: must be a socket in a directory of its "
                         "own, such as /run/goferd/attach/attach.sock");
  }
  const auto permissions = ReadPermissions(config);
  if (!permissions.ok()) return permissions.status();
  auto directory = OpenSocketDirectory(path.substr(0, slash));
  if (!directory.ok()) return directory.status();
  if (SomebodyListens(directory->get(), name, kAttachSocketKind.type)) {
    return errors::Error(
        Reason::HOST_PERMISSION,
        absl::StrCat(path, ": somebody listens there already"));
  }
  auto socket = ListenAs(directory->get(), name, "." + name + ".new",
                         kAttachSocketKind, *permissions);
  if (!socket.ok()) return errors::FromErrno(socket.error().number(), path);
  return AttachSocket(*std::move(directory), name, std::move(*socket));
}

AttachSocket::~AttachSocket() { Close(); }

void AttachSocket::Close() {
  if (directory_.valid()) ::unlinkat(directory_.get(), name_.c_str(), 0);
  directory_.reset();
  socket_.reset();
}

}  // namespace goferd::handoff
