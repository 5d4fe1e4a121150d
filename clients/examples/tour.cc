#include "clients/examples/tour.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace gofer::examples {
namespace {

using client::ControlFile;
using client::OpenFile;

constexpr absl::string_view kDraft = "draft.txt";
constexpr absl::string_view kGreeting = "greeting.txt";
constexpr absl::string_view kScratch = "scratch.txt";
constexpr absl::string_view kText =
    "Hello from the other side of the socket.\n";
constexpr size_t kShownEntries = 20;
constexpr size_t kShownBytes = 60;

std::span<const std::byte> BytesOf(absl::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

absl::string_view TextOf(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

char TypeLetter(uint16_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return '-';
    case S_IFDIR:
      return 'd';
    case S_IFLNK:
      return 'l';
    case S_IFIFO:
      return 'p';
    case S_IFSOCK:
      return 's';
    case S_IFCHR:
      return 'c';
    case S_IFBLK:
      return 'b';
    default:
      return '?';
  }
}

// The first line of `text`, fit for a terminal.
std::string FirstLine(absl::string_view text) {
  std::string line(text.substr(0, std::min(text.find('\n'), kShownBytes)));
  for (char& c : line) {
    if (c < ' ' || c > '~') c = '?';
  }
  return line;
}

}  // namespace

bool Tour::Run() {
  const bool went_well = ShowMount() && StartChannels() && ListRoot() &&
                         ReadAFile() && MakeDirectory() && WriteAndReadBack() &&
                         Rename() && RemoveAFile() && CheckDirectory();
  if (went_well && leftover_ == Leftover::kKeep) return true;
  return RemoveDirectory() && went_well;
}

bool Tour::ShowMount() {
  const wire::Statx& root = client_.root().found_stat();
  if (!S_ISDIR(root.mode)) return Failed("Mount", "the root is no directory");
  Show("Mount", absl::StrFormat(
                    "a directory, inode %d, owner %d:%d; messages of up to "
                    "%d bytes",
                    root.ino, root.uid, root.gid, client_.max_message_size()));
  return true;
}

bool Tour::StartChannels() {
  const auto channels =
      client_.StartChannels(client::Client::UsualChannelCount());
  if (!channels.ok()) return Failed("Channel", channels.error());
  Show("Channel", absl::StrFormat("%d channels in shared memory carry what "
                                  "follows",
                                  *channels));
  return true;
}

bool Tour::ListRoot() {
  const auto directory = client_.root().Open(O_RDONLY);
  if (!directory.ok()) return Failed("OpenAt", directory.error());
  auto entries = directory->ReadDir();
  if (!entries.ok()) return Failed("Getdents64", entries.error());
  std::sort(entries->begin(), entries->end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  Show("OpenAt, Getdents64",
       absl::StrFormat("%d entries; WalkStat tells more of each",
                       entries->size()));
  for (size_t i = 0; i < std::min(entries->size(), kShownEntries); ++i) {
    const absl::string_view name = (*entries)[i].name;
    const auto stats = client_.root().WalkStat(std::span(&name, 1));
    if (!stats.ok()) return Failed("WalkStat", stats.error());
    if (stats->empty()) return Failed("WalkStat", "a listed file is not there");
    const wire::Statx& stat = stats->front();
    std::printf("    %c %04o %10llu  %s\n", TypeLetter(stat.mode),
                stat.mode & 07777u, static_cast<unsigned long long>(stat.size),
                FirstLine(name).c_str());
    if (some_file_.empty() && S_ISREG(stat.mode) && stat.size > 0) {
      some_file_ = std::string(name);
    }
  }
  return true;
}

bool Tour::ReadAFile() {
  if (some_file_.empty()) {
    Show("-", "no file to read in the root");
    return true;
  }
  const auto file = client_.root().Walk(some_file_);
  if (!file.ok()) return Failed("Walk", file.error());
  auto open = file->Open(O_RDONLY);
  if (!open.ok()) return Failed("OpenAt", open.error());
  // As a client does that was given no host FD: every byte by RPC.
  open->set_data_path(client::DataPath::kServer);
  std::vector<std::byte> bytes(1024);
  const auto count = open->Read(0, bytes);
  if (!count.ok()) return Failed("PRead", count.error());
  if (*count == 0) return Failed("PRead", "no bytes in a file that has some");
  Show("Walk, OpenAt, PRead",
       absl::StrFormat("%s: %d bytes, \"%s\"", some_file_, *count,
                       FirstLine(TextOf(std::span(bytes).first(*count)))));
  return true;
}

bool Tour::MakeDirectory() {
  const auto directory = client_.root().Mkdir(kDirectory, {.mode = 0755});
  if (!directory.ok()) return Failed("MkdirAt", directory.error());
  made_directory_ = true;
  Show("MkdirAt", absl::StrCat(kDirectory, "/"));
  return true;
}

bool Tour::WriteAndReadBack() {
  const auto directory = client_.root().Walk(kDirectory);
  if (!directory.ok()) return Failed("Walk", directory.error());
  auto created = directory->OpenCreate(kDraft, O_RDWR, {.mode = 0644});
  if (!created.ok()) return Failed("OpenCreateAt", created.error());
  OpenFile& file = created->open;
  Show(
      "OpenCreateAt",
      absl::StrCat(
          kDraft, file.host_fd() >= 0 ? ", and a host FD for direct I/O" : ""));
  file.set_data_path(client::DataPath::kServer);
  const auto written = file.Write(0, BytesOf(kText));
  if (!written.ok()) return Failed("PWrite", written.error());
  if (*written != kText.size()) return Failed("PWrite", "too few bytes");
  if (const auto synced = file.Sync(); !synced.ok()) {
    return Failed("FSync", synced.error());
  }
  std::vector<std::byte> bytes(2 * kText.size());
  const auto count = file.Read(0, bytes);
  if (!count.ok()) return Failed("PRead", count.error());
  if (TextOf(std::span(bytes).first(*count)) != kText) {
    return Failed("PRead", "other bytes than were written");
  }
  Show("PWrite, FSync, PRead",
       absl::StrFormat("%d bytes written, and the same read back", *count));
  return true;
}

bool Tour::Rename() {
  const auto directory = client_.root().Walk(kDirectory);
  if (!directory.ok()) return Failed("Walk", directory.error());
  const auto renamed = directory->Rename(kDraft, *directory, kGreeting);
  if (!renamed.ok()) return Failed("RenameAt", renamed.error());
  if (const auto old = directory->Walk(kDraft);
      old.ok() || old.error() != base::Errno(ENOENT)) {
    return Failed("Walk", "the old name is still there");
  }
  const auto file = directory->Walk(kGreeting);
  if (!file.ok()) return Failed("Walk", file.error());
  if (file->found_stat().size != kText.size()) {
    return Failed("Walk", "the new name is another file");
  }
  Show("RenameAt, Walk", absl::StrCat(kDraft, " is now ", kGreeting));
  return true;
}

bool Tour::RemoveAFile() {
  const auto directory = client_.root().Walk(kDirectory);
  if (!directory.ok()) return Failed("Walk", directory.error());
  if (const auto made = directory->OpenCreate(kScratch, O_WRONLY); !made.ok()) {
    return Failed("OpenCreateAt", made.error());
  }
  const auto removed = directory->Unlink(kScratch, ControlFile::Removal::kFile);
  if (!removed.ok()) return Failed("UnlinkAt", removed.error());
  Show("OpenCreateAt, UnlinkAt", absl::StrCat(kScratch, " came and went"));
  return true;
}

bool Tour::CheckDirectory() {
  const auto directory = client_.root().Walk(kDirectory);
  if (!directory.ok()) return Failed("Walk", directory.error());
  const auto open = directory->Open(O_RDONLY);
  if (!open.ok()) return Failed("OpenAt", open.error());
  const auto entries = open->ReadDir();
  if (!entries.ok()) return Failed("Getdents64", entries.error());
  if (entries->size() != 1 || entries->front().name != kGreeting) {
    return Failed("Getdents64", "other entries than were made");
  }
  Show("OpenAt, Getdents64",
       absl::StrCat(kDirectory, "/ holds ", kGreeting, " alone"));
  if (const auto closed = client_.FlushCloses(); !closed.ok()) {
    return Failed("Close", closed.error());
  }
  const auto counters = client_.counters();
  Show("Close", absl::StrFormat("all FDs; %d requests went over the socket, %d "
                                "over the channels",
                                counters.socket_calls, counters.channel_calls));
  return true;
}

bool Tour::RemoveDirectory() {
  if (!made_directory_) return true;
  const auto directory = client_.root().Walk(kDirectory);
  if (!directory.ok()) return Failed("Walk", directory.error());
  for (const absl::string_view name : {kDraft, kGreeting, kScratch}) {
    (void)directory->Unlink(name, ControlFile::Removal::kFile).ok();
  }
  const auto removed =
      client_.root().Unlink(kDirectory, ControlFile::Removal::kDirectory);
  if (!removed.ok()) return Failed("UnlinkAt", removed.error());
  Show("UnlinkAt", absl::StrCat(kDirectory, "/ is gone again"));
  return true;
}

void Tour::Show(absl::string_view rpcs, const std::string& text) const {
  std::printf("%-24s %s\n", std::string(rpcs).c_str(), text.c_str());
}

bool Tour::Failed(absl::string_view rpc, base::Errno error) const {
  return Failed(rpc, std::string(std::strerror(error.number())));
}

bool Tour::Failed(absl::string_view rpc, const std::string& what) const {
  std::fprintf(stderr, "lisafs-tour: %s: %s\n", std::string(rpc).c_str(),
               what.c_str());
  return false;
}

}  // namespace gofer::examples
