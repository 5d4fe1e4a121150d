// ContainerGoferTest: a gofer started as runsc starts it, and a container's
// files.

#ifndef GOFER_TESTS_INTEGRATION_CONTAINER_GOFER_FIXTURE_H_
#define GOFER_TESTS_INTEGRATION_CONTAINER_GOFER_FIXTURE_H_

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "clients/lisafs/client.h"
#include "server/base/unique_fd.h"
#include "server/uds/unix_socket.h"
#include "server/worker/exit_code.h"
#include "tests/integration/gofer_child.h"

namespace gofer {

inline std::string ReadFd(int fd) {
  std::string text;
  char buffer[4096];
  for (ssize_t n; (n = ::read(fd, buffer, sizeof(buffer))) > 0;) {
    text.append(buffer, static_cast<size_t>(n));
  }
  return text;
}

inline std::string ReadAbsolute(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::string MountsOfThisProcess() {
  return ReadAbsolute("/proc/self/mountinfo");
}

inline base::UniqueFd MemoryFile(const std::string& text) {
  base::UniqueFd file(::memfd_create("spec", MFD_CLOEXEC));
  EXPECT_EQ(::write(file.get(), text.data(), text.size()),
            static_cast<ssize_t>(text.size()));
  return file;
}

inline nlohmann::json Bind(const std::string& source,
                           const std::string& destination,
                           const std::vector<std::string>& options = {
                               "rbind"}) {
  return {{"destination", destination},
          {"type", "bind"},
          {"source", source},
          {"options", options}};
}

// The files of a container: its root, and a directory to mount in it.
class ContainerGoferTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to make mounts";
    bundle_.Write("rootfs/hello", "from the root");
    bundle_.Write("volume/hello", "from the volume");
    bundle_.Write("secret", "of the host");
    spec_ = {{"process", {{"args", {"sh"}}, {"cwd", "/"}}},
             {"root", {{"path", "rootfs"}}},
             {"mounts", nlohmann::json::array()}};
    // Other tests mount things meanwhile, and so do we.
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    mounts_before_ = MountsOfThisProcess();
  }
  void TearDown() override {
    if (mounts_before_.empty()) return;
    gofer_.reset();
    EXPECT_EQ(MountsOfThisProcess(), mounts_before_);
  }

  // Starts it with `sockets` connections and `flags` of runsc.
  void Start(size_t sockets, std::vector<std::string> flags = {}) {
    StartWithSpec(spec_.dump(), sockets, std::move(flags));
  }

  void StartWithSpec(const std::string& spec, size_t sockets,
                     std::vector<std::string> flags = {},
                     const std::vector<std::string>& command_flags = {},
                     const std::vector<std::string>& wrapper = {}) {
    const base::UniqueFd spec_file = MemoryFile(spec);
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    mounts_reply_ = base::UniqueFd(ends[0]);
    const base::UniqueFd reply_end(ends[1]);
    log_ = base::UniqueFd(::memfd_create("log", MFD_CLOEXEC));
    std::vector<int> inherited = {spec_file.get(), reply_end.get(), log_.get()};
    flags.insert(flags.end(),
                 {"--log-fd=5", "--platform=ptrace", "gofer", "--bundle",
                  bundle_.path(), "--spec-fd=3", "--mounts-fd=4"});
    std::vector<base::UniqueFd> theirs;
    for (size_t i = 0; i < sockets; ++i) {
      auto pair = *uds::MakeSocketPair(uds::SocketType::kStream);
      flags.push_back(absl::StrCat("--io-fds=", 6 + i));
      sockets_.push_back(std::move(pair.first));
      inherited.push_back(pair.second.get());
      theirs.push_back(std::move(pair.second));
    }
    if (leaked_.valid()) inherited.push_back(leaked_.get());
    flags.insert(flags.end(), command_flags.begin(), command_flags.end());
    gofer_ = std::make_unique<test::GoferChild>(flags, inherited, wrapper);
  }

  client::Client Mount(size_t n) {
    auto mounted = client::Client::Mount(std::move(sockets_.at(n)));
    EXPECT_TRUE(mounted.ok()) << gofer_->Stderr();
    return *std::move(mounted);
  }

  static std::string ReadFile(const client::Client& client,
                              const std::string& path) {
    const auto file = client.root().WalkPath(path);
    if (!file.ok()) return absl::StrCat("errno ", file.error().number());
    auto open = file->Open(O_RDONLY);
    if (!open.ok()) return absl::StrCat("errno ", open.error().number());
    open->set_data_path(client::DataPath::kServer);
    std::string text(4096, '\0');
    const auto count = open->Read(0, std::as_writable_bytes(std::span(text)));
    if (!count.ok()) return absl::StrCat("errno ", count.error().number());
    text.resize(*count);
    return text;
  }

  // One line that says `words`, on stderr and in runsc's log, and no answer.
  void ExpectFailure(worker::ExitCode code, const std::string& words) {
    EXPECT_EQ(gofer_->Wait(), static_cast<int>(code)) << gofer_->Stderr();
    const std::string text = gofer_->Stderr();
    EXPECT_THAT(text, testing::StartsWith("gofer: "));
    EXPECT_THAT(text, testing::HasSubstr(words));
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
    EXPECT_EQ(ReadFd(mounts_reply_.get()), "");
    ::lseek(log_.get(), 0, SEEK_SET);
    EXPECT_THAT(ReadFd(log_.get()), testing::HasSubstr(words));
  }

  test::ScratchDirectory bundle_;
  nlohmann::json spec_;
  std::vector<base::UniqueFd> sockets_;
  base::UniqueFd mounts_reply_;
  base::UniqueFd log_;
  base::UniqueFd leaked_;
  std::unique_ptr<test::GoferChild> gofer_;
  std::string mounts_before_;
};

}  // namespace gofer

#endif  // GOFER_TESTS_INTEGRATION_CONTAINER_GOFER_FIXTURE_H_
