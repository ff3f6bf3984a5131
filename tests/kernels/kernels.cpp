// Tests the kernels of all instruction sets of this processor without R, so that they can also be
// compiled for other processors and run under an emulator: each kernel against the plain loop, the
// functions against the C library in a wider format, and training for bit-identical results over
// numbers of threads, chunks, and the code for small networks.
//
// Prints a line for each failure and the number of checks; the exit status is 1 if there are
// failures. Compile with -ffp-contract=off.
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "../../src/core/least_squares.h"
#include "../../src/core/panels.h"
#include "../../src/core/rows.h"
#include "../../src/core/stored_file.h"
#include "../../src/core/tables.h"
#include "../../src/core/team.h"
#include "../../src/core/train.h"
#include "../../src/planted.h"
#include "../../src/simd/instruction_sets.h"

using namespace backprop;

namespace {

int checks = 0, failures = 0;
const InstructionSet* set = nullptr;

template <class T> const char* precision() { return sizeof(T) == 8 ? "double" : "single"; }

void check(bool right, const std::string& what, double detail) {
  ++checks;
  if (right) return;
  ++failures;
  std::printf("FAILED %s: %s (%g)\n", set->name, what.c_str(), detail);
}

// Does the set have a fused multiply-add?
bool is_fused() {
#if defined(__aarch64__)
  return true;
#else
  return std::strcmp(set->name, "baseline") != 0;
#endif
}
// The processor's instruction, because std::fma() of some C libraries rounds twice.
#if BACKPROP_HAS_X86_SETS
__attribute__((target("fma"))) double fused(double a, double b, double c) {
  return __builtin_fma(a, b, c);
}
__attribute__((target("fma"))) float fused(float a, float b, float c) {
  return __builtin_fmaf(a, b, c);
}
#else
template <class T> T fused(T a, T b, T c) { return std::fma(a, b, c); }
#endif
template <class T> T multiply_add(T a, T b, T c) { return is_fused() ? fused(a, b, c) : a * b + c; }

std::mt19937_64 generator(1);
template <class T> T draw(double low = -1, double high = 1) {
  return static_cast<T>(std::uniform_real_distribution<double>(low, high)(generator));
}

// Rows of numbers, and the same in panels.
template <class T> struct Matrix {
  std::size_t rows, units;
  std::vector<T> numbers;
  Buffer<T> panels;
  Matrix(std::size_t rows, std::size_t units)
      : rows(rows),
        units(units),
        numbers(rows * units),
        panels(panel_at<T>(panels_for<T>(rows), units)) {
    for (T& x : numbers) x = draw<T>();
    rows_to_panels<T>(
        rows, units, [&](std::size_t r) { return numbers.data() + r * units; }, panels.data());
  }
  T at(std::size_t r, std::size_t u) const { return numbers[r * units + u]; }
};

template <class T> void test_products(const Kernels<T>& kernels) {
  for (std::size_t rows : {1, 7, 16, 33, 100})
    for (std::size_t depth : {1, 5, 64, 300})
      for (std::size_t units : {1, 2, 3, 6, 8, 23, 31}) {
        const Matrix<T> left(rows, depth), weights(units, depth), start(1, units);
        const std::size_t panels = panels_for<T>(rows);
        Buffer<T> packed(units * depth + 64), result(panel_at<T>(panels, units));
        kernels.pack(units, depth, weights.numbers.data(), depth, 1, depth, 0, packed.data());
        {  // the same weights, stored by step
          std::vector<T> by_step(units * depth), again(units * depth);
          for (std::size_t u = 0; u < units; ++u)
            for (std::size_t k = 0; k < depth; ++k) by_step[k * units + u] = weights.at(u, k);
          kernels.pack(units, depth, by_step.data(), 1, units, depth, 0, again.data());
          check(std::equal(again.begin(), again.end(), packed.data()),
                std::string("pack, ") + precision<T>(), static_cast<double>(units));
        }
        for (bool pack : {false, true})
          for (bool begin_at_0 : {false, true}) {
            Weights<T> weight{};
            weight.numbers = pack ? packed.data() : weights.numbers.data();
            weight.unit_stride = depth;
            weight.step_stride = 1;
            weight.packed = pack;
            kernels.product(panels, depth, units, left.panels.data(), weight,
                            begin_at_0 ? nullptr : start.numbers.data(), result.data());
            int wrong = 0;
            for (std::size_t r = 0; r < rows; ++r)
              for (std::size_t u = 0; u < units; ++u) {
                T sum = begin_at_0 ? T(0) : start.at(0, u);
                for (std::size_t k = 0; k < depth; ++k)
                  sum = multiply_add(left.at(r, k), weights.at(u, k), sum);
                wrong += result.data()[element_at<T>(r, u, units)] != sum;
              }
            check(wrong == 0, std::string("product, ") + precision<T>(), wrong);
          }
      }
}

template <class T> void test_gradients(const Kernels<T>& kernels) {
  for (std::size_t rows : {3, 16, 75, 200})
    for (std::size_t inputs : {1, 4, 9, 40})
      for (std::size_t units : {1, 3, 10, 29}) {
        const Matrix<T> input(rows, inputs), delta(rows, units);
        const std::size_t panels = panels_for<T>(rows), depth = panels * line<T>;
        std::vector<T> gradient(units * inputs), wide(units * inputs), bias(units);
        for (bool add : {false, true}) {
          kernels.weight_gradient(panels, units, inputs, delta.panels.data(), input.panels.data(),
                                  gradient.data(), add);
          kernels.bias_gradient(panels, units, delta.panels.data(), bias.data(), add);
        }
        Buffer<T> turned(round_up(inputs, line<T>) * depth), packed(units * depth + 64);
        kernels.transpose(panels, inputs, input.panels.data(), depth, 0, turned.data());
        for (std::size_t panel = 0; panel < panels; ++panel)
          kernels.pack(units, line<T>, delta.panels.data() + panel_at<T>(panel, units), line<T>, 1,
                       depth, panel * line<T>, packed.data());
        kernels.wide_gradient(rows, units, inputs, depth, packed.data(), turned.data(), wide.data(),
                              false);
        double worst = 0;
        int wrong = 0;
        const double eps = std::numeric_limits<T>::epsilon();
        for (std::size_t u = 0; u < units; ++u) {
          double sum = 0;
          for (std::size_t r = 0; r < rows; ++r) sum += delta.at(r, u);
          worst = std::max(worst, std::abs(2 * sum - bias[u]) / (eps * static_cast<double>(rows)));
          for (std::size_t k = 0; k < inputs; ++k) {
            double plain = 0;
            T in_order = 0;
            for (std::size_t r = 0; r < rows; ++r) {
              plain += static_cast<double>(delta.at(r, u)) * static_cast<double>(input.at(r, k));
              in_order = multiply_add(input.at(r, k), delta.at(r, u), in_order);
            }
            worst = std::max(worst, std::abs(2 * plain - gradient[u * inputs + k]) /
                                        (eps * static_cast<double>(rows)));
            wrong += wide[u * inputs + k] != in_order;
          }
        }
        check(worst < 2, std::string("gradient, ") + precision<T>(), worst);
        check(wrong == 0, std::string("wide gradient, ") + precision<T>(), wrong);
      }
}

// The distance in units in the last place of T.
template <class T> double ulps(T got, long double expected) {
  if (std::isnan(expected)) return std::isnan(got) ? 0 : HUGE_VAL;
  const T nearest = static_cast<T>(expected);
  if (std::isinf(nearest) || std::isinf(got)) return got == nearest ? 0 : HUGE_VAL;
  int exponent;
  std::frexp(static_cast<long double>(nearest), &exponent);
  using Limits = std::numeric_limits<T>;
  exponent = std::max(exponent, Limits::min_exponent);
  const long double ulp = std::ldexp(1.0L, exponent - Limits::digits);
  return static_cast<double>(std::abs(static_cast<long double>(got) - expected) / ulp);
}

template <class T> void test_functions(const Kernels<T>& kernels) {
  struct Function {
    Activation kind;
    const char* name;
    long double (*value)(long double);
    double most;
  };
  const double most = sizeof(T) == 8 ? 2 : 3;
  const Function functions[] = {
      {Activation::exp, "exp", [](long double x) { return std::exp(x); }, most},
      {Activation::sigmoid, "sigmoid", [](long double x) { return 1 / (1 + std::exp(-x)); }, most},
      {Activation::tanh, "tanh", [](long double x) { return std::tanh(x); }, most},
      {Activation::softplus, "softplus",
       [](long double x) { return std::max(x, 0.0L) + std::log1p(std::exp(-std::abs(x))); },
       most + 0.5},
      {Activation::elu, "elu", [](long double x) { return x > 0 ? x : std::expm1(x); }, 1e9}};
  const double limit = sizeof(T) == 8 ? 745 : 103;
  std::vector<double> points;
  for (int i = 0; i < 6000; ++i) {
    points.push_back(draw<double>(-limit, limit));
    points.push_back(draw<double>(-3, 3));
    points.push_back(draw<double>(-1, 1) * std::pow(2.0, draw<double>(-60, 0)));
  }
  for (double x : {0.0, 1e4, -1e4, 0.625, -0.625}) points.push_back(x);
  points.push_back(HUGE_VAL);
  points.push_back(-HUGE_VAL);
  points.push_back(std::nan(""));
  points.resize(round_up(points.size(), line<float>));
  Buffer<T> in(points.size()), out(points.size());
  std::copy(points.begin(), points.end(), in.data());
  for (const Function& f : functions) {
    kernels.activate(f.kind, points.size() / line<T>, 1, in.data(), out.data());
    double worst = 0, at = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
      const double error = ulps(out.data()[i], f.value(in.data()[i]));
      if (error > worst) {
        worst = error;
        at = in.data()[i];
      }
    }
    check(worst <= f.most,
          std::string(f.name) + ", " + precision<T>() + ", at " + std::to_string(at), worst);
  }
}

