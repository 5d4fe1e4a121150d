// RawChannel: the client's end of a channel, byte by byte, so that a test can
// do what a client must not.

#ifndef GOFER_TESTS_SUPPORT_RAW_CHANNEL_H_
#define GOFER_TESTS_SUPPORT_RAW_CHANNEL_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/base/unique_fd.h"
#include "tests/support/raw_client.h"

namespace gofer::test {

// Maps the window that a Channel response announces. One thread, plus any that
// write to bytes().
class RawChannel {
 public:
  // Asks `client` for a channel, without a handshake. The answer must be good.
  explicit RawChannel(RawClient& client);
  ~RawChannel();
  RawChannel(const RawChannel&) = delete;
  RawChannel& operator=(const RawChannel&) = delete;

  // What the server donated, and where it said the window is.
  int data_fd() const { return data_fd_.get(); }
  int fd_socket() const { return fd_socket_.get(); }
  int64_t offset() const { return offset_; }
  uint64_t length() const { return length_; }

  // The window, from its first byte.
  std::span<std::byte> bytes() const { return {base_, length_}; }
  uint32_t state() const;
  void set_state(uint32_t state);
  uint32_t data_len() const;
  uint16_t message() const;
  uint8_t num_fds() const;
  std::vector<std::byte> payload() const;

  // Writes the opening bytes and gives the turn to the server.
  void StartHandshake(absl::string_view text);
  // Writes a request and gives the turn to the server. `data_len` of -1 is the
  // right one.
  void Send(uint16_t message, std::span<const std::byte> request,
            uint8_t num_fds = 0, int64_t data_len = -1);
  // Blocks until the state is not `state`, by default until it is not the
  // server's turn; returns the new one.
  uint32_t WaitWhile(uint32_t state = 1);

  // The whole handshake, well done.
  void Connect();

  // Receives one FD if one is there; invalid otherwise.
  base::UniqueFd TryReceiveFd();

 private:
  base::UniqueFd data_fd_;
  base::UniqueFd fd_socket_;
  int64_t offset_ = 0;
  uint64_t length_ = 0;
  std::byte* base_ = nullptr;
};

}  // namespace gofer::test

#endif  // GOFER_TESTS_SUPPORT_RAW_CHANNEL_H_
