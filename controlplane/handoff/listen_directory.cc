#include "controlplane/handoff/listen_directory.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "controlplane/attach_record/attach_record.h"
#include "controlplane/errors/error.h"
#include "controlplane/state/private_directory.h"

namespace goferd::handoff {
namespace {

using errors::Reason;
using gofer::base::ErrnoOr;
using gofer::base::UniqueFd;

// One client is expected; further clients wait, or are told to try again.
constexpr NamedSocketKind kListenSocketKind = {SOCK_STREAM, 16};
constexpr mode_t kListenDirectoryMode = 0711;
constexpr size_t kNameSize = 2 * attach_record::kTicketSize;
constexpr char kUnknownPrefix[] = ".new-";
// This is far more than there may be tickets.
constexpr size_t kMostNames = size_t{1} << 20;

std::string DirectoryOf(const config::v1::AttachConfig& config) {
  return absl::StrCat(config.path(), ".d");
}

std::optional<std::string> TicketOf(const std::string& name) {
  const bool is_ours =
      name.size() == kNameSize &&
      std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
      });
  if (!is_ours) return std::nullopt;
  return absl::HexStringToBytes(name);
}

}  // namespace

absl::Status CheckListenPaths(const config::v1::AttachConfig& config) {
  const size_t size = DirectoryOf(config).size() + 1 + kNameSize;
  constexpr size_t kMost = sizeof(sockaddr_un::sun_path) - 1;
  if (size <= kMost) return absl::OkStatus();
  errors::FieldViolations violations;
  violations.Add(
      "attach_mode",
      absl::StrCat("LISTEN would make paths of ", size,
                   " bytes, and a UNIX socket's has ", kMost,
                   " at most: use TAKE or GIVE, or give goferd an attach.path "
                   "that is ",
                   size - kMost, " bytes shorter"));
  return violations.ToStatus();
}

absl::StatusOr<ListenDirectory> ListenDirectory::Open(
    const config::v1::AttachConfig& config) {
  const std::string path = DirectoryOf(config);
  const auto permissions = ReadPermissions(config);
  if (!permissions.ok()) return permissions.status();
  auto directory = OpenSocketDirectory(path);
  if (!directory.ok()) return directory.status();
  // The mode is set whoever made the directory: nobody else may list it.
  if (::fchmod(directory->get(), kListenDirectoryMode) != 0) {
    return errors::FromErrno(errno, path);
  }
  for (const std::string& name : state::NamesIn(directory->get(), kMostNames)) {
    if (absl::StartsWith(name, kUnknownPrefix)) {
      ::unlinkat(directory->get(), name.c_str(), 0);
    }
  }
  return ListenDirectory(path, *std::move(directory), *permissions);
}

ListenDirectory::ListenDirectory(ListenDirectory&& other) noexcept
    : path_(other.path_),
      permissions_(other.permissions_),
      directory_(std::move(other.directory_)) {}

std::string ListenDirectory::PathOf(const std::string& ticket) const {
  return absl::StrCat(path_, "/", absl::BytesToHexString(ticket));
}

ErrnoOr<UniqueFd> ListenDirectory::Listen(const std::string& ticket) {
  const std::string unknown =
      absl::StrCat(kUnknownPrefix, next_unknown_.fetch_add(1));
  return ListenAs(directory_.get(), absl::BytesToHexString(ticket), unknown,
                  kListenSocketKind, permissions_);
}

void ListenDirectory::Remove(const std::string& ticket) {
  ::unlinkat(directory_.get(), absl::BytesToHexString(ticket).c_str(), 0);
}

std::vector<std::string> ListenDirectory::List() const {
  std::vector<std::string> tickets;
  for (const std::string& name : state::NamesIn(directory_.get(), kMostNames)) {
    if (auto ticket = TicketOf(name)) tickets.push_back(*std::move(ticket));
  }
  return tickets;
}

}  // namespace goferd::handoff
