// The one file that knows R: lists and matrices on one side, the core's structs on the other.
#include "eigen.h"

#include <cmath>
#include <cstdio>
#include <cstring>
#include <variant>

#ifndef _WIN32
#include <unistd.h>
#endif

#include "core/pass.h"
#include "core/train.h"

using namespace backprop;

namespace {

Network as_network(const Rcpp::List& shape) {
  Network network;
  for (double units : Rcpp::as<std::vector<double>>(shape["units"]))
    network.units.push_back(static_cast<std::size_t>(units));
  for (int kind : Rcpp::as<std::vector<int>>(shape["activations"]))
    network.activations.push_back(static_cast<Activation>(kind));
  return network;
}

Objective as_objective(const Rcpp::List& o) {
  return {static_cast<Loss>(Rcpp::as<int>(o["loss"])), o["loss_parameter"], o["mean"], o["penalty"],
          o["penalty_l1"]};
}

Method as_method(const Rcpp::List& m) {
  return {static_cast<Family>(Rcpp::as<int>(m["family"])),
          static_cast<Rule>(Rcpp::as<int>(m["rule"])),
          m["decay"],
          m["decay2"],
          m["epsilon"],
          m["factor_less"],
          m["factor_more"],
          m["weight_decay"],
          m["clip"],
          m["history"],
          m["gradient_tolerance"]};
}

// The second-order methods' part of the state, as plain numbers and matrices (a column for each
// pair of L-BFGS).
void read_curvature(const Rcpp::List& list, State& state) {
  auto numbers = [&](const char* name) { return Rcpp::as<std::vector<double>>(list[name]); };
  state.gradient = numbers("gradient");
  state.steps_taken = numbers("s");
  state.gradient_changes = numbers("y");
  state.scale = numbers("scale");
  state.objective = list["objective"];
  state.data_loss = list["data_loss"];
  state.correct = list["correct"];
  state.evaluations = list["evaluations"];
  state.damping = list["damping"];
  state.damping_factor = list["damping_factor"];
}
Rcpp::List write_curvature(const State& state) {
  auto pairs = [&](const std::vector<double>& numbers) {
    const int n = static_cast<int>(state.weights.size());
    return Rcpp::NumericMatrix(n, static_cast<int>(numbers.size() / state.weights.size()),
                               numbers.begin());
  };
  return Rcpp::List::create(
      Rcpp::_["gradient"] = state.gradient, Rcpp::_["s"] = pairs(state.steps_taken),
      Rcpp::_["y"] = pairs(state.gradient_changes), Rcpp::_["scale"] = state.scale,
      Rcpp::_["objective"] = state.objective, Rcpp::_["data_loss"] = state.data_loss,
      Rcpp::_["correct"] = state.correct, Rcpp::_["evaluations"] = state.evaluations,
      Rcpp::_["damping"] = state.damping, Rcpp::_["damping_factor"] = state.damping_factor);
}

Key as_key(const Rcpp::NumericVector& seed) {
  return seed.size() == 2
             ? Key{static_cast<std::uint32_t>(seed[0]), static_cast<std::uint32_t>(seed[1])}
             : Key{};
}

bool poll_interrupt() {
  return !R_ToplevelExec([](void*) { R_CheckUserInterrupt(); }, nullptr);
}

template <class T> Buffer<T> as_buffer(const Rcpp::NumericVector& numbers) {
  Buffer<T> buffer(numbers.size());
  std::copy(numbers.begin(), numbers.end(), buffer.data());
  return buffer;
}
template <class T> Rcpp::NumericVector as_numeric(const Buffer<T>& numbers, std::size_t count) {
  return Rcpp::NumericVector(numbers.data(), numbers.data() + count);
}

// Data at either precision, for the length of one call from R's side: nothing of it is kept in a
// fit.
using AnyRows = std::variant<Rows<double>, Rows<float>>;
using RowsPointer = Rcpp::XPtr<AnyRows>;

// Inputs as R has them: a numeric matrix, or Matrix's dgCMatrix. Its column c holds the numbers
// x[p[c]], ..., x[p[c + 1] - 1], in the rows that `i` names beside them.
struct Inputs {
  bool sparse;
  Rcpp::NumericMatrix dense;
  Rcpp::IntegerVector i, p;
  Rcpp::NumericVector x;
  int rows, columns;

