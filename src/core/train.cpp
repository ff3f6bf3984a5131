#include "train.h"

#include <cmath>

#include "pass.h"

namespace backprop {

namespace {

// Calls f(first, count) for each piece of the rows begin, ..., begin + count - 1.
template <class F> void for_each_piece(std::size_t begin, std::size_t count, F&& f) {
  for (std::size_t done = 0; done < count; done += piece_rows) f(begin + done, std::min(piece_rows, count - done));
}

template <class T, class F> void for_each_weight(const Network& network, const T* weights, F&& f) {
  for (std::size_t l = 0; l < network.layers(); ++l)
    for (std::size_t i = network.weights_at(l); i < network.biases_at(l); ++i) f(i, weights[i]);
}

template <class T> bool all_finite(const Buffer<T>& numbers) {
  return std::all_of(numbers.data(), numbers.data() + numbers.size(), [](T x) { return std::isfinite(x); });
}

// The numbers that updates change.
template <class T> struct Parameters {
  Buffer<T> weights, moment, moment2;
  double steps = 0;

  explicit Parameters(const State& state)
      : weights(state.weights.size()), moment(state.moment.size()), moment2(state.moment2.size()), steps(state.steps) {
    std::copy(state.weights.begin(), state.weights.end(), weights.data());
    std::copy(state.moment.begin(), state.moment.end(), moment.data());
    std::copy(state.moment2.begin(), state.moment2.end(), moment2.data());
  }
  void copy_from(const Parameters& other) {
    std::copy_n(other.weights.data(), weights.size(), weights.data());
    std::copy_n(other.moment.data(), moment.size(), moment.data());
    std::copy_n(other.moment2.data(), moment2.size(), moment2.data());
    steps = other.steps;
  }
  void copy_to(State& state) const {
    std::copy_n(weights.data(), state.weights.size(), state.weights.begin());
    std::copy_n(moment.data(), state.moment.size(), state.moment.begin());
    std::copy_n(moment2.data(), state.moment2.size(), state.moment2.begin());
    state.steps = steps;
  }
};

template <class T> double norm(const Buffer<T>& numbers) {
  double sum = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i) sum += static_cast<double>(numbers.data()[i]) * static_cast<double>(numbers.data()[i]);
  return std::sqrt(sum);
}

// The step along `scale` times the gradient.
template <class T> void take_step(const Network& network, const Method& method, double rate, Parameters<T>& p, Buffer<T>& gradient, double scale, Team& team) {
  if (std::isfinite(method.clip)) {
    const double size = norm(gradient);
    if (size > method.clip)
      for (std::size_t i = 0; i < gradient.size(); ++i) gradient.data()[i] *= static_cast<T>(method.clip / size);
  }
  if (method.weight_decay > 0)
    for_each_weight(network, p.weights.data(), [&](std::size_t i, T w) { p.weights.data()[i] = w * static_cast<T>(1 - rate * method.weight_decay); });
  p.steps += 1;
  Step<T> step{method.rule, static_cast<T>(rate), static_cast<T>(method.decay), static_cast<T>(method.decay2), static_cast<T>(method.epsilon), T(1), T(1), static_cast<T>(scale)};
  if (method.rule == Rule::adam) {
    step.rate = static_cast<T>(rate / (1 - std::pow(method.decay, p.steps)));
    step.correction2 = static_cast<T>(1 / std::sqrt(1 - std::pow(method.decay2, p.steps)));
  } else if (method.rule == Rule::rprop) {
    step.correction = static_cast<T>(method.factor_less);
    step.correction2 = static_cast<T>(method.factor_more);
  }
  team.run([&](const Team::Share& share) {
    share.part_of(p.weights.size(), line<T>, [&](std::size_t begin, std::size_t end) {
      auto from = [&](Buffer<T>& numbers) { return numbers.empty() ? nullptr : numbers.data() + begin; };
      kernels<T>().update(step, end - begin, from(p.weights), from(gradient), from(p.moment), from(p.moment2));
    });
  });
}

}  // namespace