// The slope of each activation against central differences of its value, and of each loss, relative
// to slopes above 1.
// Products of columns of a matrix, some of which are beside each other, and their neighbours.
template <class T> void test_reflections(const Kernels<T>& kernels) {
  for (std::size_t rows : {8, 16, 75, 300})
    for (std::size_t columns : {3, 14, 40})
      for (std::size_t count : {1, 2, 3, 9, 12}) {
        if (count >= columns) continue;
        Matrix<T> matrix(rows, columns);
        const std::size_t panels = panels_for<T>(rows), others = columns - count;
        std::vector<T> products(count * others);
        kernels.inner_products(panels, columns, matrix.panels.data(), 0, count, count, others,
                               products.data());
        double worst = 0;
        for (std::size_t i = 0; i < count; ++i)
          for (std::size_t j = 0; j < others; ++j) {
            double sum = 0;
            for (std::size_t r = 0; r < rows; ++r)
              sum += static_cast<double>(matrix.at(r, i)) * matrix.at(r, count + j);
            worst = std::max(worst, std::abs(sum - products[i * others + j]));
          }
        worst /= std::numeric_limits<T>::epsilon() * static_cast<double>(rows);
        check(worst < 1, std::string("inner products, ") + precision<T>(), worst);
        kernels.subtract_products(panels, columns, matrix.panels.data(), 0, count, count, others,
                                  products.data());
        int wrong = 0;
        for (std::size_t r = 0; r < rows; ++r)
          for (std::size_t u = 0; u < columns; ++u) {
            T sum = matrix.at(r, u);
            if (u >= count)
              for (std::size_t i = 0; i < count; ++i)
                sum = multiply_add(-matrix.at(r, i), products[i * others + u - count], sum);
            wrong += matrix.panels.data()[element_at<T>(r, u, columns)] != sum;
          }
        check(wrong == 0, std::string("subtracted products, ") + precision<T>(), wrong);
      }
}

