// The single steps of training: forward pass, backward pass and update.
#include "bridge.h"
#include "bridge_inputs.h"

#include "core/hessian.h"
#include "simd/instruction_sets.h"

using namespace backprop;

namespace {

// A matrix (all rows x units) that is filled piece by piece.
template <class T> class Collected {
 public:
  using Part = typename Pass<T>::Part;
  Collected(Part part, std::size_t layer, std::size_t rows, std::size_t units)
      : part_(part), layer_(layer), matrix_(Rcpp::no_init(rows, units)) {}
  // The rows of the pass are the rows first, first + 1, ... of the matrix.
  void take(const Pass<T>& pass, std::size_t first) {
    pass.copy(part_, layer_, matrix_.nrow(), matrix_.begin() + first);
  }
  SEXP matrix() const { return matrix_; }

 private:
  Part part_;
  std::size_t layer_;
  Rcpp::NumericMatrix matrix_;
};

// The same quantity of several layers, as a list of matrices.
template <class T> class CollectedLayers {
 public:
  CollectedLayers(typename Pass<T>::Part part, const Network& network, std::size_t layers,
                  std::size_t rows) {
    for (std::size_t l = 0; l < layers; ++l)
      layers_.emplace_back(part, l, rows, network.layers[l].units);
  }
  void take(const Pass<T>& pass, std::size_t first) {
    for (auto& layer : layers_) layer.take(pass, first);
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
double core_pass_bytes(Rcpp::List layers, double rows, bool keep_all, bool coded) {
  return Pass<double>::bytes(as_network(layers, false),
                             static_cast<std::size_t>(whole(rows, 0, most_int, "rows")), keep_all,
                             coded);
}

// [[Rcpp::export(rng = false)]]
Rcpp::NumericVector core_activation(std::string name, Rcpp::NumericVector x, bool single) {
  const auto kind = row_for<Activation>(Rcpp::wrap(name), "activation");
  return at_precision(single, [&](auto zero) {
    using T = decltype(zero);
    Buffer<T> numbers = as_buffer<T>(x);
    kernels<T>().activate(kind, numbers.size() / line<T>, 1, numbers.data(), numbers.data());
    return as_numeric(numbers, x.size());
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::NumericVector core_slope(std::string name, Rcpp::NumericVector input,
                               Rcpp::NumericVector output) {
  const auto kind = row_for<Activation>(Rcpp::wrap(name), "activation");
  require(input.size() == output.size(), "There must be an output for each input.");
  const Buffer<double> in = as_buffer<double>(input), out = as_buffer<double>(output);
  Buffer<double> slope(output.size());
  std::fill_n(slope.data(), slope.size(), 1.0);
  {
    const FlushDenormals flush;
    kernels<double>().multiply_slope(kind, out.size() / line<double>, 1, in.data(), out.data(),
                                     slope.data());
  }
  return as_numeric(slope, output.size());
}

namespace {

// Inputs and offsets for forward passes, checked.
struct Cases {
  Inputs given;
  Rcpp::NumericMatrix offsets;
  const double* offset;

  Cases(SEXP X, const Rcpp::Nullable<Rcpp::NumericMatrix>& offset, const Network& network)
      : given(X),
        offsets(offset.isNotNull() ? Rcpp::NumericMatrix(offset.get()) : Rcpp::NumericMatrix(0, 0)),
        offset(offset.isNotNull() ? offsets.begin() : nullptr) {
    require(static_cast<std::size_t>(given.columns) == network.inputs(),
            "The data must have a column for each input.");
    if (offset.isNotNull()) check_offset(offsets, given.rows, network.outputs());
  }
  std::size_t rows() const { return given.rows; }

  // Calls f(pass, first) after the forward pass of each piece.
  template <class T, class F>
  void forward(const Network& network, const Buffer<T>& weights, bool keep_all, F&& f) const {
    constexpr std::size_t at_once = 256;
    const std::size_t n = rows();
    const SparseRows<T> sparse = given.sparse ? given.by_row<T>(Rcpp::seq_len(n)) : SparseRows<T>();
    const std::unique_ptr<StoredReader> reader =
        given.stored ? std::make_unique<StoredReader>(*given.stored) : nullptr;
    std::vector<double> block;
    Team alone(1);  // no call to R as long as the team exists
    Pass<T> pass(network, std::min(n, at_once), keep_all, false, alone, given.coded());
    for (std::size_t first = 0; first < n; first += at_once) {
      const std::size_t count = std::min(at_once, n - first);
      if (given.sparse) {
        pass.load_sparse(sparse, offset, n, first, count);
      } else if (given.stored) {
        reader->read(first, count, block);
        pass.load_columns(block.data(), count, offset, n, first, count);
      } else {
        pass.load_columns(given.dense.begin() + first, n, offset, n, first, count);
      }
      pass.forward(weights.data(), nullptr);
      f(pass, first);
    }
  }
};

}  // namespace

// The output for each row of X; with `all` also the inputs and outputs of each layer.
// [[Rcpp::export(rng = false)]]
Rcpp::List core_forward(Rcpp::List layers, Rcpp::NumericVector weights, SEXP X,
                        Rcpp::Nullable<Rcpp::NumericMatrix> offset, bool all, bool single) {
  CustomFailure failure;
  const Network network = as_network(layers, true, &failure);
  const Cases cases(X, offset, network);
  const std::size_t n = cases.rows(), kept = all ? network.layers.size() : 0;
  return at_precision(single, [&](auto zero) {
    using T = decltype(zero);
    using Part = typename Pass<T>::Part;
    const Buffer<T> w = as_weights<T>(weights, network);
    CollectedLayers<T> inputs(Part::input, network, kept, n),
        outputs(Part::output, network, kept, n);
    Collected<T> output(Part::output, network.layers.size() - 1, n, network.outputs());
    cases.forward(network, w, all, [&](Pass<T>& pass, std::size_t first) {
      inputs.take(pass, first);
      outputs.take(pass, first);
      output.take(pass, first);
    });
    failure.raise();
    return Rcpp::List::create(Rcpp::_["input"] = inputs.list(),
                              Rcpp::_["activation"] = outputs.list(),
                              Rcpp::_["output"] = output.matrix());
  });
}

// For each row of X and layer, the outputs, and the derivative of output `unit` (counted from 0) of
// the network with respect to the inputs of the layer's units.
// [[Rcpp::export(rng = false)]]
Rcpp::List core_output_slopes(Rcpp::List layers, Rcpp::NumericVector weights, SEXP X,
                              Rcpp::Nullable<Rcpp::NumericMatrix> offset, double unit) {
  const Network network = as_network(layers);
  const Cases cases(X, offset, network);
  using Part = Pass<double>::Part;
  const auto output =
      static_cast<std::size_t>(whole(unit, 0, static_cast<double>(network.outputs()) - 1, "unit"));
  const Buffer<double> w = as_weights<double>(weights, network);
  CollectedLayers<double> outputs(Part::output, network, network.layers.size(), cases.rows()),
      deltas(Part::delta, network, network.layers.size(), cases.rows());
  cases.forward(network, w, true, [&](Pass<double>& pass, std::size_t first) {
    pass.start_from_output(output);
    pass.backward(w.data());
    outputs.take(pass, first);
    deltas.take(pass, first);
  });
  return Rcpp::List::create(Rcpp::_["activation"] = outputs.list(),
                            Rcpp::_["delta"] = deltas.list());
}

// The sum of the loss over all rows, the total weight of the rows, and the penalty; with
// `want_gradient` the gradient of the objective; with `all` the quantities of each layer, without
// a gradient only those of the forward pass; with `want_output` the output for each row.
// [[Rcpp::export(rng = false)]]
Rcpp::List core_backward(Rcpp::List layers, Rcpp::List objective_list, Rcpp::NumericVector weights,
                         SEXP rows_pointer, bool want_gradient, bool all, bool want_output,
                         double threads) {
  CustomFailure failure;
  const Network network = as_network(layers, true, &failure);
  const Objective objective = as_objective(objective_list, network, &failure);
  auto run = [&](const auto& rows) {
    using T = std::decay_t<decltype(*rows.x.data())>;
    using Part = typename Pass<T>::Part;
    check_rows(rows, network);
    const Buffer<T> w = as_weights<T>(weights, network);
    Buffer<T> gradient(want_gradient ? weights.size() : 0);
    const std::size_t kept_rows = all ? rows.count : 0, kept = all ? network.layers.size() : 0,
                      back = want_gradient ? kept : 0, below = back > 0 ? back - 1 : 0;
    CollectedLayers<T> inputs(Part::input, network, kept, kept_rows),
        outputs(Part::output, network, kept, kept_rows),
        errors(Part::error, network, below, kept_rows),
        deltas(Part::delta, network, back, kept_rows);
    Collected<T> output(Part::output, network.layers.size() - 1, want_output ? rows.count : 0,
                        network.outputs());
    const auto members = static_cast<std::size_t>(whole(threads, 1, 1024, "threads"));
    double sum = 0, penalty = 0;
    {  // no call to R as long as the team exists
      Team team(members);
      Pass<T> pass(network, rows.count, all, false, team, rows.coded());
      for_each_piece(0, rows.count, [&](std::size_t first, std::size_t count) {
        sum = add_losses(sum, piece_loss(pass, objective, w.data(), rows, first, count,
                                         want_gradient ? gradient.data() : nullptr));
        for (auto* part : {&inputs, &outputs, &errors, &deltas}) part->take(pass, first);
        if (want_output) output.take(pass, first);
      });
      if (want_gradient)
        finish_gradient(network, objective, w.data(), objective.mean ? 1 / rows.total_weight : 1, 1,
                        gradient.data());
      penalty = penalty_value(network, objective, w.data());
    }
    failure.raise();
    return Rcpp::List::create(
        Rcpp::_["sum"] = sum, Rcpp::_["weight"] = rows.total_weight, Rcpp::_["penalty"] = penalty,
        Rcpp::_["gradient"] =
            want_gradient ? as_numeric(gradient, weights.size()) : Rcpp::NumericVector(0),
        Rcpp::_["input"] = inputs.list(), Rcpp::_["activation"] = outputs.list(),
        Rcpp::_["error"] = errors.list(), Rcpp::_["delta"] = deltas.list(),
        Rcpp::_["output"] = output.matrix());
  };
  return std::visit(run, *RowsPointer(rows_pointer));
}

// weights - rate * gradient
// [[Rcpp::export(rng = false)]]
Rcpp::NumericVector core_descend(Rcpp::NumericVector weights, Rcpp::NumericVector gradient,
                                 double rate) {
  require(weights.size() == gradient.size(), "There must be a derivative for each weight.");
  Buffer<double> w = as_buffer<double>(weights), g = as_buffer<double>(gradient);
  Step<double> step{};
  step.rate = rate;
  step.scale = 1;
  {
    const FlushDenormals flush;
    kernels<double>().update(Rule::gradient_descent, step, w.size(), w.data(), g.data(), nullptr,
                             nullptr);
  }
  return as_numeric(w, weights.size());
}

// Bytes that core_hessian_product() allocates, without directions and products.
// [[Rcpp::export(rng = false)]]
double core_hessian_bytes(Rcpp::List layers, double rows) {
  const Network network = as_network(layers, false);
  const auto count = static_cast<std::size_t>(whole(rows, 0, most_int, "rows"));
  return Pass<double>::bytes(network, count, true) + HessianProduct::bytes(network, count);
}

// The Hessian of the objective times each column of `directions`.
// [[Rcpp::export(rng = false)]]
Rcpp::NumericMatrix core_hessian_product(Rcpp::List layers, Rcpp::List objective_list,
                                         Rcpp::NumericVector weights, SEXP rows_pointer,
                                         Rcpp::NumericMatrix directions) {
  const Network network = as_network(layers);
  const Objective objective = as_objective(objective_list, network);
  const auto* rows = std::get_if<Rows<double>>(&*RowsPointer(rows_pointer));
  require(rows, "The Hessian requires data in double precision.");
  check_rows(*rows, network);
  const Buffer<double> w = as_weights<double>(weights, network);
  require(static_cast<std::size_t>(directions.nrow()) == network.parameters(),
          "A direction must have a number for each parameter.");
  Rcpp::NumericMatrix products(Rcpp::no_init(directions.nrow(), directions.ncol()));
  multiply_hessian(network, objective, w.data(), *rows, directions.ncol(), directions.begin(),
                   products.begin());
  return products;
}
