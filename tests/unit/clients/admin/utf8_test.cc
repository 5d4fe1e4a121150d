#include "clients/admin/utf8.h"

#include <gtest/gtest.h>

#include "goferd/admin/v1/server_service.pb.h"

namespace goferd::client {
namespace {

TEST(Utf8Test, KnowsCharacters) {
  for (const char* const text :
       {"", "plain", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80"}) {
    EXPECT_TRUE(IsUtf8(text)) << text;
    EXPECT_EQ(EscapeBytes(text), text);
  }
  for (const char* const bytes : {"a\xff", "\xc3", "\xc0\xaf", "\xe0\x80\x80",
                                  "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80"}) {
    EXPECT_FALSE(IsUtf8(bytes)) << EscapeBytes(bytes);
  }
}

TEST(Utf8Test, EscapesNothingButBadBytes) {
  EXPECT_EQ(EscapeBytes("a\xff\xc3\xa4\\"), "a\\xff\xc3\xa4\\");
  EXPECT_EQ(EscapeBytes("\xe2\x82"), "\\xe2\\x82");
}

std::string FaultOf(const admin::v1::CreateServerRequest& request) {
  return std::string(CheckTexts(request).message());
}

TEST(Utf8Test, NamesTheFieldOfARequest) {
  admin::v1::CreateServerRequest request;
  request.set_server_id("a");
  request.mutable_server()->set_root("/srv");
  EXPECT_TRUE(CheckTexts(request).ok());
  request.mutable_server()->set_root("/srv/\xff");
  EXPECT_EQ(FaultOf(request),
            "server.root must be UTF-8: \"/srv/\\xff\" is not");
  request.mutable_server()->set_root("/srv");
  (*request.mutable_server()->mutable_labels())["k"] = "\xff";
  EXPECT_EQ(FaultOf(request).find("server.labels.value must be UTF-8"), 0u);
}

}  // namespace
}  // namespace goferd::client
