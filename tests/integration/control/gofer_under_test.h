// GoferUnderTest: a scratch directory, a `gofer managed` that is to serve it,
// and what a test says to it.

#ifndef GOFER_TESTS_INTEGRATION_CONTROL_GOFER_UNDER_TEST_H_
#define GOFER_TESTS_INTEGRATION_CONTROL_GOFER_UNDER_TEST_H_

#include <memory>
#include <string>
#include <vector>

#include "clients/lisafs/client.h"
#include "tests/integration/control/fake_goferd.h"
#include "tests/integration/gofer_child.h"

namespace gofer::test {

class GoferUnderTest {
 public:
  // `wrapper`: as of GoferChild.
  explicit GoferUnderTest(const std::vector<std::string>& wrapper = {});

  const ScratchDirectory& root() const { return root_; }
  std::string socket_path() const { return state_ / "control.sock"; }
  GoferChild& process() { return *process_; }

  // A Bootstrap as goferd sends it.
  v1::ToGofer MakeBootstrap(v1::SandboxMode mode = v1::SANDBOX_MODE_FULL) const;
  // Sends one, with the root, and takes the answer.
  v1::Response Bootstrap(FakeGoferd& goferd, const v1::ToGofer& message);
  // The same, and it has to succeed.
  std::unique_ptr<FakeGoferd> Start(
      v1::SandboxMode mode = v1::SANDBOX_MODE_FULL);

  static v1::ToGofer MakeStart(const std::string& uid,
                               const std::string& path = "/");
  // Starts and attaches a connection, and mounts over it.
  static client::Client Connect(FakeGoferd& goferd, const std::string& uid,
                                const std::string& path = "/");
  // Gives a started connection its socket; the client's end.
  static base::UniqueFd Attach(FakeGoferd& goferd, const std::string& uid);

 private:
  const ScratchDirectory root_;
  const ScratchDirectory state_;
  std::unique_ptr<GoferChild> process_;
};

// The file's content, or "errno n".
std::string ReadFile(const client::Client& client, const std::string& path);

// Whether tests may make mounts.
bool MayMount();

}  // namespace gofer::test

#endif  // GOFER_TESTS_INTEGRATION_CONTROL_GOFER_UNDER_TEST_H_
