#include "clients/goferctl/table.h"

#include <algorithm>
#include <ostream>
#include <utility>

#include "clients/admin/utf8.h"

namespace goferctl {
namespace {

constexpr size_t kGap = 2;

// Counts code points, which comes near enough to columns of a terminal.
size_t WidthOf(const std::string& text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

std::string Printable(std::string text) {
  text = goferd::client::EscapeBytes(text);
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = '?';
  }
  return text;
}

Table::Table(std::vector<std::string> columns, Header header)
    : columns_(std::move(columns)),
      header_due_(header == Header::kShow),
      widths_(columns_.size(), 0) {
  if (header_due_) Widen(columns_);
}

void Table::AddRow(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  for (std::string& cell : cells) {
    cell = cell.empty() ? "-" : Printable(std::move(cell));
  }
  Widen(cells);
  rows_.push_back(std::move(cells));
}

void Table::Print(std::ostream& out) {
  if (std::exchange(header_due_, false)) PrintRow(out, columns_);
  for (const auto& row : rows_) PrintRow(out, row);
  rows_.clear();
  out.flush();
}

void Table::Widen(const std::vector<std::string>& cells) {
  for (size_t i = 0; i < cells.size(); ++i) {
    widths_[i] = std::max(widths_[i], WidthOf(cells[i]));
  }
}

void Table::PrintRow(std::ostream& out,
                     const std::vector<std::string>& cells) const {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    line += cells[i];
    if (i + 1 == cells.size()) break;
    line.append(widths_[i] - WidthOf(cells[i]) + kGap, ' ');
  }
  out << line << '\n';
}

}  // namespace goferctl
