#include "clients/goferctl/fs_read.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <functional>
#include <ostream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "clients/admin/utf8.h"
#include "clients/goferctl/exit_code.h"
#include "clients/goferctl/fs_session.h"
#include "clients/goferctl/option.h"
#include "clients/goferctl/output.h"
#include "clients/goferctl/table.h"
#include "google/protobuf/struct.pb.h"

namespace goferctl {
namespace {

using gofer::base::ErrnoOr;
using gofer::client::ControlFile;
using gofer::client::DirectoryEntry;
using google::protobuf::Struct;

constexpr std::array kStatColumns = {"PATH", "TYPE", "MODE",  "UID",
                                     "GID",  "SIZE", "LINKS", "MTIME"};

struct PathsFlags {
  std::string server;
  std::vector<std::string> paths;
};

void Declare(CLI::App& app, PathsFlags& flags) {
  DeclareArgument(app, "SERVER", flags.server, "The server's id");
  DeclareArgument(app, "PATH", flags.paths, "Path from the tree's root");
}

using ForOne =
    std::function<absl::Status(const FsSession&, const std::string& path)>;

absl::Status ForEach(Context& context, const PathsFlags& flags,
                     const ForOne& use) {
  const auto session =
      FsSession::Open(context, flags.server, FsSession::Access::kReadOnly);
  if (!session.ok()) return session.status();
  for (const std::string& path : flags.paths) {
    const auto status = use(*session, path);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

bool IsJson(const Context& context) {
  return context.flags().format == Format::kJson;
}

// As `ls -p` and `ls -F` mark them.
char MarkOf(uint8_t type) {
  switch (type) {
    case DT_DIR:
      return '/';
    case DT_LNK:
      return '@';
    case DT_SOCK:
      return '=';
    case DT_FIFO:
      return '|';
    default:
      return '\0';
  }
}

const char* TypeOfEntry(uint8_t type) {
  switch (type) {
    case DT_REG:
      return "file";
    case DT_DIR:
      return "directory";
    case DT_LNK:
      return "symbolic link";
    case DT_SOCK:
      return "socket";
    case DT_FIFO:
      return "fifo";
    default:
      return "device";
  }
}

void Print(Context& context, const DirectoryEntry& entry) {
  std::string line = Printable(entry.name);
  if (const char mark = MarkOf(entry.type); mark != '\0') line += mark;
  context.out() << line << '\n';
}

// Every value is a string, as protobuf's JSON has numbers of 64 bits. One that
// is not UTF-8 is escaped, for people; KEY_base64 has its bytes.
void Set(Struct& json, const std::string& key, absl::string_view value) {
  (*json.mutable_fields())[key].set_string_value(
      goferd::client::EscapeBytes(value));
  if (goferd::client::IsUtf8(value)) return;
  (*json.mutable_fields())[key + "_base64"].set_string_value(
      absl::Base64Escape(value));
}

absl::Status ListOne(Context& context, const FsSession& session,
                     const std::string& path, Listing& listing) {
  auto entries = session.With(
      path,
      [](const ControlFile& file) -> ErrnoOr<std::vector<DirectoryEntry>> {
        const auto open = file.Open(O_RDONLY | O_DIRECTORY);
        if (!open.ok()) return open.error();
        return open->ReadDir();
      });
  if (!entries.ok()) return FsError(absl::StrCat("ls ", path), entries.error());
  std::sort(entries->begin(), entries->end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  for (const DirectoryEntry& entry : *entries) {
    if (!IsJson(context)) {
      Print(context, entry);
      continue;
    }
    Struct json;
    Set(json, "path", path);
    Set(json, "name", entry.name);
    Set(json, "type", TypeOfEntry(entry.type));
    listing.Add("", json, {});
  }
  return absl::OkStatus();
}

ErrnoOr<void> CopyOut(const ControlFile& file, std::ostream& out) {
  const auto open = file.Open(O_RDONLY);
  if (!open.ok()) return open.error();
  std::vector<std::byte> bytes(size_t{1} << 20);
  for (uint64_t offset = 0;;) {
    const auto count = open->Read(offset, bytes);
    if (!count.ok()) return count.error();
    if (*count == 0) return {};
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(*count));
    // The caller checks `out`.
    if (!out) return {};
    offset += *count;
  }
}

absl::Status CatOne(Context& context, const FsSession& session,
                    const std::string& path) {
  const auto copied = session.With(path, [&context](const ControlFile& file) {
    return CopyOut(file, context.out());
  });
  context.out().flush();
  if (!copied.ok()) return FsError(absl::StrCat("cat ", path), copied.error());
  if (!context.out()) return OutputError();
  return absl::OkStatus();
}

std::string TypeWord(uint16_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return "file";
    case S_IFDIR:
      return "directory";
    case S_IFLNK:
      return "symbolic link";
    case S_IFSOCK:
      return "socket";
    case S_IFIFO:
      return "fifo";
    default:
      return "device";
  }
}

absl::Status StatOne(const FsSession& session, const std::string& path,
                     Listing& listing) {
  const auto stat =
      session.With(path, [](const ControlFile& file) { return file.Stat(); });
  if (!stat.ok()) return FsError(absl::StrCat("stat ", path), stat.error());
  const absl::Time mtime = absl::FromUnixSeconds(stat->mtime.sec);
  std::vector<std::string> cells = {
      path,
      TypeWord(stat->mode),
      absl::StrFormat("%04o", stat->mode & 07777),
      absl::StrCat(stat->uid),
      absl::StrCat(stat->gid),
      absl::StrCat(stat->size),
      absl::StrCat(stat->nlink),
      absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", mtime, absl::UTCTimeZone())};
  Struct json;
  for (size_t i = 0; i < kStatColumns.size(); ++i) {
    Set(json, absl::AsciiStrToLower(kStatColumns[i]), cells[i]);
  }
  listing.Add("", json, std::move(cells));
  return absl::OkStatus();
}

absl::Status Ls(Context& context, const PathsFlags& flags) {
  Listing listing(context, {}, Listing::Kind::kWhole);
  const absl::Status status = ForEach(
      context, flags, [&](const FsSession& session, const std::string& path) {
        return ListOne(context, session, path, listing);
      });
  if (status.ok() && IsJson(context)) listing.Print();
  return status;
}

absl::Status Cat(Context& context, const PathsFlags& flags) {
  return ForEach(context, flags,
                 [&](const FsSession& session, const std::string& path) {
                   return CatOne(context, session, path);
                 });
}

absl::Status Stat(Context& context, const PathsFlags& flags) {
  Listing listing(context, {kStatColumns.begin(), kStatColumns.end()},
                  Listing::Kind::kWhole);
  const absl::Status status = ForEach(
      context, flags, [&](const FsSession& session, const std::string& path) {
        return StatOne(session, path, listing);
      });
  if (status.ok()) listing.Print();
  return status;
}

}  // namespace

void AddFsReadCommands(CLI::App& group, Action& chosen) {
  AddCommand(group, chosen, "ls", "List the names in a directory",
             "fs ls web /", &Declare, &Ls);
  AddCommand(group, chosen, "cat", "Print the contents of files",
             "fs cat web /etc/hostname", &Declare, &Cat);
  AddCommand(group, chosen, "stat", "Show the attributes of files",
             "fs stat web /etc/hostname", &Declare, &Stat);
}

}  // namespace goferctl
