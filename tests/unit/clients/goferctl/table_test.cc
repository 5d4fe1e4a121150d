#include "clients/goferctl/table.h"

#include <gtest/gtest.h>

#include <sstream>

namespace goferctl {
namespace {

TEST(TableTest, LinesColumnsUp) {
  Table table({"NAME", "STATE", "X"}, Table::Header::kShow);
  table.AddRow({"web", "active", "1"});
  table.AddRow({"a-long-name", "", "22"});
  std::ostringstream out;
  table.Print(out);
  EXPECT_EQ(out.str(),
            "NAME         STATE   X\n"
            "web          active  1\n"
            "a-long-name  -       22\n");
}

TEST(TableTest, PrintsTheHeaderOnceAndWidensOnly) {
  Table table({"A", "B"}, Table::Header::kShow);
  std::ostringstream out;
  table.Print(out);
  table.AddRow({"long", "x"});
  table.Print(out);
  table.AddRow({"s", "y"});
  table.Print(out);
  EXPECT_EQ(out.str(), "A  B\nlong  x\ns     y\n");
}

TEST(TableTest, HidesTheHeaderAndControlCharacters) {
  Table table({"A", "B"}, Table::Header::kHide);
  table.AddRow({"x\n\x1b[31m", "\xc3\xa4"});
  table.AddRow({"\xc3\xa4\xc3\xa4", "z"});
  std::ostringstream out;
  table.Print(out);
  EXPECT_EQ(out.str(), "x??[31m  \xc3\xa4\n\xc3\xa4\xc3\xa4       z\n");
}

}  // namespace
}  // namespace goferctl
