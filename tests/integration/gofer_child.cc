#include "tests/integration/gofer_child.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "server/base/check.h"
#include "server/base/syscall.h"

namespace gofer::test {
namespace {

std::string ContentOf(int file) {
  std::string text(1 << 16, '\0');
  const ssize_t size = ::pread(file, text.data(), text.size(), 0);
  GOFER_CHECK(size >= 0);
  text.resize(static_cast<size_t>(size));
  return text;
}

}  // namespace

GoferChild::GoferChild(const std::vector<std::string>& arguments,
                       const std::vector<int>& inherited,
                       const std::vector<std::string>& wrapper)
    : stdout_(::memfd_create("gofer-stdout", MFD_CLOEXEC)),
      stderr_(::memfd_create("gofer-stderr", MFD_CLOEXEC)) {
  GOFER_CHECK(stdout_.valid() && stderr_.valid());
  std::vector<std::string> words = wrapper;
  words.push_back(wrapper.empty() ? "gofer" : GOFER_BINARY);
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, stdout_.get(), 1);
  ::posix_spawn_file_actions_adddup2(&actions, stderr_.get(), 2);
  // Copies with high numbers, so that no target overwrites a source.
  std::vector<base::UniqueFd> sources;
  for (const int fd : inherited) {
    sources.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, 100));
    GOFER_CHECK(sources.back().valid());
    ::posix_spawn_file_actions_adddup2(
        &actions, sources.back().get(),
        kFirstFd + static_cast<int>(sources.size()) - 1);
  }
  ::posix_spawn_file_actions_addclosefrom_np(
      &actions, kFirstFd + static_cast<int>(inherited.size()));
  const char* const program =
      wrapper.empty() ? GOFER_BINARY : wrapper.front().c_str();
  GOFER_CHECK(::posix_spawnp(&pid_, program, &actions, nullptr, argv.data(),
                             environ) == 0);
  ::posix_spawn_file_actions_destroy(&actions);
}

GoferChild::~GoferChild() {
  if (reaped_) return;
  Signal(SIGKILL);
  Wait();
}

void GoferChild::Signal(int signal) const {
  GOFER_CHECK(!reaped_ && ::kill(pid_, signal) == 0);
}

int GoferChild::Wait() {
  if (!reaped_) {
    base::RetryOnEintr([this] { return ::waitpid(pid_, &status_, 0); });
    reaped_ = true;
  }
  return WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
}

bool GoferChild::HasEnded() {
  if (!reaped_) reaped_ = ::waitpid(pid_, &status_, WNOHANG) == pid_;
  return reaped_;
}

std::string GoferChild::Stdout() const { return ContentOf(stdout_.get()); }

std::string GoferChild::Stderr() const { return ContentOf(stderr_.get()); }

ScratchDirectory::ScratchDirectory()
    : path_((std::filesystem::temp_directory_path() / "gofer-test-XXXXXX")) {
  GOFER_CHECK(::mkdtemp(path_.data()) != nullptr);
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void ScratchDirectory::Write(const std::string& name,
                             const std::string& content) const {
  std::filesystem::create_directories(
      std::filesystem::path(*this / name).parent_path());
  std::ofstream file(*this / name, std::ios::binary);
  file << content;
  GOFER_CHECK(file.good());
}

std::string ScratchDirectory::Read(const std::string& name) const {
  std::ifstream file(*this / name, std::ios::binary);
  GOFER_CHECK(file.good());
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

bool ScratchDirectory::Has(const std::string& name) const {
  return std::filesystem::exists(std::filesystem::symlink_status(*this / name));
}

std::vector<std::string> ScratchDirectory::List() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path_)) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace gofer::test