  explicit Inputs(SEXP X)
      : sparse(Rf_isS4(X)),
        dense(sparse ? Rcpp::NumericMatrix(0, 0) : Rcpp::NumericMatrix(X)),
        rows(dense.nrow()),
        columns(dense.ncol()) {
    if (!sparse) return;
    const Rcpp::S4 object(X);
    i = object.slot("i");
    p = object.slot("p");
    x = object.slot("x");
    const Rcpp::IntegerVector size = object.slot("Dim");
    rows = size[0];
    columns = size[1];
  }

  // The rows which[0], which[1], ..., counted from 1 and each at most once.
  template <class T> SparseRows<T> by_row(const Rcpp::IntegerVector& which) const {
    constexpr std::size_t left_out = -1;
    std::vector<std::size_t> place(rows, left_out);
    for (R_xlen_t k = 0; k < which.size(); ++k) place[which[k] - 1] = k;
    SparseRows<T> out;
    out.begin.resize(which.size() + 1);
    const int count = p[columns];
    for (int k = 0; k < count; ++k)
      if (place[i[k]] != left_out) ++out.begin[place[i[k]] + 1];
    for (R_xlen_t r = 0; r < which.size(); ++r) out.begin[r + 1] += out.begin[r];
    out.columns.resize(out.begin.back());
    out.values.resize(out.begin.back());
    std::vector<std::size_t> next(out.begin.begin(), out.begin.end() - 1);
    for (int c = 0; c < columns; ++c)
      for (int k = p[c]; k < p[c + 1]; ++k) {
        const std::size_t row = place[i[k]];
        if (row == left_out) continue;
        out.columns[next[row]] = c;
        out.values[next[row]++] = static_cast<T>(x[k]);
      }
    return out;
  }
};

template <class T>
Rows<T> copy_rows(const Inputs& X, const Rcpp::NumericMatrix& y, const Rcpp::NumericVector& weights,
                  const Rcpp::Nullable<Rcpp::NumericMatrix>& offset,
                  const Rcpp::IntegerVector& which) {
  const std::size_t n = which.size();
  Rows<T> rows(n, X.columns, y.ncol(), offset.isNotNull(), X.sparse);
  // From columns to rows, some rows at a time: few enough that what is written stays in the nearest
  // cache, and enough to read a column in runs.
  auto copy = [&](const Rcpp::NumericMatrix& from, Buffer<T>& to) {
    constexpr std::size_t at_once = 64;
    const std::size_t columns = from.ncol(), all = from.nrow();
    const int* const row = which.begin();
    for (std::size_t begin = 0; begin < n; begin += at_once)
      for (std::size_t c = 0; c < columns; ++c) {
        const double* const column = from.begin() + c * all - 1;
        T* target = to.data() + begin * columns + c;
        for (std::size_t r = begin; r < std::min(n, begin + at_once); ++r, target += columns)
          *target = static_cast<T>(column[row[r]]);
      }
  };
  if (X.sparse) {
    rows.sparse_x = X.by_row<T>(which);
  } else {
    copy(X.dense, rows.x);
  }
  copy(y, rows.y);
  if (offset.isNotNull()) copy(Rcpp::NumericMatrix(offset.get()), rows.offset);
  for (std::size_t i = 0; i < n; ++i) {
    const double w = weights.size() ? weights[which[i] - 1] : 1.0;
    rows.weight.data()[i] = static_cast<T>(w);
    rows.total_weight += w;
  }
  return rows;
}

// A matrix (all rows x units) that pieces of rows are written into one after the other.
template <class T> class Collected {
 public:
  using Part = typename Pass<T>::Part;
  Collected(Part part, std::size_t layer, std::size_t rows, std::size_t units)
      : part_(part), layer_(layer), matrix_(Rcpp::no_init(rows, units)) {}
  void take(const Pass<T>& pass, std::size_t first, std::size_t count) {
    for (int u = 0; u < matrix_.ncol(); ++u)
      for (std::size_t r = 0; r < count; ++r) matrix_(first + r, u) = pass.at(part_, layer_, r, u);
  }
  SEXP matrix() const { return matrix_; }

 private:
  Part part_;
  std::size_t layer_;
  Rcpp::NumericMatrix matrix_;
};

// The same part of several layers, as a list of matrices.
template <class T> class CollectedLayers {
 public:
  CollectedLayers(typename Pass<T>::Part part, const Network& network, std::size_t layers,
                  std::size_t rows) {
    for (std::size_t l = 0; l < layers; ++l)
      layers_.emplace_back(part, l, rows, network.units[l + 1]);
  }
  void take(const Pass<T>& pass, std::size_t first, std::size_t count) {
    for (auto& layer : layers_) layer.take(pass, first, count);
  }
  Rcpp::List list() const {
    Rcpp::List out(layers_.size());
    for (std::size_t l = 0; l < layers_.size(); ++l) out[l] = layers_[l].matrix();
    return out;
  }

 private:
  std::vector<Collected<T>> layers_;
};

}  // namespace

