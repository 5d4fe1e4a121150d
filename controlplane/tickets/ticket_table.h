// TicketTable: the tickets that are good, each once.

#ifndef GOFERD_CONTROLPLANE_TICKETS_TICKET_TABLE_H_
#define GOFERD_CONTROLPLANE_TICKETS_TICKET_TABLE_H_

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "controlplane/tickets/attach_claim.h"
#include "controlplane/tickets/connection_socket.h"
#include "goferd/admin/v1/connection.pb.h"
#include "goferd/admin/v1/peer.pb.h"
#include "server/base/mutex.h"
#include "server/uds/peer_credentials.h"

namespace goferd::tickets {

namespace admin = goferd::admin::v1;

// The length of a ticket, in bytes.
inline constexpr size_t kTicketBytes = 16;

// Keeps what tickets are good for, by the SHA-256 of the ticket: the ticket
// itself is known to its holder only. Owns the sockets of those for LISTEN.
// Thread-safe; calls nothing with its lock held.
class TicketTable {
 public:
  using Peer = admin::Peer;

  explicit TicketTable(size_t capacity) : capacity_(capacity) {}

  // A new ticket for `claim`, good until `expire`, for `peer` if given. Errors:
  // TICKET_LIMIT.
  absl::StatusOr<std::string> Issue(const AttachClaim& claim,
                                    admin::AttachMode mode,
                                    const std::optional<Peer>& peer,
                                    absl::Time expire);
  // A ticket that an earlier run of goferd issued, by its hash. False, and it
  // is not good, when that is no hash or is taken, or the table is full.
  bool Restore(const std::string& sha256, const AttachClaim& claim,
               admin::AttachMode mode, const std::optional<Peer>& peer,
               absl::Time expire);
  // The socket of the ticket with that hash goes with the ticket: at once when
  // the ticket is void already.
  void Keep(const std::string& sha256,
            std::unique_ptr<ConnectionSocket> socket);
  // The hashes of those for LISTEN that have no socket.
  std::vector<std::string> WithoutSocket() const;
  // Uses up all of `tickets`, or none. Errors: TICKET_INVALID when one is
  // unknown, used, expired, of another mode or named twice: which, is not said.
  // PEER_MISMATCH when all are good, but not for `peer`.
  absl::StatusOr<std::vector<AttachClaim>> Claim(
      const std::vector<std::string>& tickets,
      const gofer::uds::PeerCredentials& peer, admin::AttachMode mode,
      absl::Time now);

  // As Claim, without using anything up.
  absl::Status Check(const std::vector<std::string>& tickets,
                     const gofer::uds::PeerCredentials& peer,
                     admin::AttachMode mode, absl::Time now) const;

  // Makes the tickets of a connection, or of a server, void.
  void Revoke(absl::string_view connection_uid);
  void RevokeServer(absl::string_view server_id);
  // Removes those that have run out.
  std::vector<AttachClaim> TakeExpired(absl::Time now);

  size_t size() const;

  // 32 bytes.
  static std::string HashOf(absl::string_view ticket);

 private:
  struct Entry {
    AttachClaim claim;
    admin::AttachMode mode;
    std::optional<Peer> peer;
    absl::Time expire;
    // Of LISTEN only.
    std::unique_ptr<ConnectionSocket> socket;
  };
  using Entries = std::map<std::string, Entry>;

  // Takes out what is void; the caller lets it go.
  Entries Remove(absl::FunctionRef<bool(const Entry&)> is_void);

  absl::Status CheckLocked(const std::vector<std::string>& tickets,
                           const gofer::uds::PeerCredentials& peer,
                           admin::AttachMode mode, absl::Time now) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const size_t capacity_;
  mutable gofer::base::Mutex mu_;
  // By hash. A look-up tells at most something of the hash of a guess, which is
  // of no use without the ticket.
  Entries entries_ ABSL_GUARDED_BY(mu_);
};

}  // namespace goferd::tickets

#endif  // GOFERD_CONTROLPLANE_TICKETS_TICKET_TABLE_H_
