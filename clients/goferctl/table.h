// Table: rows of text in columns that line up.

#ifndef GOFERD_CLIENTS_GOFERCTL_TABLE_H_
#define GOFERD_CLIENTS_GOFERCTL_TABLE_H_

#include <cstddef>
#include <iosfwd>
#include <string>
#include <vector>

namespace goferctl {

// The text with "?" for control characters, which labels, names and the texts
// of a server may have, and with "\xff" for bytes that are no UTF-8. A terminal
// would obey them.
std::string Printable(std::string text);

// Rows are kept until Print, which may be called again for further rows: the
// columns only grow wider then. Not thread-safe.
class Table {
 public:
  enum class Header { kShow, kHide };

  Table(std::vector<std::string> columns, Header header);

  // `cells`: one for each column. An empty cell is shown as "-"; every cell is
  // made Printable.
  void AddRow(std::vector<std::string> cells);
  // Prints the header, once and even if there is no row, and the rows that were
  // added since the last call.
  void Print(std::ostream& out);

 private:
  void Widen(const std::vector<std::string>& cells);
  void PrintRow(std::ostream& out, const std::vector<std::string>& cells) const;

  const std::vector<std::string> columns_;
  bool header_due_;
  std::vector<size_t> widths_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_TABLE_H_
