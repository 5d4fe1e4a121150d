#include "controlplane/config/text_file.h"

#include <fcntl.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>
#include <sys/stat.h>

#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/base/unique_fd.h"

namespace goferd::config {
namespace {

constexpr size_t kMaxFaults = 20;

class FaultCollector : public google::protobuf::io::ErrorCollector {
 public:
  explicit FaultCollector(absl::string_view name) : name_(name) {}

  void AddError(int line, google::protobuf::io::ColumnNumber column,
                const std::string& text) override {
    if (faults_.size() == kMaxFaults) return;
    faults_.push_back(
        absl::StrCat(name_, ":", line + 1, ":", column + 1, ": ", text));
  }
  std::string ToString() const { return absl::StrJoin(faults_, "\n"); }

 private:
  const std::string name_;
  std::vector<std::string> faults_;
};

absl::Status CannotRead(const std::string& path, int error) {
  return absl::FailedPreconditionError(
      absl::StrCat(path, ": cannot be read: ", std::strerror(error)));
}

absl::Status ReadAll(const std::string& path, std::string& text) {
  // O_NONBLOCK: a FIFO must not hold us up.
  const gofer::base::UniqueFd fd(
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return CannotRead(path, errno);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return CannotRead(path, errno);
  if (!S_ISREG(info.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": is not a regular file"));
  }
  char buffer[16384];
  for (;;) {
    const ssize_t n = ::read(fd.get(), buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return CannotRead(path, errno);
    if (n == 0) return absl::OkStatus();
    text.append(buffer, static_cast<size_t>(n));
    if (text.size() > kMaxTextFileBytes) {
      return absl::FailedPreconditionError(
          absl::StrCat(path, ": is longer than ", kMaxTextFileBytes, " bytes"));
    }
  }
}

}  // namespace

absl::Status ReadTextFile(const std::string& path,
                          google::protobuf::Message& message) {
  std::string text;
  if (auto status = ReadAll(path, text); !status.ok()) return status;
  return ParseText(path, text, message);
}

absl::Status ParseText(absl::string_view name, const std::string& text,
                       google::protobuf::Message& message) {
  FaultCollector faults(name);
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&faults);
  parser.SetRecursionLimit(32);
  if (parser.ParseFromString(text, &message)) return absl::OkStatus();
  return absl::InvalidArgumentError(faults.ToString());
}

std::string ToText(const google::protobuf::Message& message) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(message, &text);
  return text;
}

}  // namespace goferd::config