// The step of least squares against one reflection after the other of the whole matrix, with the
// diagonal below the Jacobian.
void test_least_squares() {
  for (std::size_t rows : {1, 20, 75, 300})
    for (std::size_t parameters : {1, 8, 9, 10, 41}) {
      Linearised problem(rows, parameters);
      std::vector<double> diagonal(parameters), offset(parameters);
      const std::size_t height = rows + parameters, n = parameters;
      std::vector<double> plain(height * (n + 1));  // by column
      for (std::size_t k = 0; k <= n; ++k)
        for (std::size_t r = 0; r < rows; ++r)
          plain[k * height + r] = problem.at(r / line<double>, k)[r % line<double>] =
              draw<double>();
      for (std::size_t k = 0; k < n; ++k) {
        plain[k * height + rows + k] = diagonal[k] = draw<double>(0.1, 2);
        plain[n * height + rows + k] = offset[k] = draw<double>();
      }
      for (std::size_t k = 0; k < n; ++k) {
        double* x = plain.data() + k * height;
        double squares = 0;
        for (std::size_t r = k; r < height; ++r) squares += x[r] * x[r];
        const double norm = x[k] > 0 ? -std::sqrt(squares) : std::sqrt(squares);
        std::vector<double> v(x + k, x + height);
        v[0] -= norm;
        double of_v = 0;
        for (const double value : v) of_v += value * value;
        for (std::size_t j = k; j <= n; ++j) {
          double* y = plain.data() + j * height + k;
          double product = 0;
          for (std::size_t r = 0; r < v.size(); ++r) product += v[r] * y[r];
          for (std::size_t r = 0; r < v.size(); ++r) y[r] -= 2 * product / of_v * v[r];
        }
      }
      std::vector<double> right(n);
      for (std::size_t k = n; k-- > 0;) {
        double sum = -plain[n * height + k];
        for (std::size_t j = k + 1; j < n; ++j) sum -= plain[j * height + k] * right[j];
        right[k] = sum / plain[k * height + k];
      }
      DampedLeastSquares solver(rows, parameters);
      double worst = 0;
      for (int again = 0; again < 2; ++again) {
        const std::vector<double> step = solver.solve(problem, diagonal, offset);
        for (std::size_t k = 0; k < n; ++k) worst = std::max(worst, std::abs(step[k] - right[k]));
      }
      check(worst < 1e-11, "least squares", worst);
    }
}