// [[Rcpp::export(rng = false)]]
Rcpp::LogicalVector core_instruction_sets() {
  int count = 0;
  const InstructionSet* sets = instruction_sets(&count);
  Rcpp::LogicalVector available(count);
  Rcpp::CharacterVector names(count);
  for (int i = 0; i < count; ++i) {
    available[i] = sets[i].available;
    names[i] = sets[i].name;
  }
  available.names() = names;
  return available;
}

// [[Rcpp::export(rng = false)]]
std::string core_instruction_set() { return instruction_set().name; }

// [[Rcpp::export(rng = false)]]
bool core_choose_instruction_set(std::string name) {
  return choose_instruction_set(name.empty() ? nullptr : name.c_str());
}

// The place of the first number that is NA, NaN or infinite, counted from 1; 0 where all are
// finite.
// [[Rcpp::export(rng = false)]]
double core_first_not_finite(const Rcpp::NumericVector& x) {
  constexpr R_xlen_t block = 1024, lanes = 8;
  const double* p = x.begin();
  for (R_xlen_t begin = 0; begin < x.size(); begin += block) {
    const R_xlen_t end = std::min(x.size(), begin + block);
    double sums[lanes] = {};
    R_xlen_t at = begin;
    for (; at + lanes <= end; at += lanes)
      for (R_xlen_t lane = 0; lane < lanes; ++lane) sums[lane] += p[at + lane] * 0.0;
    for (; at < end; ++at) sums[0] += p[at] * 0.0;
    if (std::all_of(sums, sums + lanes, [](double sum) { return sum == 0.0; })) continue;
    for (R_xlen_t i = begin; i < end; ++i)
      if (!std::isfinite(p[i])) return static_cast<double>(i) + 1;
  }
  return 0;
}

// A fingerprint of numbers, the same in every version of R and of other packages: each number's
// bits, and how many there are, are mixed in by the multiplication and shift of Knuth's hashing, so
// that it tells changes of data, though not those of an adversary.
// [[Rcpp::export(rng = false)]]
std::string core_digest(Rcpp::List parts) {
  std::uint64_t digest = 0x243F6A8885A308D3;
  auto mix = [&](std::uint64_t word) {
    digest = (digest ^ word) * 0x9E3779B97F4A7C15;
    digest ^= digest >> 32;
  };
  auto take = [&](const auto& numbers) {
    mix(static_cast<std::uint64_t>(numbers.size()));
    for (const double x : numbers) {
      std::uint64_t bits;
      std::memcpy(&bits, &x, sizeof bits);
      mix(bits);
    }
  };
  for (R_xlen_t i = 0; i < parts.size(); ++i) {
    const SEXP part = parts[i];
    if (Rf_isNull(part))
      mix(0);
    else if (TYPEOF(part) == INTSXP)
      take(Rcpp::IntegerVector(part));
    else
      take(Rcpp::NumericVector(part));
  }
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(digest));
  return text;
}

