// FakeGoferd: the other end of a gofer's control socket, in a test's hands.

#ifndef GOFER_TESTS_INTEGRATION_CONTROL_FAKE_GOFERD_H_
#define GOFER_TESTS_INTEGRATION_CONTROL_FAKE_GOFERD_H_

#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "goferd/worker/v1/frame.pb.h"
#include "server/control/control_channel.h"

namespace gofer::test {

namespace v1 = ::goferd::worker::v1;

// Speaks version 1 and takes events. Waits at most 20 s for anything; what does
// not come fails the test.
class FakeGoferd {
 public:
  explicit FakeGoferd(const std::string& socket_path);

  control::ControlChannel& channel() { return channel_; }

  static v1::Party Party();

  // Sends without waiting; returns the request's id.
  uint64_t Send(v1::ToGofer message, std::span<const int> fds = {});
  // The answer to that, its parts joined. Events that come meanwhile are kept.
  v1::Response Await(uint64_t request_id);
  v1::Response Ask(v1::ToGofer message, std::span<const int> fds = {});

  v1::Response Adopt();
  v1::Response Stop(const std::string& uid, v1::StopConnection::Mode mode);
  v1::ConnectionList List();
  v1::ConnectionCount Count();

  // The next event for which `wanted` is true; others before it are dropped.
  v1::Event AwaitEvent(const std::function<bool(const v1::Event&)>& wanted);
  // As that, for a connection's state.
  v1::Connection AwaitState(const std::string& uid, v1::ConnectionState state);
  std::deque<v1::Event>& events() { return events_; }

  // Whether the gofer has closed, or closes, its end.
  bool AwaitHangUp();

 private:
  // Nothing after the gofer's end.
  std::optional<v1::FromGofer> Next();

  control::ControlChannel channel_;
  uint64_t last_request_ = 0;
  std::deque<v1::Event> events_;
};

}  // namespace gofer::test

#endif  // GOFER_TESTS_INTEGRATION_CONTROL_FAKE_GOFERD_H_