template <class T>
double piece_loss(Pass<T>& pass, const Objective& objective, const T* weights, const Rows<T>& rows, std::size_t first, std::size_t count, T* gradient) {
  pass.load(rows, nullptr, first, count);
  pass.forward(weights, nullptr);
  const double sum = pass.loss(objective);
  if (gradient) {
    pass.backward(weights);
    pass.gradient(gradient, first > 0);
  }
  return sum;
}

template <class T> double penalty_value(const Network& network, const Objective& objective, const T* weights) {
  double squares = 0, sizes = 0;
  if (objective.penalty != 0 || objective.penalty_l1 != 0)
    for_each_weight(network, weights, [&](std::size_t, double w) {
      squares += w * w;
      sizes += std::abs(w);
    });
  return objective.penalty / 2 * squares + objective.penalty_l1 * sizes;
}

template <class T>
void finish_gradient(const Network& network, const Objective& objective, const T* weights, double scale, double share, T* gradient) {
  if (scale != 1)
    for (std::size_t i = 0; i < network.parameters(); ++i) gradient[i] *= static_cast<T>(scale);
  if (objective.penalty != 0 || objective.penalty_l1 != 0)
    for_each_weight(network, weights, [&](std::size_t i, T w) {
      const double sign = w > 0 ? 1 : w < 0 ? -1 : 0;
      gradient[i] += static_cast<T>(share * (objective.penalty * static_cast<double>(w) + objective.penalty_l1 * sign));
    });
}

template <class T>
Ledger<T>::Ledger(const Network& network, const Objective& objective, const Plan& plan, const Rows<T>* validation, State& state, Outcome& outcome, Team& team)
    : objective_(objective),
      plan_(plan),
      validation_(validation),
      state_(state),
      outcome_(outcome),
      judge_(validation ? std::make_unique<Pass<T>>(network, validation->count, false, false, team) : nullptr) {
  outcome.loss.reserve(plan.rates.size());
}

template <class T> bool Ledger<T>::epoch_completed(const T* weights, double loss, double correct) {
  ++state_.epoch;
  double monitor = loss;
  outcome_.loss.push_back(loss);
  if (plan_.count_correct) outcome_.correct.push_back(correct);
  if (validation_) {
    double sum = 0, right = 0;
    for_each_piece(0, validation_->count, [&](std::size_t first, std::size_t count) {
      sum += piece_loss<T>(*judge_, objective_, weights, *validation_, first, count, nullptr);
      if (plan_.count_correct) right += judge_->correct();
    });
    monitor = sum / validation_->total_weight;
    outcome_.validation_loss.push_back(monitor);
    if (plan_.count_correct) outcome_.validation_correct.push_back(right / validation_->total_weight);
  }
  if (plan_.track_best && monitor < state_.best_loss) {
    state_.best_loss = monitor;
    state_.best_epoch = state_.epoch;
    state_.best_weights.assign(weights, weights + state_.weights.size());
  }
  if (monitor < state_.reference - plan_.tolerance) {
    state_.reference = monitor;
    state_.stale = 0;
  } else {
    state_.stale += 1;
  }
  return state_.stale >= plan_.patience;
}

Watch::Watch(const Plan& plan, const Network& network)
    : plan_(plan), work_of_row_(6.0 * static_cast<double>(network.parameters())), start_(std::chrono::steady_clock::now()) {}

bool Watch::ended(std::size_t rows, Stop& stop) {
  work_ += work_of_row_ * static_cast<double>(rows);
  if (work_ < 2e7) return false;
  work_ = 0;
  if (plan_.interrupted && plan_.interrupted()) {
    stop = Stop::interrupted;
    return true;
  }
  if (std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count() < plan_.seconds) return false;
  stop = Stop::time;
  return true;
}

template <class T>
FullBatch<T>::FullBatch(const Network& network, const Objective& objective, const Rows<T>& rows, Team& team)
    : network_(network), objective_(objective), rows_(rows), pass_(network, rows.count, false, false, team), weights_(network.parameters()), gradient_(network.parameters()) {}

template <class T> const T* FullBatch<T>::rounded(const std::vector<double>& weights) {
  std::copy(weights.begin(), weights.end(), weights_.data());
  return weights_.data();
}