// [[Rcpp::export(rng = false)]]
double core_pass_bytes(Rcpp::List shape, double rows, bool keep_all) {
  return Pass<double>::bytes(as_network(shape), static_cast<std::size_t>(rows), keep_all);
}

// [[Rcpp::export(rng = false)]]
Rcpp::NumericVector core_activation(int kind, Rcpp::NumericVector x, bool single) {
  auto run = [&](auto zero) {
    using T = decltype(zero);
    Buffer<T> numbers = as_buffer<T>(x);
    kernels<T>().activate(static_cast<Activation>(kind), numbers.size() / line<T>, 1,
                          numbers.data(), numbers.data());
    return as_numeric(numbers, x.size());
  };
  return single ? run(0.0f) : run(0.0);
}

// [[Rcpp::export(rng = false)]]
Rcpp::NumericVector core_slope(int kind, Rcpp::NumericVector input, Rcpp::NumericVector output) {
  const Buffer<double> in = as_buffer<double>(input), out = as_buffer<double>(output);
  Buffer<double> slope(output.size());
  std::fill_n(slope.data(), slope.size(), 1.0);
  kernels<double>().multiply_slope(static_cast<Activation>(kind), out.size() / line<double>, 1,
                                   in.data(), out.data(), slope.data());
  return as_numeric(slope, output.size());
}

// [[Rcpp::export(rng = false)]]
Rcpp::IntegerVector core_row_order(Rcpp::NumericVector seed, double epoch, int count) {
  const auto order =
      row_order(as_key(seed), static_cast<std::uint32_t>(epoch), static_cast<std::uint32_t>(count));
  Rcpp::IntegerVector out(order.begin(), order.end());
  return out + 1;
}

// [[Rcpp::export(rng = false)]]
Rcpp::NumericVector core_philox(Rcpp::NumericVector counter, Rcpp::NumericVector key) {
  Counter c;
  for (int i = 0; i < 4; ++i) c[i] = static_cast<std::uint32_t>(counter[i]);
  const Counter words = philox(c, as_key(key));
  return Rcpp::NumericVector(words.begin(), words.end());
}

// [[Rcpp::export(rng = false)]]
SEXP core_rows(SEXP X, Rcpp::NumericMatrix y, Rcpp::NumericVector weights,
               Rcpp::Nullable<Rcpp::NumericMatrix> offset, Rcpp::IntegerVector which, bool single) {
  const Inputs inputs(X);
  return RowsPointer(single ? new AnyRows(copy_rows<float>(inputs, y, weights, offset, which))
                            : new AnyRows(copy_rows<double>(inputs, y, weights, offset, which)));
}

// The output for each row of X or, with `all`, every hidden layer's input and output as well.
// [[Rcpp::export(rng = false)]]
Rcpp::List core_forward(Rcpp::List shape, Rcpp::NumericVector weights, SEXP X,
                        Rcpp::Nullable<Rcpp::NumericMatrix> offset, bool all, bool single) {
  const Network network = as_network(shape);
  const Inputs given(X);
  const std::size_t n = given.rows, layers = network.layers();
  auto run = [&](auto zero) {
    using T = decltype(zero);
    constexpr std::size_t at_once = 256;
    const Buffer<T> w = as_buffer<T>(weights);
    Team alone(1);
    Pass<T> pass(network, std::min(n, at_once), all, false, alone);
    CollectedLayers<T> inputs(Pass<T>::Part::input, network, all ? layers : 0, n);
    CollectedLayers<T> outputs(Pass<T>::Part::output, network, all ? layers : 0, n);
    Collected<T> output(Pass<T>::Part::output, layers - 1, n, network.outputs());
    const Rcpp::NumericMatrix offsets =
        offset.isNotNull() ? Rcpp::NumericMatrix(offset.get()) : Rcpp::NumericMatrix(0, 0);
    const double* offsets_begin = offset.isNotNull() ? offsets.begin() : nullptr;
    const SparseRows<T> sparse = given.sparse ? given.by_row<T>(Rcpp::seq_len(n)) : SparseRows<T>();
    for (std::size_t first = 0; first < n; first += at_once) {
      const std::size_t count = std::min(at_once, n - first);
      if (given.sparse) {
        pass.load_sparse(sparse, offsets_begin, n, first, count);
      } else {
        pass.load_columns(given.dense.begin(), offsets_begin, n, first, count);
      }
      pass.forward(w.data(), nullptr);
      inputs.take(pass, first, count);
      outputs.take(pass, first, count);
      output.take(pass, first, count);
    }
    return Rcpp::List::create(Rcpp::_["input"] = inputs.list(),
                              Rcpp::_["activation"] = outputs.list(),
                              Rcpp::_["output"] = output.matrix());
  };
  return single ? run(0.0f) : run(0.0);
}

