// Runs a chunk of epochs: takes a state from R and returns the next one.
#include "bridge.h"

using namespace backprop;

// [[Rcpp::export(rng = false)]]
Rcpp::List core_train(Rcpp::List layers, Rcpp::List objective_list, Rcpp::List method_list,
                      Rcpp::List plan_list, SEXP rows_pointer, SEXP validation_pointer,
                      Rcpp::List state_list) {
  const Network network = as_network(layers);
  const Objective objective = as_objective(objective_list, network);
  const Method method = as_method(method_list);
  const Plan plan = as_plan(plan_list);
  State state = as_state(state_list, method, network);
  auto run = [&](const auto& rows) {
    using T = std::decay_t<decltype(*rows.x.data())>;
    const Rows<T>* validation = Rf_isNull(validation_pointer)
                                    ? nullptr
                                    : &std::get<Rows<T>>(*RowsPointer(validation_pointer));
    return train<T>({network, objective, method, plan, rows, validation}, state);
  };
  const Outcome outcome = std::visit(run, *RowsPointer(rows_pointer));
  return Rcpp::List::create(Rcpp::_["state"] = as_list(state, method),
                            Rcpp::_["stop"] = name_of(outcome.stop), Rcpp::_["loss"] = outcome.loss,
                            Rcpp::_["correct"] = outcome.correct,
                            Rcpp::_["validation_loss"] = outcome.validation_loss,
                            Rcpp::_["validation_correct"] = outcome.validation_correct);
}