template <class T> typename FullBatch<T>::Value FullBatch<T>::at(const std::vector<double>& weights, std::vector<double>* gradient, bool count_correct) {
  rounded(weights);
  double sum = 0, correct = 0;
  for_each_piece(0, rows_.count, [&](std::size_t first, std::size_t count) {
    sum += piece_loss(pass_, objective_, weights_.data(), rows_, first, count, gradient ? gradient_.data() : nullptr);
    if (count_correct) correct += pass_.correct();
  });
  if (gradient) {
    finish_gradient(network_, objective_, weights_.data(), scale(), 1, gradient_.data());
    gradient->assign(gradient_.data(), gradient_.data() + weights.size());
  }
  return {sum * scale() + penalty_value(network_, objective_, weights_.data()), sum / rows_.total_weight, correct / rows_.total_weight};
}

template <class T>
double FullBatch<T>::relative_gradient(const std::vector<double>& weights, const std::vector<double>& gradient, double objective) const {
  const double to_mean = objective_.mean ? 1 : 1 / rows_.total_weight;
  double most = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) most = std::max(most, std::abs(gradient[i]) * to_mean * std::max(1.0, std::abs(weights[i])));
  return most / std::max(1.0, objective * to_mean);
}

namespace {

bool has_penalty(const Objective& objective) { return objective.penalty != 0 || objective.penalty_l1 != 0; }

// Can epochs be run many at a time, with nothing to do between them?
template <class T>
bool is_small_descent(const Network& network, const Objective& objective, const Method& method, const Plan& plan, const Rows<T>& rows, const Rows<T>* validation) {
  return method.rule == Rule::gradient_descent && plan.batch_size >= rows.count && Pass<T>::is_small(network, rows.count) && !has_penalty(objective) &&
         !std::isfinite(method.clip) && plan.dropout.empty() && rows.offset.empty() && !validation && !plan.count_correct && std::isinf(plan.patience);
}

// Runs epochs some hundred at a time, and returns how many. Where one of them makes a number that is not finite (which a later one cannot
// undo) the last round is taken back: the loop for any network then finds the very epoch.
template <class T>
std::size_t descend_small(const Objective& objective, const Plan& plan, const Rows<T>& rows, Pass<T>& pass, Ledger<T>& ledger, Watch& watch, Parameters<T>& parameters,
                          Parameters<T>& finite, Outcome& outcome) {
  pass.load(rows, nullptr, 0, rows.count);
  if (!(pass.weight() > 0)) return 0;
  std::vector<double> losses;
  std::size_t done = 0;
  while (done < plan.rates.size()) {
    const std::size_t count = std::min<std::size_t>(plan.rates.size() - done, 256);
    const std::vector<T> rates(plan.rates.begin() + static_cast<std::ptrdiff_t>(done), plan.rates.begin() + static_cast<std::ptrdiff_t>(done + count));
    pass.small_epochs(objective, rates, static_cast<T>(objective.mean ? 1 / pass.weight() : 1), parameters.weights.data(), losses);
    if (!all_finite(parameters.weights) || !std::all_of(losses.begin(), losses.end(), [](double x) { return std::isfinite(x); })) {
      parameters.copy_from(finite);
      break;
    }
    parameters.steps += static_cast<double>(count);
    for (double loss : losses) ledger.epoch_completed(parameters.weights.data(), loss / pass.weight(), 0);
    finite.copy_from(parameters);
    done += count;
    if (watch.ended(rows.count * count, outcome.stop)) break;
  }
  return done;
}

}  // namespace