template <class T> void test_slopes(const Kernels<T>& kernels) {
  if (sizeof(T) == 4) return;
  constexpr std::size_t units = 3, rows = line<T>, size = units * rows;
  const double step = 1e-5;
  for (const auto& row : named_rows<Activation>()) {
    Buffer<T> in(size), out(size), up(size), down(size), delta(size), moved(size);
    for (std::size_t i = 0; i < size; ++i) in.data()[i] = draw<T>(-2, 2);
    kernels.activate(row.second, 1, units, in.data(), out.data());
    double worst = 0;
    for (std::size_t u = 0; u < units; ++u)
      for (std::size_t v = 0; v < units; ++v) {
        // the derivative of output v with respect to input u
        std::fill_n(delta.data(), size, T(0));
        std::fill_n(delta.data() + v * rows, rows, T(1));
        kernels.multiply_slope(row.second, 1, units, in.data(), out.data(), delta.data());
        for (int sign : {1, -1}) {
          std::copy_n(in.data(), size, moved.data());
          for (std::size_t r = 0; r < rows; ++r) moved.data()[u * rows + r] += sign * step;
          kernels.activate(row.second, 1, units, moved.data(), (sign > 0 ? up : down).data());
        }
        for (std::size_t r = 0; r < rows; ++r) {
          const std::size_t at = v * rows + r;
          const double slope = (up.data()[at] - down.data()[at]) / (2 * step);
          worst = std::max(worst, std::abs(slope - delta.data()[u * rows + r]));
        }
      }
    check(worst < 1e-8, "slope of " + row.first, worst);
  }
  for (const auto& loss : named_rows<Loss>())
    for (const auto& output : named_rows<Activation>()) {
      if (!is_defined(loss.second, output.second)) continue;
      const bool of_pairs = loss.second == Loss::gaussian || loss.second == Loss::beta;
      const std::size_t units = of_pairs ? 2 : 3, size = units * rows;
      const T parameters[3] = {T(0.3), T(0.4), T(0.6)};
      Buffer<T> in(size), out(size), target(size), weight(rows), delta(size), unused(size);
      for (std::size_t r = 0; r < rows; ++r) weight.data()[r] = draw<T>(0.5, 2);
      for (std::size_t i = 0; i < size; ++i) {
        in.data()[i] = draw<T>(0.1, 2);
        target.data()[i] = draw<T>(0, 1);
      }
      auto value = [&](T* slope) {
        kernels.activate(output.second, 1, units, in.data(), out.data());
        return kernels.loss(loss.second, output.second, parameters, 1, units, in.data(), out.data(),
                            target.data(), weight.data(), slope);
      };
      value(delta.data());
      double worst = 0;
      for (std::size_t i = 0; i < size; ++i) {
        const T before = in.data()[i];
        in.data()[i] = before + step;
        const double above = value(unused.data());
        in.data()[i] = before - step;
        const double below = value(unused.data());
        in.data()[i] = before;
        const double slope = delta.data()[i], difference = (above - below) / (2 * step);
        worst = std::max(worst, std::abs(difference - slope) / (1 + std::abs(slope)));
      }
      check(worst < 1e-7, "slope of " + loss.first + " with " + output.first, worst);
    }
}

