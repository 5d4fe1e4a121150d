#include "controlplane/daemon/tls_files.h"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/log.h"
#include "server/base/syscall.h"

namespace goferd::daemon {
namespace {

using gofer::base::UniqueFd;

constexpr size_t kMostBytes = size_t{1} << 20;

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

absl::Status Bad(const std::string& path, absl::string_view why) {
  ERR_clear_error();
  return absl::FailedPreconditionError(absl::StrCat(path, ": ", why));
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) {
    return Bad(path, absl::StrCat("cannot be read: ", std::strerror(errno)));
  }
  struct stat stat = {};
  if (::fstat(file.get(), &stat) != 0 || !S_ISREG(stat.st_mode)) {
    return Bad(path, "is no regular file");
  }
  std::string text;
  std::array<char, 16384> block;
  for (;;) {
    const auto got = gofer::base::Syscall(
        [&] { return ::read(file.get(), block.data(), block.size()); });
    if (!got.ok()) {
      return Bad(path, absl::StrCat("cannot be read: ",
                                    std::strerror(got.error().number())));
    }
    if (*got == 0) break;
    text.append(block.data(), static_cast<size_t>(*got));
    if (text.size() > kMostBytes) return Bad(path, "is too long");
  }
  if (text.empty()) return Bad(path, "is empty");
  if (text.back() != '\n') text += '\n';
  return text;
}

Owned<BIO> BioOf(const std::string& text) {
  return Owned<BIO>(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// A key with a password is refused: nobody is there to be asked.
int RefusePassword(char*, int, int, void*) { return 0; }

Owned<X509> CertificateIn(const std::string& text) {
  return Owned<X509>(
      PEM_read_bio_X509(BioOf(text).get(), nullptr, &RefusePassword, nullptr));
}

Owned<EVP_PKEY> KeyIn(const std::string& text) {
  return Owned<EVP_PKEY>(PEM_read_bio_PrivateKey(BioOf(text).get(), nullptr,
                                                 &RefusePassword, nullptr));
}

absl::StatusOr<UniqueFd> MakeCopy(const std::string& text) {
  UniqueFd copy(::memfd_create("goferd-tls", MFD_CLOEXEC));
  if (!copy) return absl::ErrnoToStatus(errno, "memfd_create");
  for (size_t at = 0; at < text.size();) {
    const auto written = gofer::base::Syscall([&] {
      return ::write(copy.get(), text.data() + at, text.size() - at);
    });
    if (!written.ok()) {
      return absl::ErrnoToStatus(written.error().number(), "memfd: write");
    }
    at += static_cast<size_t>(*written);
  }
  return copy;
}

// The number of `fd` stays: its path leads to the new file at once, and whoever
// reads the former goes on with it.
absl::Status Replace(UniqueFd copy, UniqueFd& fd) {
  if (!fd) {
    fd = std::move(copy);
  } else if (::dup3(copy.get(), fd.get(), O_CLOEXEC) < 0) {
    return absl::ErrnoToStatus(errno, "dup3");
  }
  return absl::OkStatus();
}

}  // namespace

TlsFiles::TlsFiles(const config::v1::TlsConfig& config)
    : config_(config),
      interval_(std::chrono::seconds(
          std::max<int64_t>(config.refresh_interval().seconds(), 1))),
      next_(std::chrono::steady_clock::now() + interval_) {}

std::string TlsFiles::PathOf(const UniqueFd& fd) {
  return absl::StrCat("/proc/self/fd/", fd.get());
}

absl::StatusOr<std::unique_ptr<TlsFiles>> TlsFiles::Open(
    const config::v1::TlsConfig& config) {
  std::unique_ptr<TlsFiles> made(new TlsFiles(config));
  const auto contents = made->Read();
  if (!contents.ok()) return contents.status();
  if (absl::Status put = made->Put(*contents); !put.ok()) return put;
  return made;
}

absl::StatusOr<TlsFiles::Contents> TlsFiles::Read() const {
  const auto certificate = ReadFile(config_.certificate_file());
  if (!certificate.ok()) return certificate.status();
  const auto key = ReadFile(config_.private_key_file());
  if (!key.ok()) return key.status();
  const auto client_ca = ReadFile(config_.client_ca_file());
  if (!client_ca.ok()) return client_ca.status();
  const Owned<X509> leaf = CertificateIn(*certificate);
  if (leaf == nullptr) {
    return Bad(config_.certificate_file(), "has no certificate in PEM");
  }
  const Owned<EVP_PKEY> private_key = KeyIn(*key);
  if (private_key == nullptr) {
    return Bad(config_.private_key_file(),
               "has no private key in PEM, or one with a password");
  }
  if (X509_check_private_key(leaf.get(), private_key.get()) != 1) {
    return Bad(config_.private_key_file(),
               absl::StrCat("is not the key of the certificate in ",
                            config_.certificate_file()));
  }
  if (CertificateIn(*client_ca) == nullptr) {
    return Bad(config_.client_ca_file(), "has no certificate in PEM");
  }
  return Contents{absl::StrCat(*certificate, *key), *client_ca};
}

absl::Status TlsFiles::Put(const Contents& contents) {
  auto identity = MakeCopy(contents.identity);
  if (!identity.ok()) return identity.status();
  auto client_ca = MakeCopy(contents.client_ca);
  if (!client_ca.ok()) return client_ca.status();
  absl::Status put = Replace(*std::move(identity), identity_);
  if (put.ok()) put = Replace(*std::move(client_ca), client_ca_);
  if (put.ok()) in_force_ = contents;
  return put;
}

void TlsFiles::RefreshIfDue() {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return;
  next_ = now + interval_;
  const auto contents = Read();
  absl::Status failure = contents.status();
  if (failure.ok() && *contents != in_force_) failure = Put(*contents);
  const std::string complaint(failure.message());
  if (!failure.ok() && complaint != complaint_) {
    gofer::base::Log().error(
        "{}; the certificates before stay in force until it is put right",
        complaint);
  } else if (failure.ok() && !complaint_.empty()) {
    gofer::base::Log().info("the certificates make sense again: {}",
                            config_.certificate_file());
  }
  complaint_ = complaint;
}

}  // namespace goferd::daemon
