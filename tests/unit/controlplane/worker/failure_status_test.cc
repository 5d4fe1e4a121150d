#include <gtest/gtest.h>

#include <cerrno>
#include <map>
#include <string>

#include "controlplane/errors/error.h"
#include "controlplane/worker/gofer_client.h"
#include "google/rpc/error_details.pb.h"

namespace goferd::worker {
namespace {

using errors::Reason;
using wire::Failure;

std::map<std::string, std::string> MetadataOf(const absl::Status& status) {
  google::rpc::ErrorInfo info;
  const auto payload =
      status.GetPayload("type.googleapis.com/google.rpc.ErrorInfo");
  EXPECT_TRUE(payload && info.ParseFromString(std::string(*payload)));
  return {info.metadata().begin(), info.metadata().end()};
}

Failure Make(Failure::Code code) {
  Failure failure;
  failure.set_code(code);
  failure.set_step("some-step");
  failure.set_text("some text");
  return failure;
}

TEST(ToStatusTest, EveryCodeHasAReason) {
  const std::map<Failure::Code, Reason> expected = {
      {Failure::CODE_UNSPECIFIED, Reason::INTERNAL_FAULT},
      {Failure::HOST_ERROR, Reason::INTERNAL_FAULT},  // It has no errno.
      {Failure::MALFORMED, Reason::INTERNAL_FAULT},
      {Failure::NOT_FOUND, Reason::CONNECTION_NOT_FOUND},
      {Failure::ALREADY_EXISTS, Reason::CONNECTION_ALREADY_EXISTS},
      {Failure::WRONG_STATE, Reason::OPERATION_PENDING},
      {Failure::DRAINING, Reason::SERVER_DRAINING},
      {Failure::CONNECTION_LIMIT, Reason::CONNECTION_LIMIT},
      {Failure::FD_LIMIT, Reason::FD_LIMIT},
      {Failure::UNKNOWN_MID, Reason::UNKNOWN_MID},
      {Failure::UNKNOWN_IMPLEMENTATION, Reason::FIELD_INVALID},
      {Failure::KERNEL_FEATURE_MISSING, Reason::KERNEL_FEATURE_MISSING},
      {Failure::UNSUPPORTED, Reason::GOFER_CAPABILITY_MISSING},
      {Failure::INCOMPATIBLE, Reason::GOFER_CAPABILITY_MISSING},
  };
  for (int code = 0; code < Failure::Code_ARRAYSIZE; ++code) {
    const auto key = static_cast<Failure::Code>(code);
    ASSERT_TRUE(expected.contains(key)) << code;
    EXPECT_EQ(errors::ReasonOf(ToStatus(Make(key))), expected.at(key)) << code;
  }
}

TEST(ToStatusTest, ACapabilityThatAnOlderGoferDoesNotNameIsOther) {
  Failure failure = Make(Failure::UNSUPPORTED);
  failure.clear_step();
  EXPECT_EQ(MetadataOf(ToStatus(failure)).at("capability"), "other");
}

TEST(ToStatusTest, HostErrorsHaveErrnoAndStep) {
  Failure failure = Make(Failure::HOST_ERROR);
  failure.set_error_number(ENOENT);
  const absl::Status status = ToStatus(failure);
  EXPECT_EQ(errors::ReasonOf(status), Reason::PATH_NOT_FOUND);
  EXPECT_EQ(MetadataOf(status).at("errno"), "ENOENT");
  EXPECT_EQ(MetadataOf(status).at("step"), "some-step");
}

TEST(ToStatusTest, ImpossibleErrnosAreInternalFaults) {
  for (const int number : {-1, 0, 4096, 1 << 30}) {
    Failure failure = Make(Failure::HOST_ERROR);
    failure.set_error_number(number);
    EXPECT_EQ(errors::ReasonOf(ToStatus(failure)), Reason::INTERNAL_FAULT);
  }
}

TEST(ToStatusTest, NamesTheMissingFeature) {
  EXPECT_EQ(
      MetadataOf(ToStatus(Make(Failure::KERNEL_FEATURE_MISSING))).at("feature"),
      "some-step");
}

TEST(ToStatusTest, CutsAGofersTextAndMakesItPrintable) {
  Failure failure = Make(Failure::MALFORMED);
  failure.set_text("a\nb\x1b" + std::string(5000, 'x'));
  const absl::Status status = ToStatus(failure);
  EXPECT_EQ(status.message().size(), 1024u);
  EXPECT_EQ(std::string(status.message().substr(0, 5)), "a?b?x");
}

}  // namespace
}  // namespace goferd::worker
