// Report: the figures of a run, and the limits they are held against.

#ifndef GOFERD_TESTS_BENCH_CONTROLPLANE_REPORT_H_
#define GOFERD_TESTS_BENCH_CONTROLPLANE_REPORT_H_

#include <optional>
#include <string>
#include <vector>

namespace goferd::bench {

// Not empty; 0 <= part <= 1.
double Quantile(std::vector<double> samples, double part);
inline double Median(std::vector<double> samples) {
  return Quantile(std::move(samples), 0.5);
}

struct Figure {
  std::string name;
  double value = 0;
  std::string unit;
  // The most it may be; with `at_least` the least.
  std::optional<double> limit;
  bool at_least = false;

  bool Holds() const;
};

// Writes a line to standard output at once.
void Print(const Figure& figure);

}  // namespace goferd::bench

#endif  // GOFERD_TESTS_BENCH_CONTROLPLANE_REPORT_H_
