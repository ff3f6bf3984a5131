// Runs a chunk of epochs: takes a state from R and returns the next one.
#include "bridge.h"

using namespace backprop;

namespace {

// The error that R signalled when it was last polled (a time limit, or the error of an event
// handler); nullptr if there was none or an interrupt.
SEXP error_of_poll = nullptr;

struct Poll {
  bool signalled = false;
  SEXP error = nullptr;
};

void poll(void* result) {
  SEXP classes = PROTECT(Rf_allocVector(STRSXP, 2));
  SET_STRING_ELT(classes, 0, Rf_mkChar("interrupt"));
  SET_STRING_ELT(classes, 1, Rf_mkChar("error"));
  R_tryCatch(
      [](void*) {
        R_CheckUserInterrupt();
        return R_NilValue;
      },
      nullptr, classes,
      [](SEXP condition, void* result) {
        Poll& poll = *static_cast<Poll*>(result);
        poll.signalled = true;
        if (!Rf_inherits(condition, "interrupt")) R_PreserveObject(poll.error = condition);
        return R_NilValue;
      },
      result, nullptr, nullptr);
  UNPROTECT(1);
}

// Returns the error, or R's NULL, once.
Rcpp::RObject taken_error() {
  if (!error_of_poll) return R_NilValue;
  Rcpp::RObject error(error_of_poll);
  R_ReleaseObject(error_of_poll);
  error_of_poll = nullptr;
  return error;
}

}  // namespace

// Has R been interrupted, or signalled an error? No other jump may leave this function, because the
// frames above it have C++ objects and threads.
bool backprop::poll_interrupt() {
  Poll result;
  const bool ended = !R_ToplevelExec(poll, &result) || result.signalled;
  if (result.error) {
    taken_error();
    error_of_poll = result.error;
  }
  return ended;
}

// [[Rcpp::export(rng = false)]]
Rcpp::List core_train(Rcpp::List layers, Rcpp::List objective_list, Rcpp::List method_list,
                      Rcpp::List plan_list, SEXP rows_pointer, SEXP validation_pointer,
                      Rcpp::List state_list) {
  taken_error();  // of a call that ended with another error
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
    const Training<T> training{network, objective, method, plan, rows, validation};
    check_training(training, state);
    return train<T>(training, state);
  };
  const Outcome outcome = std::visit(run, *RowsPointer(rows_pointer));
  return Rcpp::List::create(
      Rcpp::_["state"] = as_list(state, method), Rcpp::_["stop"] = name_of(outcome.stop),
      Rcpp::_["loss"] = outcome.loss, Rcpp::_["correct"] = outcome.correct,
      Rcpp::_["validation_loss"] = outcome.validation_loss,
      Rcpp::_["validation_correct"] = outcome.validation_correct, Rcpp::_["error"] = taken_error());
}
