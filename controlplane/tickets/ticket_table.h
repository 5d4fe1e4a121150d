// TicketTable: the tickets that are good; each can be used once.

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

// Keeps each ticket's claim by the SHA-256 of the ticket: only its holder knows
// the ticket itself. Owns the sockets of tickets for LISTEN. Thread-safe; calls
// nothing with its lock held.
class TicketTable {
 public:
  using Peer = admin::Peer;

  explicit TicketTable(size_t capacity) : capacity_(capacity) {}

  // Makes a new ticket for `claim`, good until `expire`, and only for `peer` if
  // one is given. Errors: TICKET_LIMIT.
  absl::StatusOr<std::string> Issue(const AttachClaim& claim,
                                    admin::AttachMode mode,
                                    const std::optional<Peer>& peer,
                                    absl::Time expire);
  // Makes a ticket good again that an earlier run of goferd issued. Returns
  // false, and the ticket stays void, when `sha256` is no hash or is taken, or
  // the table is full.
  bool Restore(const std::string& sha256, const AttachClaim& claim,
               admin::AttachMode mode, const std::optional<Peer>& peer,
               absl::Time expire);
  // Gives the ticket with that hash its socket, which is destroyed with the
  // ticket: at once when the ticket is void already.
  void Keep(const std::string& sha256,
            std::unique_ptr<ConnectionSocket> socket);
  // The hashes of tickets for LISTEN that have no socket.
  std::vector<std::string> WithoutSocket() const;
  // Uses up all of `tickets`, or none. Errors: TICKET_INVALID when a ticket is
  // unknown, used, expired, of another mode or named twice; it does not say
  // which, since that would help a guesser. PEER_MISMATCH when all tickets are
  // good, but not for `peer`.
  absl::StatusOr<std::vector<AttachClaim>> Claim(
      const std::vector<std::string>& tickets,
      const gofer::uds::PeerCredentials& peer, admin::AttachMode mode,
      absl::Time now);

  // Checks as Claim does, without using tickets up.
  absl::Status Check(const std::vector<std::string>& tickets,
                     const gofer::uds::PeerCredentials& peer,
                     admin::AttachMode mode, absl::Time now) const;

  // Makes the tickets of a connection, or of a server, void.
  void Revoke(absl::string_view connection_uid);
  void RevokeServer(absl::string_view server_id);
  // Removes tickets that have run out, and returns their claims.
  std::vector<AttachClaim> TakeExpired(absl::Time now);

  size_t size() const;

  // The SHA-256 of a ticket, which has 32 bytes.
  static std::string HashOf(absl::string_view ticket);

 private:
  struct Entry {
    AttachClaim claim;
    admin::AttachMode mode;
    std::optional<Peer> peer;
    absl::Time expire;
    // Only a ticket for LISTEN has a socket.
    std::unique_ptr<ConnectionSocket> socket;
  };
  using Entries = std::map<std::string, Entry>;

  // Takes void entries out; the caller destroys them without the lock.
  Entries Remove(absl::FunctionRef<bool(const Entry&)> is_void);

  absl::Status CheckLocked(const std::vector<std::string>& tickets,
                           const gofer::uds::PeerCredentials& peer,
                           admin::AttachMode mode, absl::Time now) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const size_t capacity_;
  mutable gofer::base::Mutex mu_;
  // Entries by hash. The time of a look-up may tell something about the hash of
  // a guess, which is of no use without the ticket.
  Entries entries_ ABSL_GUARDED_BY(mu_);
};

}  // namespace goferd::tickets

#endif  // GOFERD_CONTROLPLANE_TICKETS_TICKET_TABLE_H_
