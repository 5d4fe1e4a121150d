#include "deploy/runsc/dispatcher/sandbox_search.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace gofer::dispatcher {
namespace {

constexpr std::string_view kSandboxName = "runsc-sandbox";
constexpr std::string_view kSandboxCommand = "boot";
// What runsc's own flags never reach.
constexpr std::size_t kLongestCommandLine = std::size_t{1} << 20;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

bool IsPid(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0;
  });
}

// Each word ends with a NUL.
std::vector<std::string> Split(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\0'), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

// Empty for a process that is gone or no sandbox.
std::vector<std::string> ReadWords(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return {};
  }
  std::string text;
  std::array<char, 4096> piece;
  ssize_t count = 0;
  while ((count = ::read(fd, piece.data(), piece.size())) > 0 &&
         text.size() < kLongestCommandLine) {
    text.append(piece.data(), static_cast<std::size_t>(count));
    if (!text.starts_with(kSandboxName)) {
      break;
    }
  }
  ::close(fd);
  return Split(text);
}

}  // namespace

std::optional<HelperCall> FindSandbox(const std::string& id,
                                      std::string_view root,
                                      const std::string& proc) {
  if (id.empty()) {
    return std::nullopt;
  }
  const std::unique_ptr<DIR, CloseDirectory> directory(::opendir(proc.c_str()));
  if (!directory) {
    return std::nullopt;
  }
  while (const dirent* entry = ::readdir(directory.get())) {
    if (!IsPid(entry->d_name)) {
      continue;
    }
    HelperCall found(ReadWords(proc + "/" + entry->d_name + "/cmdline"));
    if (found.name() == kSandboxName && found.command() == kSandboxCommand &&
        found.last_word() == id &&
        found.GlobalFlag("root").value_or(root) == root) {
      return found;
    }
  }
  return std::nullopt;
}

std::string FindSandboxOf(const std::string& container,
                          const std::string& root_folder) {
  const std::string prefix = container + "_sandbox:";
  constexpr std::string_view kSuffix = ".state";
  const std::unique_ptr<DIR, CloseDirectory> directory(
      ::opendir(root_folder.c_str()));
  while (const dirent* entry =
             directory ? ::readdir(directory.get()) : nullptr) {
    std::string_view name = entry->d_name;
    if (name.starts_with(prefix) && name.ends_with(kSuffix)) {
      name.remove_prefix(prefix.size());
      name.remove_suffix(kSuffix.size());
      return std::string(name);
    }
  }
  return "";
}

}  // namespace gofer::dispatcher
