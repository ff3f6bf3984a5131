// Converts R's lists to the core's structs and back, by field name.
#include "bridge.h"

namespace backprop {

namespace {

double number(const Rcpp::List& list, const char* name) { return Rcpp::as<double>(list[name]); }
std::size_t count(const Rcpp::List& list, const char* name, double least, double most) {
  return static_cast<std::size_t>(whole(number(list, name), least, most, name));
}
bool flag(const Rcpp::List& list, const char* name) { return Rcpp::as<bool>(list[name]); }
std::vector<double> numbers(const Rcpp::List& list, const char* name) {
  return Rcpp::as<std::vector<double>>(list[name]);
}

// Reads the fields of a state and checks their lengths, which the core relies on.
struct Reader {
  const Rcpp::List& list;
  Sizes sizes;

  void operator()(const char* name, std::vector<double>& field, Length length) const {
    field = numbers(list, name);
    check(name, field.size(), length);
  }
  template <class Number> void operator()(const char* name, Number& field, Length length) const {
    const std::vector<double> given = numbers(list, name);
    check(name, given.size(), length);
    if constexpr (std::is_integral_v<Number>) whole(given[0], 0, most_32_bits, name);
    field = static_cast<Number>(given[0]);
  }
  void check(const char* name, std::size_t given, Length length) const {
    if (!sizes.fit(length, given))
      Rcpp::stop("Field %s of the state has an invalid length: %d.", name, given);
  }
};

// Collects the fields of a list. Pairs become a matrix with one column per pair.
class Writer {
 public:
  explicit Writer(std::size_t parameters) : parameters_(parameters) {}
  void operator()(const char* name, const std::vector<double>& field, Length length) {
    if (length == Length::pairs) {
      const int rows = static_cast<int>(parameters_),
                columns = static_cast<int>(field.size() / parameters_);
      add(name, Rcpp::NumericMatrix(rows, columns, field.begin()));
    } else {
      add(name, Rcpp::wrap(field));
    }
  }
  void operator()(const char* name, double field, Length) { add(name, Rcpp::wrap(field)); }
  void add(const char* name, Rcpp::RObject value) {
    names_.push_back(name);
    values_.push_back(value);
  }
  Rcpp::List list() const {
    Rcpp::List list(values_.begin(), values_.end());
    list.names() = Rcpp::wrap(names_);
    return list;
  }

