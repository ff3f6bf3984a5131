// The first-order methods: batch after batch, a gradient and a step along it.
#include <cmath>

#include "small_network.h"
#include "train.h"

namespace backprop {

namespace {

template <class T> bool all_finite(const Buffer<T>& numbers) {
  return std::all_of(numbers.data(), numbers.data() + numbers.size(),
                     [](T x) { return std::isfinite(x); });
}

// The numbers that updates change.
template <class T> struct Parameters {
  Buffer<T> weights, moment, moment2;
  double steps = 0;

  explicit Parameters(const State& state)
      : weights(state.weights.size()),
        moment(state.moment.size()),
        moment2(state.moment2.size()),
        steps(state.steps) {
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
  for (std::size_t i = 0; i < numbers.size(); ++i)
    sum += static_cast<double>(numbers.data()[i]) * static_cast<double>(numbers.data()[i]);
  return std::sqrt(sum);
}

// The step along `scale` times the gradient.
template <class T>
void take_step(const Network& network, const Method& method, double rate, Parameters<T>& p,
               Buffer<T>& gradient, double scale, Team& team) {
  if (std::isfinite(method.clip)) {
    const double size = norm(gradient);
    if (size > method.clip)
      for (std::size_t i = 0; i < gradient.size(); ++i)
        gradient.data()[i] *= static_cast<T>(method.clip / size);
  }
  if (method.weight_decay > 0)
    for_each_weight(network, p.weights.data(), [&](std::size_t i, T w) {
      p.weights.data()[i] = w * static_cast<T>(1 - rate * method.weight_decay);
    });
  p.steps += 1;
  Step<T> step{method.rule,
               static_cast<T>(rate),
               static_cast<T>(method.decay),
               static_cast<T>(method.decay2),
               static_cast<T>(method.epsilon),
               T(1),
               T(1),
               static_cast<T>(scale)};
  if (method.rule == Rule::adam) {
    step.rate = static_cast<T>(rate / (1 - std::pow(method.decay, p.steps)));
    step.correction2 = static_cast<T>(1 / std::sqrt(1 - std::pow(method.decay2, p.steps)));
  } else if (method.rule == Rule::rprop) {
    step.correction = static_cast<T>(method.factor_less);
    step.correction2 = static_cast<T>(method.factor_more);
  }
  team.run([&](const Team::Share& share) {
    share.part_of(p.weights.size(), line<T>, [&](std::size_t begin, std::size_t end) {
      auto from = [&](Buffer<T>& numbers) {
        return numbers.empty() ? nullptr : numbers.data() + begin;
      };
      kernels<T>().update(step, end - begin, from(p.weights), from(gradient), from(p.moment),
                          from(p.moment2));
    });
  });
}

// Can epochs be run many at a time, with nothing to do between them?
template <class T>
bool is_small_descent(const Network& network, const Objective& objective, const Method& method,
                      const Plan& plan, const Rows<T>& rows, const Rows<T>* validation) {
  return method.rule == Rule::gradient_descent && plan.batch_size >= rows.count &&
         SmallNetworkPass<T>::takes(network, rows.count) && !objective.has_penalty() &&
         !std::isfinite(method.clip) && plan.dropout.empty() && rows.offset.empty() &&
         !validation && !plan.count_correct && std::isinf(plan.patience);
}

// Runs epochs some hundred at a time, and returns how many. Where one of them makes a number that
// is not finite (which a later one cannot undo) the last round is taken back: the loop for any
// network then finds the very epoch.
template <class T>
std::size_t descend_small(const Objective& objective, const Plan& plan, const Rows<T>& rows,
                          Pass<T>& pass, Ledger<T>& ledger, Watch& watch, Parameters<T>& parameters,
                          Parameters<T>& finite, Outcome& outcome) {
  pass.load(rows, nullptr, 0, rows.count);
  if (!(pass.weight() > 0)) return 0;
  SmallNetworkPass<T> small(pass, objective);
  std::vector<T> rates;
  std::vector<double> losses;
  std::size_t done = 0;
  while (done < plan.epochs) {
    const std::size_t count = std::min<std::size_t>(plan.epochs - done, 256);
    rates.resize(count);
    for (std::size_t i = 0; i < count; ++i) rates[i] = static_cast<T>(plan.rate(done + i));
    small.run(rates, parameters.weights.data(), losses);
    if (!all_finite(parameters.weights) ||
        !std::all_of(losses.begin(), losses.end(), [](double x) { return std::isfinite(x); })) {
      parameters.copy_from(finite);
      break;
    }
    parameters.steps += static_cast<double>(count);
    for (double loss : losses)
      ledger.epoch_completed(parameters.weights.data(), loss / pass.weight(), 0);
    finite.copy_from(parameters);
    done += count;
    if (watch.ended(rows.count * count, outcome.stop)) break;
  }
  return done;
}

}  // namespace

template <class T>
Outcome train_first_order(const Network& network, const Objective& objective, const Method& method,
                          const Plan& plan, const Rows<T>& rows, const Rows<T>* validation,
                          State& state) {
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
  for (; begun < plan.epochs && outcome.stop == Stop::epochs; ++begun) {
    const double rate = plan.rate(begun);
    dropout.epoch = state.epoch + 1;
    if (!in_order)
      order = row_order(plan.seed, state.epoch + 1, static_cast<std::uint32_t>(rows.count));
    for (; now.batch < batches; ++now.batch) {
      const std::size_t begin = now.batch * plan.batch_size,
                        count = std::min(plan.batch_size, rows.count - begin);
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
        ended = watch.ended(piece, outcome.stop) && outcome.stop == Stop::interrupted &&
                first + piece < begin + count;
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
        const bool plain = !objective.has_penalty() && !std::isfinite(method.clip);
        if (!plain)
          finish_gradient(network, objective, parameters.weights.data(), scale,
                          objective.mean ? 1 : weight / rows.total_weight, gradient.data());
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

#define BACKPROP_FIRST_ORDER_AT(T)                                                       \
  template Outcome train_first_order<T>(const Network&, const Objective&, const Method&, \
                                        const Plan&, const Rows<T>&, const Rows<T>*, State&);
BACKPROP_FIRST_ORDER_AT(double)
BACKPROP_FIRST_ORDER_AT(float)

}  // namespace backprop
