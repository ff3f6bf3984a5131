// Prints the rates of the package's product of 1000 x 1000 matrices on one thread, double and
// single, in GFLOP/s: the kernel alone, without R and without copies. Other load on the machine
// does not count, so that it can't make others look fast. run.R compiles it.
#include <algorithm>
#include <cstdio>
#include <ctime>

#include "../src/core/panels.h"
#include "../src/simd/instruction_sets.h"

using namespace backprop;

template <class T> double rate() {
  constexpr std::size_t size = 1000;
  const std::size_t panels = panels_for<T>(size);
  Buffer<T> left(panel_at<T>(panels, size)), right(size * size), start(size),
      result(panel_at<T>(panels, size));
  std::fill_n(left.data(), left.size(), T(1));
  std::fill_n(right.data(), right.size(), T(1));
  Weights<T> weights{};
  weights.numbers = right.data();
  weights.unit_stride = size;
  weights.step_stride = 1;
  double least = 1e300;
  for (int round = 0; round < 20; ++round) {
    const std::clock_t begin = std::clock();
    kernels<T>().product(panels, size, size, left.data(), weights, start.data(), result.data());
    least = std::min(least, static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
    if (result.data()[0] != T(size)) return 0;
  }
  return 2e-9 * size * size * size / least;
}

int main() {
  choose_instruction_set(nullptr);
  std::printf("%.17g %.17g\n", rate<double>(), rate<float>());
}