template <class T> Rows<T> data(std::size_t count, std::size_t inputs) {
  Rows<T> rows(count, inputs, 1, false, true);
  for (std::size_t i = 0; i < count * inputs; ++i) rows.x.data()[i] = draw<T>();
  for (std::size_t i = 0; i < count; ++i) {
    rows.y.data()[i] = rows.x.data()[i * inputs] > 0 ? T(0.9) : T(0.1);
    rows.weight.data()[i] = 1;
  }
  rows.total_weight = static_cast<double>(count);
  return rows;
}

template <class T>
std::vector<double> trained(const Rows<T>& rows, Rule rule, std::size_t hidden, std::size_t threads,
                            std::vector<std::size_t> chunks, bool count_correct) {
  Network network;
  network.add(LayerKind::dense, rows.inputs, hidden, Activation::tanh);
  network.add(LayerKind::dense, hidden, 1, Activation::sigmoid);
  Objective objective{};
  objective.loss = Loss::squared_error;
  objective.mean = true;
  Method method{};
  method.family = Family::first_order;
  method.rule = rule;
  method.decay = 0.9;
  method.decay2 = 0.999;
  method.epsilon = 1e-8;
  method.clip = HUGE_VAL;
  Plan plan{};
  plan.batch_size = rows.count > 100 ? 64 : rows.count;
  plan.rates = {0.05};
  plan.patience = HUGE_VAL;
  plan.count_correct = count_correct;
  plan.threads = threads;
  plan.seconds = HUGE_VAL;
  plan.interrupted = nullptr;
  State state;
  std::mt19937_64 own(7);
  for (std::size_t i = 0; i < network.parameters(); ++i)
    state.weights.push_back(static_cast<T>(static_cast<double>(own() % 1000) / 1000 - 0.5));
  state.moment.resize(moments_of(rule) > 0 ? network.parameters() : 0);
  state.moment2.resize(moments_of(rule) > 1 ? network.parameters() : 0);
  std::vector<double> result;
  for (std::size_t epochs : chunks) {
    plan.epochs = epochs;
    const Training<T> training{network, objective, method, plan, rows, nullptr};
    const Outcome outcome = train<T>(training, state);
    result.insert(result.end(), outcome.loss.begin(), outcome.loss.end());
  }
  check(result.back() < result.front(), std::string("the loss, ") + precision<T>(), result.back());
  result.insert(result.end(), state.weights.begin(), state.weights.end());
  return result;
}

// Teams that start and end many times. Each member adds to its own numbers and, after they have
// met, to those of the next member.
void test_teams(std::size_t starts) {
  for (std::size_t size = 1; size <= 8; ++size)
    for (std::size_t start = 0; start < starts; ++start) {
      Team team(size);
      std::vector<int> numbers(101);
      team.run([&](const Team::Share& share) {
        auto add = [&](std::size_t begin, std::size_t end) {
          for (std::size_t i = begin; i < end; ++i) ++numbers[i];
        };
        share.part_of(numbers.size(), 4, add);
        share.meet();
        share.part_of(numbers.size(), 16, add);
      });
      int wrong = 0;
      for (int number : numbers) wrong += number != 2;
      check(wrong == 0, "teams of " + std::to_string(size), wrong);
    }
}

