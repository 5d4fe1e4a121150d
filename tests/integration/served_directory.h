// ServedDirectory: a scratch directory, a real gofer that serves it, and a
// client on it.

#ifndef GOFER_TESTS_INTEGRATION_SERVED_DIRECTORY_H_
#define GOFER_TESTS_INTEGRATION_SERVED_DIRECTORY_H_

#include <sys/stat.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "clients/lisafs/client.h"
#include "server/base/check.h"
#include "server/uds/unix_socket.h"
#include "tests/integration/gofer_child.h"

namespace gofer::test {

class ServedDirectory {
 public:
  // Starts a gofer with `flags` besides --root and --io-fds, and connects to it
  // once for each of `mount_paths`, which exist at the time of Mount.
  // `directories` are made in the root before.
  explicit ServedDirectory(std::vector<std::string> flags = {},
                           const std::vector<std::string>& mount_paths = {"/"},
                           const std::vector<std::string>& directories = {}) {
    for (const std::string& name : directories) {
      GOFER_CHECK(::mkdir((root_.path() + "/" + name).c_str(), 0755) == 0);
    }
    flags.insert(flags.begin(), {"serve", "--root=" + root_.path()});
    std::vector<base::UniqueFd> theirs;
    std::vector<int> inherited;
    for (const std::string& path : mount_paths) {
      auto pair = uds::MakeSocketPair(uds::SocketType::kStream);
      GOFER_CHECK(pair.ok());
      flags.push_back("--io-fds=" +
                      std::to_string(GoferChild::kFirstFd + theirs.size()));
      flags.push_back("--mount-path=" + path);
      ours_.push_back(std::move(pair->first));
      inherited.push_back(pair->second.get());
      theirs.push_back(std::move(pair->second));
    }
    gofer_ = std::make_unique<GoferChild>(flags, inherited);
  }

  const ScratchDirectory& root() const { return root_; }
  GoferChild& gofer() { return *gofer_; }

  // Mounts over the n-th socket; once for each.
  base::ErrnoOr<client::Client> Mount(size_t n = 0) {
    return client::Client::Mount(std::move(ours_[n]));
  }
  // Hangs up instead.
  void HangUp(size_t n) { ours_[n].reset(); }

 private:
  const ScratchDirectory root_;
  std::vector<base::UniqueFd> ours_;
  std::unique_ptr<GoferChild> gofer_;
};

}  // namespace gofer::test

#endif  // GOFER_TESTS_INTEGRATION_SERVED_DIRECTORY_H_