template <class T>
Outcome train(const Network& network, const Objective& objective, const Method& method, const Plan& plan, const Rows<T>& rows,
              const Rows<T>* validation, State& state) {
  if (method.family == Family::lbfgs) return train_lbfgs(network, objective, method, plan, rows, validation, state);
  if (method.family == Family::levenberg_marquardt) return train_levenberg_marquardt(network, objective, method, plan, rows, validation, state);
  Outcome outcome;
  const std::size_t batches = (rows.count + plan.batch_size - 1) / plan.batch_size;
  const bool in_order = !plan.shuffle || batches == 1;
  Dropout dropout{plan.dropout, plan.seed, 0};
  Team team(plan.threads);
  Pass<T> pass(network, plan.batch_size, false, !dropout.rates.empty(), team);
  Ledger<T> ledger(network, objective, plan, validation, state, outcome, team);
  Parameters<T> parameters(state), finite(state);
  State::UnderWay finite_under_way = state.under_way;
  Buffer<T> gradient(state.weights.size());
  Watch watch(plan, network);
  std::vector<std::uint32_t> order;

  State::UnderWay& now = state.under_way;
  std::size_t begun = 0;
  if (is_small_descent(network, objective, method, plan, rows, validation))
    begun = descend_small(objective, plan, rows, pass, ledger, watch, parameters, finite, outcome);
  for (; begun < plan.rates.size() && outcome.stop == Stop::epochs; ++begun) {
    const double rate = plan.rates[begun];
    dropout.epoch = state.epoch + 1;
    if (!in_order) order = row_order(plan.seed, state.epoch + 1, static_cast<std::uint32_t>(rows.count));
    for (; now.batch < batches; ++now.batch) {
      const std::size_t begin = now.batch * plan.batch_size, count = std::min(plan.batch_size, rows.count - begin);
      double loss = 0, weight = 0, correct = 0;
      bool ended = false;
      for_each_piece(begin, count, [&](std::size_t first, std::size_t piece) {
        if (ended) return;
        pass.load(rows, in_order ? nullptr : order.data(), first, piece);
        pass.forward(parameters.weights.data(), &dropout);
        loss += pass.loss(objective);
        weight += pass.weight();
        if (plan.count_correct) correct += pass.correct();
        pass.backward(parameters.weights.data());
        pass.gradient(gradient.data(), first > begin);
        ended = watch.ended(piece, outcome.stop) && outcome.stop == Stop::interrupted && first + piece < begin + count;
      });
      if (ended) break;  // the batch was not finished, and is not counted
      if (!std::isfinite(loss)) {
        outcome.stop = Stop::diverged;
        break;
      }
      now.loss += loss;
      now.weight += weight;
      now.correct += correct;
      if (weight > 0) {
        // where nothing but the scale is left to do, the step does it on its way
        const double scale = objective.mean ? 1 / weight : 1;
        const bool plain = !has_penalty(objective) && !std::isfinite(method.clip);
        if (!plain)
          finish_gradient(network, objective, parameters.weights.data(), scale, objective.mean ? 1 : weight / rows.total_weight, gradient.data());
        take_step(network, method, rate, parameters, gradient, plain ? scale : 1, team);
      }
      if (outcome.stop != Stop::epochs) {
        ++now.batch;
        break;
      }
    }
    if (outcome.stop == Stop::diverged) break;
    if (now.batch < batches) break;

    if (!all_finite(parameters.weights)) {
      outcome.stop = Stop::diverged;
      break;
    }
    const double loss = now.loss / now.weight, correct = now.correct / now.weight;
    now = finite_under_way = {};
    const bool out_of_patience = ledger.epoch_completed(parameters.weights.data(), loss, correct);
    finite.copy_from(parameters);
    if (out_of_patience) {
      outcome.stop = Stop::patience;
      break;
    }
    if (outcome.stop != Stop::epochs) break;
  }
  if (outcome.stop == Stop::diverged) {
    now = finite_under_way;
    finite.copy_to(state);
  } else {
    parameters.copy_to(state);
  }
  return outcome;
}

#define BACKPROP_TRAIN_AT(T)                                                                                               \
  template double piece_loss<T>(Pass<T>&, const Objective&, const T*, const Rows<T>&, std::size_t, std::size_t, T*);        \
  template double penalty_value<T>(const Network&, const Objective&, const T*);                                            \
  template void finish_gradient<T>(const Network&, const Objective&, const T*, double, double, T*);                        \
  template class Ledger<T>;                                                                                                \
  template class FullBatch<T>;                                                                                             \
  template Outcome train<T>(const Network&, const Objective&, const Method&, const Plan&, const Rows<T>&, const Rows<T>*, State&);
BACKPROP_TRAIN_AT(double)
BACKPROP_TRAIN_AT(float)

}  // namespace backprop