 private:
  std::size_t parameters_;
  std::vector<std::string> names_;
  std::vector<Rcpp::RObject> values_;
};

}  // namespace

// `layers`: a list with kind, inputs, units and activation for each layer, and skip for an output
// layer whose last inputs are those of the network.
Network as_network(const Rcpp::List& layers, bool check_size, CustomFailure* failure) {
  Network network;
  for (R_xlen_t l = 0; l < layers.size(); ++l) {
    const Rcpp::List layer = layers[l];
    const std::size_t inputs = count(layer, "inputs", 1, most_int),
                      skip = layer.containsElementNamed("skip") ? count(layer, "skip", 1, most_int)
                                                                : 0;
    require(skip == 0 || (l > 0 && l + 1 == layers.size() && skip == network.inputs()),
            "Only the output layer can have the inputs of the network.");
    if (l > 0 && inputs != network.outputs() + skip)
      Rcpp::stop("The inputs of a layer must equal the units of the previous layer.");
    network.add(row_for<LayerKind>(layer["kind"], "kind of layer"), inputs,
                count(layer, "units", 1, most_int),
                row_for<Activation>(layer["activation"], "activation"), skip);
    if (network.output_activation() == Activation::custom && check_size) {
      require(failure != nullptr, "A custom activation can't be used here.");
      network.layers.back().custom = custom_activation(layer["custom"], *failure);
    }
    require(!check_size || network.parameters() < std::size_t{1} << 53,
            "The network is too large.");
  }
  if (network.layers.empty()) Rcpp::stop("A network must have at least one layer.");
  return network;
}

Objective as_objective(const Rcpp::List& list, const Network& network, CustomFailure* failure) {
  Objective objective;
  objective.loss = row_for<Loss>(list["loss"], "loss");
  if (!is_defined(objective.loss, network.output_activation()))
    Rcpp::stop("The loss isn't defined for this output activation.");
  objective.loss_parameters = numbers(list, "loss_parameter");
  if (objective.loss_parameters.size() == 1)
    objective.loss_parameters.resize(network.outputs(), objective.loss_parameters[0]);
  require(objective.loss_parameters.size() == network.outputs(),
          "The loss must have one parameter, or one for each output.");
  const bool has_pairs = objective.loss == Loss::gaussian || objective.loss == Loss::beta;
  require(!has_pairs || network.outputs() == 2, "The loss requires two outputs.");
  objective.mean = flag(list, "mean");
  objective.penalty = number(list, "penalty");
  objective.penalty_l1 = number(list, "penalty_l1");
  if (objective.loss == Loss::custom) {
    require(failure != nullptr, "A custom loss can't be used here.");
    objective.custom = custom_loss(list["custom"], *failure);
  }
  return objective;
}

Method as_method(const Rcpp::List& list) {
  Method method;
  method.family = row_for<Family>(list["family"], "family of methods");
  method.rule = row_for<Rule>(list["rule"], "rule");
  method.decay = number(list, "decay");
  method.decay2 = number(list, "decay2");
  method.epsilon = number(list, "epsilon");
  method.less = number(list, "less");
  method.more = number(list, "more");
  method.least = number(list, "least");
  method.most = number(list, "most");
  method.weight_decay = number(list, "weight_decay");
  method.clip = number(list, "clip");
  method.history = number(list, "history");
  method.gradient_tolerance = number(list, "gradient_tolerance");
  return method;
}

Plan as_plan(const Rcpp::List& list) {
  Plan plan;
  plan.batch_size = count(list, "batch_size", 1, most_int);
  plan.shuffle = flag(list, "shuffle");
  plan.in_blocks = flag(list, "in_blocks");
  plan.seed = as_key(list["seed"]);
  plan.dropout = numbers(list, "dropout");
  plan.epochs = count(list, "epochs", 0, most_int);
  plan.rates = numbers(list, "rates");
  plan.patience = number(list, "patience");
  plan.tolerance = number(list, "tolerance");
  plan.track_best = flag(list, "track_best");
  plan.count_correct = flag(list, "count_correct");
  plan.rate_factors = numbers(list, "rate_factors");
  plan.max_norm = number(list, "max_norm");
  plan.threads = count(list, "threads", 1, 1024);
  plan.seconds = number(list, "seconds");
  plan.interrupted = poll_interrupt;
  plan.sum = Rf_isNull(list["sum"]) ? nullptr : sum_over_processes;
  return plan;
}

Key as_key(const Rcpp::NumericVector& seed) {
  if (seed.size() != 2) return Key{};
  for (const double word : seed) whole(word, 0, most_32_bits, "seed");
  return Key{static_cast<std::uint32_t>(seed[0]), static_cast<std::uint32_t>(seed[1])};
}

State as_state(const Rcpp::List& list, const Method& method, const Network& network) {
  State state;
  const bool first_order = method.family == Family::first_order;
  const Sizes sizes{network.parameters(), first_order ? moments_of(method.rule) : 0};
  visit_state(state, Reader{list, sizes});
  const std::vector<double> under_way = numbers(list, "under_way");
  std::size_t at = 0;
  visit_under_way(state.under_way, [&](const char* name, auto& field, Length) {
    if (at == under_way.size()) Rcpp::stop("The state of the current epoch is incomplete.");
    using Number = std::decay_t<decltype(field)>;
    if constexpr (std::is_integral_v<Number>) whole(under_way[at], 0, most_int, name);
    field = static_cast<Number>(under_way[at++]);
  });
  if (!first_order) {
    const Rcpp::List curvature = list["curvature"];
    visit_curvature(state.curvature, Reader{curvature, sizes});
  }
  return state;
}

Rcpp::List as_list(const State& state, const Method& method) {
  Writer writer(state.weights.size());
  visit_state(state, writer);
  std::vector<double> under_way;
  std::vector<std::string> names;
  visit_under_way(state.under_way, [&](const char* name, double field, Length) {
    names.push_back(name);
    under_way.push_back(field);
  });
  Rcpp::NumericVector named = Rcpp::wrap(under_way);
  named.names() = Rcpp::wrap(names);
  writer.add("under_way", named);
  if (method.family != Family::first_order) {
    Writer curvature(state.weights.size());
    visit_curvature(state.curvature, curvature);
    writer.add("curvature", curvature.list());
  }
  return writer.list();
}

}  // namespace backprop

using namespace backprop;

// All parameters of a network, one after the other, as matrices by name. The layers need no
// activations.
// [[Rcpp::export(rng = false)]]
Rcpp::List core_matrices(const Rcpp::NumericVector& weights, const Rcpp::List& layers) {
  Rcpp::List network(2 * layers.size());
  Rcpp::CharacterVector names(network.size());
  const double* from = weights.begin();
  for (R_xlen_t l = 0; l < layers.size(); ++l) {
    const Rcpp::List layer = layers[l];
    const Rcpp::CharacterVector own = layer["parameters"];
    const auto inputs = static_cast<int>(count(layer, "inputs", 1, most_int)),
               units = static_cast<int>(count(layer, "units", 1, most_int));
    for (const bool biases : {false, true}) {
      const int rows = biases ? 1 : inputs;
      const R_xlen_t size = static_cast<R_xlen_t>(rows) * units, at = 2 * l + biases;
      require(weights.end() - from >= size, "There must be a number for each parameter.");
      network[at] = Rcpp::NumericMatrix(rows, units, from);
      names[at] = own[biases];
      from += size;
    }
  }
  require(from == weights.end(), "There must be a number for each parameter.");
  network.names() = names;
  return network;
}
