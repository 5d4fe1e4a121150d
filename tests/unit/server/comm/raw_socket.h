// RawSocket: a client of the socket that sends whatever bytes it likes.

#ifndef GOFER_TESTS_UNIT_SERVER_COMM_RAW_SOCKET_H_
#define GOFER_TESTS_UNIT_SERVER_COMM_RAW_SOCKET_H_

#include <poll.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/base/unique_fd.h"
#include "server/wire/headers.h"

namespace gofer::comm {

inline std::span<const std::byte> AsBytes(absl::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

inline std::string AsText(std::span<const std::byte> bytes) {
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

inline void Fill(std::span<std::byte> into, absl::string_view text) {
  std::memcpy(into.data(), text.data(), text.size());
}

// A frame's header, as bytes.
inline std::string Header(uint32_t payload_len, uint16_t message,
                          uint16_t padding = 0) {
  const wire::SocketHeader header = {
      .payload_len = payload_len, .message = message, .padding = padding};
  return AsText(std::as_bytes(std::span(&header, 1)));
}

inline std::string Frame(uint16_t message, absl::string_view payload) {
  return absl::StrCat(Header(static_cast<uint32_t>(payload.size()), message),
                      payload);
}

class RawSocket {
 public:
  explicit RawSocket(base::UniqueFd socket) : socket_(std::move(socket)) {}

  // Sends all of `bytes`; false when the peer does not take them.
  bool Write(absl::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent =
          ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  // Reads exactly `count` bytes, or fewer at the end of file.
  std::string Read(size_t count) const {
    std::string bytes(count, '\0');
    size_t got = 0;
    while (got < count) {
      const ssize_t n =
          ::recv(socket_.get(), bytes.data() + got, count - got, 0);
      if (n <= 0) break;
      got += static_cast<size_t>(n);
    }
    bytes.resize(got);
    return bytes;
  }

  std::string ReadHex(size_t count) const {
    return absl::BytesToHexString(Read(count));
  }

  // Whether the peer has hung up for good (both directions).
  bool HungUp() const {
    pollfd entry = {.fd = socket_.get(), .events = 0, .revents = 0};
    ::poll(&entry, 1, 0);
    return (entry.revents & POLLHUP) != 0;
  }

  void Close() { socket_.reset(); }
  int fd() const { return socket_.get(); }

 private:
  base::UniqueFd socket_;
};

}  // namespace gofer::comm

#endif  // GOFER_TESTS_UNIT_SERVER_COMM_RAW_SOCKET_H_