template <class T> void test_training() {
  const Rows<T> many = data<T>(300, 40), few = data<T>(7, 3);
  for (Rule rule : {Rule::gradient_descent, Rule::momentum, Rule::rmsprop, Rule::adam}) {
    const std::vector<double> whole = trained(many, rule, 50, 1, {6}, false);
    for (std::size_t threads : {2, 3, 8})
      check(trained(many, rule, 50, threads, {6}, false) == whole,
            std::string("threads, ") + precision<T>(), static_cast<double>(threads));
    check(trained(many, rule, 50, 1, {2, 4}, false) == whole,
          std::string("chunks, ") + precision<T>(), 2);
  }
  // counting correct rows needs the general loop
  check(trained(few, Rule::gradient_descent, 5, 1, {50}, false) ==
            trained(few, Rule::gradient_descent, 5, 1, {50}, true),
        std::string("small networks, ") + precision<T>(), 0);
}

// Calls f with the stack moved by some bytes, a multiple of the 16 that all calls are aligned to,
// so that vectors on the stack are tested at each address relative to their size.
template <class F> __attribute__((noinline)) void on_moved_stack(std::size_t bytes, F&& f) {
  volatile char* space = static_cast<volatile char*>(__builtin_alloca(bytes + 1));
  space[bytes] = 0;
  f();
}

// Files of rows, which depend on the system: written in two parts, and read in any order, mapped or
// not. The name is not ASCII.
template <class T> void test_files() {
  const std::string path = "rows-\xc3\xa9.part";
  constexpr std::size_t width = 3, count = 5000;
  std::vector<T> numbers(width * count);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<T>(i) / 7;
  const std::size_t half = width * 2000;
  append_to_file(path, numbers.data(), half * sizeof(T), true);
  append_to_file(path, numbers.data() + half, (numbers.size() - half) * sizeof(T), false);
  for (const bool map : {true, false}) {
    StoredRows<T> rows;
    rows.file = std::make_shared<StoredFile>(path, map);
    rows.width = width;
    check(rows.file->size() == numbers.size() * sizeof(T), "size of a file", map);
    check(map || !rows.file->mapped(), "a file that is not to be mapped", map);
    std::vector<std::uint32_t> ids(count);
    for (std::size_t r = 0; r < count; ++r)
      ids[r] = static_cast<std::uint32_t>(r < count / 2 ? r : r * 37 % count);
    std::vector<T> copies;
    std::vector<const T*> places;
    rows.file->at_random(true);
    rows.expect(10, count - 10);
    rows.locate(ids.data(), count, copies, places);
    bool right = true;
    for (std::size_t r = 0; r < count; ++r)
      for (std::size_t c = 0; c < width; ++c)
        right = right && places[r][c] == numbers[ids[r] * width + c];
    check(right, "rows of a file", map);
    bool refused = false;
    try {
      rows.file->read(numbers.size() * sizeof(T) - 1, 2, copies.data());
    } catch (const FileError&) {
      refused = true;
    }
    check(refused, "reading beyond the end of a file", map);
    if (!map) rows.file->remove_at_end();
  }
  bool gone = false;
  try {
    StoredFile again(path);
  } catch (const FileError&) {
    gone = true;
  }
  check(gone, "a file that is removed with its last user", 0);
}

template <class T> void test_all() {
  const Kernels<T>& table = kernels<T>();
  for (std::size_t bytes : {0, 16, 32, 48})
    on_moved_stack(bytes, [&] {
      test_products(table);
      test_gradients(table);
      test_reflections(table);
      test_slopes(table);
    });
  test_functions(table);
  test_training<T>();
}

}  // namespace

// With the argument `threads`: only what starts threads, many times, for the thread sanitizer.
int main(int count_of_arguments, char** arguments) {
  const bool threads = count_of_arguments > 1 && std::strcmp(arguments[1], "threads") == 0;
  if (threads) planted_bug();
  int count = 0;
  const InstructionSet* sets = instruction_sets(&count);
  for (int i = 0; i < count; ++i) {
    if (!choose_instruction_set(sets[i].name)) continue;
    set = &sets[i];
    test_teams(threads ? 500 : 20);
    if (threads) {
      test_training<double>();
      test_training<float>();
    } else {
      test_all<double>();
      test_all<float>();
      test_files<double>();
      test_files<float>();
      test_least_squares();
    }
    std::printf("%s: %d checks\n", set->name, checks);
  }
  std::printf("%d checks, %d failures\n", checks, failures);
  return failures > 0;
}
