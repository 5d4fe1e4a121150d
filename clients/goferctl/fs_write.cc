#include "clients/goferctl/fs_write.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <fstream>
#include <istream>

#include "absl/strings/str_cat.h"
#include "clients/goferctl/fs_session.h"
#include "clients/goferctl/option.h"

namespace goferctl {
namespace {

using gofer::base::Errno;
using gofer::base::ErrnoOr;
using gofer::client::ControlFile;
using gofer::client::OpenFile;

struct PathsFlags {
  std::string server;
  std::vector<std::string> paths;
};

struct PutFlags {
  std::string server;
  std::string path;
  std::string file = "-";
};

struct MoveFlags {
  std::string server;
  std::string from;
  std::string to;
};

void DeclarePaths(CLI::App& app, PathsFlags& flags) {
  DeclareArgument(app, "SERVER", flags.server, "The server's id");
  DeclareArgument(app, "PATH", flags.paths, "Path from the tree's root");
}

void DeclarePut(CLI::App& app, PutFlags& flags) {
  DeclareArgument(app, "SERVER", flags.server, "The server's id");
  DeclareArgument(app, "PATH", flags.path,
                  "File to write; it is created or replaced");
  DeclareOption(app, "FILE", flags.file,
                "Local file to read (default: standard input)");
}

void DeclareMove(CLI::App& app, MoveFlags& flags) {
  DeclareArgument(app, "SERVER", flags.server, "The server's id");
  DeclareArgument(app, "FROM", flags.from, "Path of the file to move");
  DeclareArgument(app, "TO", flags.to,
                  "New path; a file that exists there is replaced");
}

absl::StatusOr<FsSession> OpenToWrite(Context& context,
                                      const std::string& server) {
  return FsSession::Open(context, server, FsSession::Access::kReadWrite);
}

ErrnoOr<OpenFile> CreateOrTruncate(const ControlFile& directory,
                                   const std::string& name) {
  auto created = directory.OpenCreate(name, O_WRONLY);
  if (created.ok()) return std::move(created->open);
  if (created.error() != Errno(EEXIST)) return created.error();
  const auto file = directory.Walk(name);
  if (!file.ok()) return file.error();
  return file->Open(O_WRONLY | O_TRUNC);
}

ErrnoOr<void> CopyIn(std::istream& in, const OpenFile& file) {
  std::vector<char> bytes(size_t{1} << 20);
  uint64_t offset = 0;
  while (in.read(bytes.data(), static_cast<std::streamsize>(bytes.size())) ||
         in.gcount() > 0) {
    std::span<const char> left(bytes.data(), static_cast<size_t>(in.gcount()));
    while (!left.empty()) {
      const auto count = file.Write(offset, std::as_bytes(left));
      if (!count.ok()) return count.error();
      if (*count == 0) return Errno(EIO);
      offset += *count;
      left = left.subspan(*count);
    }
  }
  return in.bad() ? ErrnoOr<void>(Errno(EIO)) : file.Flush();
}

absl::Status Put(Context& context, const PutFlags& flags) {
  std::ifstream opened;
  if (flags.file != "-") {
    opened.open(flags.file, std::ios::binary);
    if (!opened) return FsError(flags.file, Errno::Last());
  }
  std::istream& in = flags.file == "-" ? context.environment().in : opened;
  const auto session = OpenToWrite(context, flags.server);
  if (!session.ok()) return session.status();
  const Place place = PlaceOf(flags.path);
  const auto put = session->With(
      place.parent, [&](const ControlFile& directory) -> ErrnoOr<void> {
        if (place.name.empty()) return Errno(EISDIR);
        const auto file = CreateOrTruncate(directory, place.name);
        if (!file.ok()) return file.error();
        return CopyIn(in, *file);
      });
  if (!put.ok()) return FsError(absl::StrCat("put ", flags.path), put.error());
  return absl::OkStatus();
}

ErrnoOr<void> RemoveEntry(const ControlFile& directory,
                          const std::string& name) {
  if (name.empty()) return Errno(EBUSY);
  const auto removed = directory.Unlink(name, ControlFile::Removal::kFile);
  if (removed.ok() || removed.error() != Errno(EISDIR)) return removed;
  return directory.Unlink(name, ControlFile::Removal::kDirectory);
}

ErrnoOr<void> MakeDirectory(const ControlFile& directory,
                            const std::string& name) {
  if (name.empty()) return Errno(EEXIST);
  const auto made = directory.Mkdir(name, {.mode = 0755});
  if (!made.ok()) return made.error();
  return {};
}

using ForEntry = ErrnoOr<void> (*)(const ControlFile&, const std::string&);

absl::Status ForEach(Context& context, const PathsFlags& flags,
                     absl::string_view verb, ForEntry use) {
  const auto session = OpenToWrite(context, flags.server);
  if (!session.ok()) return session.status();
  for (const std::string& path : flags.paths) {
    const Place place = PlaceOf(path);
    const auto done =
        session->With(place.parent, [&](const ControlFile& directory) {
          return use(directory, place.name);
        });
    if (!done.ok()) {
      return FsError(absl::StrCat(verb, " ", path), done.error());
    }
  }
  return absl::OkStatus();
}

absl::Status Rm(Context& context, const PathsFlags& flags) {
  return ForEach(context, flags, "rm", &RemoveEntry);
}

absl::Status Mkdir(Context& context, const PathsFlags& flags) {
  return ForEach(context, flags, "mkdir", &MakeDirectory);
}

absl::Status Mv(Context& context, const MoveFlags& flags) {
  const auto session = OpenToWrite(context, flags.server);
  if (!session.ok()) return session.status();
  const Place from = PlaceOf(flags.from);
  const Place to = PlaceOf(flags.to);
  const auto moved =
      session->With(from.parent, [&](const ControlFile& old_directory) {
        return session->With(
            to.parent, [&](const ControlFile& new_directory) -> ErrnoOr<void> {
              if (from.name.empty() || to.name.empty()) return Errno(EBUSY);
              return old_directory.Rename(from.name, new_directory, to.name);
            });
      });
  if (moved.ok()) return absl::OkStatus();
  return FsError(absl::StrCat("mv ", flags.from, " ", flags.to), moved.error());
}

}  // namespace

void AddFsWriteCommands(CLI::App& group, Action& chosen) {
  AddCommand(group, chosen, "put", "Write a file, from standard input or FILE",
             "fs put web /motd < motd\nfs put web /motd motd", &DeclarePut,
             &Put);
  AddCommand(group, chosen, "rm", "Remove files and empty directories",
             "fs rm web /motd /old", &DeclarePaths, &Rm);
  AddCommand(group, chosen, "mkdir", "Make directories", "fs mkdir web /new",
             &DeclarePaths, &Mkdir);
  AddCommand(group, chosen, "mv", "Move a file within the tree",
             "fs mv web /motd /new/motd", &DeclareMove, &Mv);
}

}  // namespace goferctl
