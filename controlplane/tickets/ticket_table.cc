#include "controlplane/tickets/ticket_table.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <sys/random.h>

#include <iterator>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "server/base/check.h"

namespace goferd::tickets {
namespace {

using gofer::base::MutexLock;

constexpr int kRetryMs = 5000;

std::string NewTicket() {
  std::string ticket(kTicketBytes, '\0');
  GOFER_CHECK(::getrandom(ticket.data(), ticket.size(), 0) ==
              static_cast<ssize_t>(ticket.size()));
  return ticket;
}

bool IsExpected(const std::optional<admin::Peer>& expected,
                const gofer::uds::PeerCredentials& peer) {
  if (!expected) return true;
  return (!expected->has_uid() || expected->uid() == peer.uid) &&
         (!expected->has_gid() || expected->gid() == peer.gid) &&
         (!expected->has_pid() || expected->pid() == peer.pid);
}

absl::Status Invalid() {
  return errors::Error(
      errors::Reason::TICKET_INVALID,
      "the ticket is unknown, used or expired, or another mode's: start "
      "the connection again");
}

}  // namespace

std::string TicketTable::HashOf(absl::string_view ticket) {
  std::string hash(SHA256_DIGEST_LENGTH, '\0');
  ::SHA256(reinterpret_cast<const unsigned char*>(ticket.data()), ticket.size(),
           reinterpret_cast<unsigned char*>(hash.data()));
  return hash;
}

absl::StatusOr<std::string> TicketTable::Issue(const AttachClaim& claim,
                                               admin::AttachMode mode,
                                               const std::optional<Peer>& peer,
                                               absl::Time expire) {
  const std::string ticket = NewTicket();
  MutexLock lock(mu_);
  if (entries_.size() >= capacity_) {
    return errors::ErrorWithRetry(
        errors::Reason::TICKET_LIMIT,
        absl::StrCat(
            entries_.size(),
            " tickets are unused, as many as attach.max_pending_tickets "
            "allows: use them, or wait until they expire"),
        kRetryMs,
        {{"limit", absl::StrCat(capacity_)},
         {"used", absl::StrCat(entries_.size())}});
  }
  entries_.emplace(HashOf(ticket), Entry{claim, mode, peer, expire, nullptr});
  return ticket;
}

bool TicketTable::Restore(const std::string& sha256, const AttachClaim& claim,
                          admin::AttachMode mode,
                          const std::optional<Peer>& peer, absl::Time expire) {
  if (sha256.size() != SHA256_DIGEST_LENGTH) return false;
  MutexLock lock(mu_);
  if (entries_.size() >= capacity_) return false;
  return entries_.emplace(sha256, Entry{claim, mode, peer, expire, nullptr})
      .second;
}

void TicketTable::Keep(const std::string& sha256,
                       std::unique_ptr<ConnectionSocket> socket) {
  // This is declared before the lock: a socket is destroyed without it.
  std::unique_ptr<ConnectionSocket> kept = std::move(socket);
  MutexLock lock(mu_);
  const auto found = entries_.find(sha256);
  if (found != entries_.end()) found->second.socket.swap(kept);
}

std::vector<std::string> TicketTable::WithoutSocket() const {
  MutexLock lock(mu_);
  std::vector<std::string> hashes;
  for (const auto& [hash, entry] : entries_) {
    if (entry.mode == admin::ATTACH_MODE_LISTEN && entry.socket == nullptr) {
      hashes.push_back(hash);
    }
  }
  return hashes;
}

absl::Status TicketTable::CheckLocked(const std::vector<std::string>& tickets,
                                      const gofer::uds::PeerCredentials& peer,
                                      admin::AttachMode mode,
                                      absl::Time now) const {
  std::set<std::string> hashes;
  for (const std::string& ticket : tickets) hashes.insert(HashOf(ticket));
  if (hashes.size() != tickets.size()) return Invalid();
  bool expected = true;
  for (const std::string& hash : hashes) {
    const auto found = entries_.find(hash);
    if (found == entries_.end() || found->second.expire <= now ||
        found->second.mode != mode) {
      return Invalid();
    }
    expected = expected && IsExpected(found->second.peer, peer);
  }
  if (expected) return absl::OkStatus();
  return errors::Error(errors::Reason::PEER_MISMATCH,
                       "the ticket is for another process, user or group");
}

absl::Status TicketTable::Check(const std::vector<std::string>& tickets,
                                const gofer::uds::PeerCredentials& peer,
                                admin::AttachMode mode, absl::Time now) const {
  MutexLock lock(mu_);
  return CheckLocked(tickets, peer, mode, now);
}

absl::StatusOr<std::vector<AttachClaim>> TicketTable::Claim(
    const std::vector<std::string>& tickets,
    const gofer::uds::PeerCredentials& peer, admin::AttachMode mode,
    absl::Time now) {
  std::vector<std::unique_ptr<ConnectionSocket>> sockets;
  MutexLock lock(mu_);
  if (absl::Status good = CheckLocked(tickets, peer, mode, now); !good.ok()) {
    return good;
  }
  std::vector<AttachClaim> claims;
  for (const std::string& ticket : tickets) {
    const auto found = entries_.find(HashOf(ticket));
    claims.push_back(std::move(found->second.claim));
    sockets.push_back(std::move(found->second.socket));
    entries_.erase(found);
  }
  return claims;
}

TicketTable::Entries TicketTable::Remove(
    absl::FunctionRef<bool(const Entry&)> is_void) {
  Entries removed;
  MutexLock lock(mu_);
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto next = std::next(entry);
    if (is_void(entry->second)) removed.insert(entries_.extract(entry));
    entry = next;
  }
  return removed;
}

void TicketTable::Revoke(absl::string_view connection_uid) {
  Remove([&](const Entry& entry) {
    return connection_uid == absl::string_view(entry.claim.connection_uid);
  });
}

void TicketTable::RevokeServer(absl::string_view server_id) {
  Remove([&](const Entry& entry) {
    return server_id == absl::string_view(entry.claim.server_id);
  });
}

std::vector<AttachClaim> TicketTable::TakeExpired(absl::Time now) {
  std::vector<AttachClaim> expired;
  for (auto& [hash, entry] :
       Remove([&](const Entry& one) { return one.expire <= now; })) {
    expired.push_back(std::move(entry.claim));
  }
  return expired;
}

size_t TicketTable::size() const {
  MutexLock lock(mu_);
  return entries_.size();
}

}  // namespace goferd::tickets
