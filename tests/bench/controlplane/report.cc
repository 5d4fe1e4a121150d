#include "tests/bench/controlplane/report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "absl/strings/str_format.h"

namespace goferd::bench {

double Quantile(std::vector<double> samples, double part) {
  std::sort(samples.begin(), samples.end());
  const double place = part * static_cast<double>(samples.size() - 1);
  return samples[static_cast<size_t>(std::lround(place))];
}

bool Figure::Holds() const {
  if (!limit) return true;
  return at_least ? value >= *limit : value <= *limit;
}

void Print(const Figure& figure) {
  std::string limit;
  if (figure.limit) {
    limit = absl::StrFormat("  %s %g%s",
                            figure.at_least ? ">=" : "<=", *figure.limit,
                            figure.Holds() ? "" : "  MISSED");
  }
  absl::PrintF("%-28s %12.3f %-4s%s\n", figure.name, figure.value, figure.unit,
               limit);
  std::fflush(stdout);
}

}  // namespace goferd::bench