// The sum of the loss over all rows, the weight of the rows, and the penalty; with `gradient`, the
// gradient of the objective; with `all`, every layer's quantities too.
// [[Rcpp::export(rng = false)]]
Rcpp::List core_backward(Rcpp::List shape, Rcpp::List objective_list, Rcpp::NumericVector weights,
                         SEXP rows_pointer, bool want_gradient, bool all) {
  const Network network = as_network(shape);
  const Objective objective = as_objective(objective_list);
  return std::visit(
      [&](const auto& rows) {
        using T = std::decay_t<decltype(*rows.x.data())>;
        const std::size_t layers = network.layers();
        const Buffer<T> w = as_buffer<T>(weights);
        Buffer<T> gradient(want_gradient ? weights.size() : 0);
        Team alone(1);
        Pass<T> pass(network, rows.count, all, false, alone);
        const std::size_t kept = all ? rows.count : 0;
        using Part = typename Pass<T>::Part;
        CollectedLayers<T> inputs(Part::input, network, all ? layers : 0, kept),
            outputs(Part::output, network, all ? layers : 0, kept),
            errors(Part::error, network, all ? layers - 1 : 0, kept),
            deltas(Part::delta, network, all ? layers : 0, kept);
        double sum = 0;
        for_each_piece(0, rows.count, [&](std::size_t first, std::size_t count) {
          sum += piece_loss(pass, objective, w.data(), rows, first, count,
                            want_gradient ? gradient.data() : nullptr);
          for (auto* part : {&inputs, &outputs, &errors, &deltas}) part->take(pass, first, count);
        });
        if (want_gradient)
          finish_gradient(network, objective, w.data(), objective.mean ? 1 / rows.total_weight : 1,
                          1, gradient.data());
        return Rcpp::List::create(
            Rcpp::_["sum"] = sum, Rcpp::_["weight"] = rows.total_weight,
            Rcpp::_["penalty"] = penalty_value(network, objective, w.data()),
            Rcpp::_["gradient"] =
                want_gradient ? as_numeric(gradient, weights.size()) : Rcpp::NumericVector(0),
            Rcpp::_["input"] = inputs.list(), Rcpp::_["activation"] = outputs.list(),
            Rcpp::_["error"] = errors.list(), Rcpp::_["delta"] = deltas.list());
      },
      *RowsPointer(rows_pointer));
}

// weights - rate * gradient
// [[Rcpp::export(rng = false)]]
Rcpp::NumericVector core_descend(Rcpp::NumericVector weights, Rcpp::NumericVector gradient,
                                 double rate) {
  Buffer<double> w = as_buffer<double>(weights), g = as_buffer<double>(gradient), none;
  kernels<double>().update({Rule::gradient_descent, rate, 0, 0, 0, 1, 1, 1}, w.size(), w.data(),
                           g.data(), none.data(), none.data());
  return as_numeric(w, weights.size());
}

