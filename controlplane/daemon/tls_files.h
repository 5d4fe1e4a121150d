// TlsFiles: the certificates of a listener, checked before gRPC sees them.

#ifndef GOFERD_CONTROLPLANE_DAEMON_TLS_FILES_H_
#define GOFERD_CONTROLPLANE_DAEMON_TLS_FILES_H_

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "goferd/config/v1/config.pb.h"
#include "server/base/unique_fd.h"

namespace goferd::daemon {

// gRPC 1.51 aborts the process when it reads an empty certificate or key. So it
// reads copies in memory, which have only what made sense. Certificate and key
// are one copy: they change together. Not thread-safe.
class TlsFiles {
 public:
  // Reads the files of `config`. Errors: FAILED_PRECONDITION, which names the
  // file.
  static absl::StatusOr<std::unique_ptr<TlsFiles>> Open(
      const config::v1::TlsConfig& config);
  TlsFiles(const TlsFiles&) = delete;
  TlsFiles& operator=(const TlsFiles&) = delete;

  // The paths of the copies, in this process.
  std::string identity_path() const { return PathOf(identity_); }
  std::string client_ca_path() const { return PathOf(client_ca_); }

  // Reads the files again when it is time. When they make no sense, the copies
  // stay, and that is logged once for each change.
  void RefreshIfDue();

 private:
  struct Contents {
    // The certificate with its chain, then the key.
    std::string identity;
    std::string client_ca;
    bool operator==(const Contents& other) const = default;
  };

  explicit TlsFiles(const config::v1::TlsConfig& config);
  static std::string PathOf(const gofer::base::UniqueFd& fd);
  absl::StatusOr<Contents> Read() const;
  // Replaces the copies.
  absl::Status Put(const Contents& contents);

  const config::v1::TlsConfig config_;
  const std::chrono::nanoseconds interval_;
  std::chrono::steady_clock::time_point next_;
  Contents in_force_;
  // The last failure that was logged; empty when the files made sense.
  std::string complaint_;
  gofer::base::UniqueFd identity_;
  gofer::base::UniqueFd client_ca_;
};

}  // namespace goferd::daemon

#endif  // GOFERD_CONTROLPLANE_DAEMON_TLS_FILES_H_
