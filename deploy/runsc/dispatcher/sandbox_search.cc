#include "deploy/runsc/dispatcher/sandbox_search.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "deploy/runsc/dispatcher/container_spec.h"

namespace gofer::dispatcher {
namespace {

using nlohmann::json;

constexpr std::string_view kSandboxName = "runsc-sandbox";
constexpr std::string_view kSandboxCommand = "boot";
// What runsc's own flags never reach.
constexpr std::size_t kLongestCommandLine = std::size_t{1} << 20;
// The state holds the container's spec.
constexpr std::size_t kLongestState = 2 * kLargestSpec;
// CONTAINER_sandbox:SANDBOX.state is how runsc names it.
constexpr std::string_view kInfix = "_sandbox:";
constexpr std::string_view kState = ".state";

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

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

// Empty for a file that cannot be read or is too long.
std::string ReadFile(const std::string& path, std::size_t longest) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    return "";
  }
  std::string text;
  std::array<char, 4096> piece;
  ssize_t count = 0;
  while ((count = ::read(fd, piece.data(), piece.size())) > 0 &&
         text.size() <= longest) {
    text.append(piece.data(), static_cast<std::size_t>(count));
  }
  ::close(fd);
  return text.size() > longest ? std::string() : text;
}

const json* Find(const json& value, const char* name) {
  if (!value.is_object()) {
    return nullptr;
  }
  const auto found = value.find(name);
  return found == value.end() ? nullptr : &*found;
}

// The process that the state of a sandbox's first container names; 0 when it
// says none. runsc rewrites the file in place, so it may be half written.
long long ReadPid(const std::string& path) {
  constexpr int kAttempts = 20;
  constexpr useconds_t kPauseMicros = 500;
  const auto only_pid = [](int depth, json::parse_event_t event, json& parsed) {
    return event != json::parse_event_t::key ||
           (depth == 1 && parsed == "sandbox") ||
           (depth == 2 && parsed == "pid");
  };
  for (int i = 0; i < kAttempts; ++i) {
    const std::string text = ReadFile(path, kLongestState);
    const json state = json::parse(text, only_pid, false);
    if (state.is_object()) {
      const json* sandbox = Find(state, "sandbox");
      const json* pid = sandbox == nullptr ? nullptr : Find(*sandbox, "pid");
      return pid != nullptr && pid->is_number_integer() ? pid->get<long long>()
                                                        : 0;
    }
    if (::access(path.c_str(), F_OK) != 0) {
      return 0;
    }
    ::usleep(kPauseMicros);
  }
  return 0;
}

}  // namespace

std::optional<HelperCall> FindSandbox(const std::string& id,
                                      const std::string& root,
                                      const std::string& proc) {
  if (id.empty() || root.empty() || id.find('/') != id.npos) {
    return std::nullopt;
  }
  // The sandbox has the name of its first container.
  const long long pid =
      ReadPid(root + "/" + id + std::string(kInfix) + id + std::string(kState));
  if (pid <= 0) {
    return std::nullopt;
  }
  HelperCall found(Split(ReadFile(proc + "/" + std::to_string(pid) + "/cmdline",
                                  kLongestCommandLine)));
  if (found.name() == kSandboxName && found.command() == kSandboxCommand &&
      found.last_word() == id &&
      found.GlobalFlag("root").value_or(root) == root) {
    return found;
  }
  return std::nullopt;
}

std::string FindSandboxOf(const std::string& container,
                          const std::string& root_folder) {
  const std::string prefix = container + std::string(kInfix);
  const std::unique_ptr<DIR, CloseDirectory> directory(
      ::opendir(root_folder.c_str()));
  while (const dirent* entry =
             directory ? ::readdir(directory.get()) : nullptr) {
    std::string_view name = entry->d_name;
    if (name.starts_with(prefix) && name.ends_with(kState)) {
      name.remove_prefix(prefix.size());
      name.remove_suffix(kState.size());
      return std::string(name);
    }
  }
  return "";
}

}  // namespace gofer::dispatcher