// [[Rcpp::export(rng = false)]]
Rcpp::List core_train(Rcpp::List shape, Rcpp::List objective, Rcpp::List method_list,
                      Rcpp::List plan_list, SEXP rows_pointer, SEXP validation_pointer,
                      Rcpp::List state_list) {
  State state;
  state.weights = Rcpp::as<std::vector<double>>(state_list["weights"]);
  state.moment = Rcpp::as<std::vector<double>>(state_list["moment"]);
  state.moment2 = Rcpp::as<std::vector<double>>(state_list["moment2"]);
  state.steps = state_list["steps"];
  state.epoch = static_cast<std::uint32_t>(Rcpp::as<double>(state_list["epoch"]));
  const Rcpp::NumericVector under_way = state_list["under_way"];
  state.under_way = {static_cast<std::size_t>(under_way[0]), under_way[1], under_way[2],
                     under_way[3]};
  state.best_weights = Rcpp::as<std::vector<double>>(state_list["best_weights"]);
  state.best_epoch = static_cast<std::uint32_t>(Rcpp::as<double>(state_list["best_epoch"]));
  state.best_loss = state_list["best_loss"];
  state.reference = state_list["reference"];
  state.stale = state_list["stale"];
  const Method method = as_method(method_list);
  if (method.family != Family::first_order) read_curvature(state_list["curvature"], state);

  const Plan plan{static_cast<std::size_t>(Rcpp::as<double>(plan_list["batch_size"])),
                  plan_list["shuffle"],
                  as_key(plan_list["seed"]),
                  Rcpp::as<std::vector<double>>(plan_list["dropout"]),
                  static_cast<std::size_t>(Rcpp::as<double>(plan_list["epochs"])),
                  Rcpp::as<std::vector<double>>(plan_list["rates"]),
                  plan_list["patience"],
                  plan_list["tolerance"],
                  plan_list["track_best"],
                  plan_list["count_correct"],
                  static_cast<std::size_t>(Rcpp::as<double>(plan_list["threads"])),
                  plan_list["seconds"],
                  poll_interrupt};
  const Outcome outcome = std::visit(
      [&](const auto& rows) {
        using T = std::decay_t<decltype(*rows.x.data())>;
        const Rows<T>* validation = Rf_isNull(validation_pointer)
                                        ? nullptr
                                        : &std::get<Rows<T>>(*RowsPointer(validation_pointer));
        return train<T>(as_network(shape), as_objective(objective), method, plan, rows, validation,
                        state);
      },
      *RowsPointer(rows_pointer));

  static const char* const stops[] = {"iterations", "time",     "interrupted", "patience",
                                      "diverged",   "gradient", "precision"};
  Rcpp::List state_out =
      Rcpp::List::create(Rcpp::_["weights"] = state.weights, Rcpp::_["moment"] = state.moment,
                         Rcpp::_["moment2"] = state.moment2, Rcpp::_["steps"] = state.steps,
                         Rcpp::_["epoch"] = static_cast<double>(state.epoch),
                         Rcpp::_["under_way"] = Rcpp::NumericVector::create(
                             static_cast<double>(state.under_way.batch), state.under_way.loss,
                             state.under_way.weight, state.under_way.correct),
                         Rcpp::_["best_weights"] = state.best_weights,
                         Rcpp::_["best_epoch"] = static_cast<double>(state.best_epoch),
                         Rcpp::_["best_loss"] = state.best_loss,
                         Rcpp::_["reference"] = state.reference, Rcpp::_["stale"] = state.stale);
  if (method.family != Family::first_order) state_out["curvature"] = write_curvature(state);
  return Rcpp::List::create(Rcpp::_["state"] = state_out,
                            Rcpp::_["stop"] = stops[static_cast<int>(outcome.stop)],
                            Rcpp::_["loss"] = outcome.loss, Rcpp::_["correct"] = outcome.correct,
                            Rcpp::_["validation_loss"] = outcome.validation_loss,
                            Rcpp::_["validation_correct"] = outcome.validation_correct);
}

// Bytes of memory in this machine; infinite where the system does not say.
// [[Rcpp::export(rng = false)]]
double core_physical_memory() {
#if defined(_SC_PHYS_PAGES) && defined(_SC_PAGESIZE)
  return static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
#else
  return R_PosInf;
#endif
}
